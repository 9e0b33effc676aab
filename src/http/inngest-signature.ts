/** The largest age of a signature, as in Inngest's SDK. */
const maxAgeMs = 5 * 60_000;

/**
 * False for a call whose signature is missing, or not within five minutes of `now`. It is refused before its body is read. The SDK verifies the
 * signature itself, but would use the local clock, and refuse every call while that clock is wrong. It refuses a header without a time.
 */
export function isSignedRecently(request: Request, now: number): boolean {
  const signature = request.headers.get("x-inngest-signature");
  if (signature === null) return request.method !== "POST"; // whoever deploys registers the functions without a signature
  const seconds = Number(new URLSearchParams(signature).get("t") || Number.NaN);
  return Number.isNaN(seconds) || Math.abs(now - seconds * 1000) <= maxAgeMs;
}
