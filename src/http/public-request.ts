/**
 * Restores the URL that the client requested, from a proxy's `x-forwarded-proto` and `x-forwarded-host`. Inngest registers the app under that
 * URL, and a proxy that terminates TLS forwards requests as `http://`.
 */
export function toPublicRequest(request: Request): Request {
  const protocol = firstOf(request.headers.get("x-forwarded-proto"));
  const host = firstOf(request.headers.get("x-forwarded-host"));
  const url = new URL(request.url);
  const before = url.href;
  if (protocol && /^https?$/.test(protocol)) url.protocol = protocol;
  if (host && URL.canParse(`http://${host}`)) {
    url.port = "";
    url.host = host;
  }
  if (url.href === before) return request;
  const headers = new Headers(request.headers);
  headers.set("host", url.host);
  return new Request(url, new Request(request, { headers }));
}

/** Each proxy appends a value. The first one is the client's. */
function firstOf(header: string | null): string | null {
  return header?.split(",")[0]?.trim().toLowerCase() || null;
}
