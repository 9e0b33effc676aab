import { toLocalTime } from "./github-clock.ts";

type Headers = Record<string, string | number | undefined>;

/** What is left of a rate limit until `resetAt`, in requests or GraphQL points. */
export interface Budget {
  remaining: number;
  limit: number;
  /** An ISO string in the local clock's time. */
  resetAt: string;
}

/** GitHub's rate limits reset every hour, so a later reset comes from a wrong clock. https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api */
const maxResetMs = 3_600_000;

/** Returns null when the headers name no rate limit. https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api */
export function toBudget(headers: Headers): Budget | null {
  const [remaining, limit] = ["remaining", "limit"].map((name) => Number(headers[`x-ratelimit-${name}`]));
  const resetAt = toReset(headers);
  if (!limit || !resetAt || remaining === undefined || Number.isNaN(remaining)) return null;
  return { remaining, limit, resetAt: resetAt.toISOString() };
}

/** Returns when a rate limit resets: between one second and one hour from now, or null when the header is missing or malformed. */
export function toReset(headers: Headers): Date | null {
  const resetAt = Number(headers["x-ratelimit-reset"] || Number.NaN) * 1000;
  if (!Number.isFinite(resetAt)) return null;
  const leftMs = toLocalTime(resetAt, headers) - Date.now();
  return new Date(Date.now() + Math.min(Math.max(leftMs, 1000), maxResetMs));
}
