/** True for a host that only this machine reaches. */
export function isLoopback(hostname: string): boolean {
  const host = hostname.replace(/^\[(.*)\]$/, "$1").toLowerCase();
  return (
    host === "localhost" ||
    host.endsWith(".localhost") ||
    host === "::1" ||
    host === "0.0.0.0" ||
    host === "::" ||
    /^127(\.\d{1,3}){3}$/.test(host)
  );
}

/** The origin of an address that people type. Null: it is not an http or https URL, or has more than an origin. */
export function toOrigin(address: string): string | null {
  const text = address.trim();
  if (!URL.canParse(text)) return null;
  const { protocol, origin, pathname, search, hash, username, password } = new URL(text);
  const isPlain = pathname === "/" && search === "" && hash === "" && username === "" && password === "";
  return isPlain && /^https?:$/.test(protocol) ? origin : null;
}
