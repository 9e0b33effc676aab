import { toLocalTime } from "./github-clock.ts";

type Headers = Record<string, string | number | undefined>;

/** What is left of a rate limit until `resetAt`, in requests or GraphQL points. */
export interface Budget {
  remaining: number;
  limit: number;
  /** An ISO string in the local clock's time. */
  resetAt: string;
}

/** Returns null when the headers name no rate limit. https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api */
export function toBudget(headers: Headers): Budget | null {
  const [remaining, limit, reset] = ["remaining", "limit", "reset"].map((name) =>
    Number(headers[`x-ratelimit-${name}`]),
  );
  if (!limit || !reset || remaining === undefined || Number.isNaN(remaining)) return null;
  return { remaining, limit, resetAt: new Date(toLocalTime(reset * 1000, headers)).toISOString() };
}
