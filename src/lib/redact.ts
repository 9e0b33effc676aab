/** Services, and proxies before them, may quote in an answer what they were sent. Errors contain such quotes, and are shown, stored and sent on. */

/** Shorter values are not replaced, because they may be part of other words. No real secret is that short. */
const minLength = 8;

/** Replaces secrets in a text. */
export function redact(text: string, ...secrets: (string | null | undefined)[]): string {
  return secrets.reduce<string>(
    (result, secret) =>
      secret && secret.length >= minLength ? result.replaceAll(secret, "[redacted]") : result,
    text,
  );
}

/** Replaces secrets in an error's message and stack, in place. */
export function redactError(error: Error, ...secrets: (string | null | undefined)[]): void {
  error.message = redact(error.message, ...secrets);
  if (error.stack) error.stack = redact(error.stack, ...secrets);
}

/**
 * A `fetch` for a service to which we authenticate. It replaces secrets in refusals, and does not follow redirects: another server would receive
 * them, since only `authorization` is removed then.
 */
export function createServiceFetch(...secrets: (string | null | undefined)[]): typeof fetch {
  return async (input, init) => {
    const response = await fetch(input, { ...init, redirect: "manual" });
    const location = response.headers.get("location");
    if (location !== null && response.status < 400) {
      await response.body?.cancel();
      const { origin, href } = new URL(input instanceof Request ? input.url : input);
      throw new TypeError(`${origin} redirects to ${new URL(location, href).origin}`);
    }
    if (response.ok) return response;
    const given = new Headers(init?.headers ?? (input instanceof Request ? input.headers : {}));
    const [, sent] = /^\S+ (.+)$/.exec(given.get("authorization") ?? "") ?? [];
    const headers = new Headers(response.headers);
    for (const name of ["content-encoding", "content-length"]) headers.delete(name);
    return new Response(redact(await response.text(), ...secrets, sent), {
      status: response.status,
      headers,
    });
  };
}
