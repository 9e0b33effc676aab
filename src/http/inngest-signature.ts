/** The largest age of a signature, as in Inngest's SDK. */
const maxAgeMs = 5 * 60_000;

/**
 * True for a request that Inngest signed within five minutes of `now`. The SDK would use the local clock, and refuse every request while that
 * clock is wrong. The SDK refuses a header without a time.
 */
export function isSignedRecently(request: Request, now: number): boolean {
  const signature = request.headers.get("x-inngest-signature");
  const seconds = Number(new URLSearchParams(signature ?? "").get("t") || Number.NaN);
  return Number.isNaN(seconds) || Math.abs(now - seconds * 1000) <= maxAgeMs;
}
