type Headers = Record<string, string | number | undefined>;

/** What an installation may still spend until `resetAt`, in requests or GraphQL points, and what it may in all. */
export interface Budget {
  remaining: number;
  limit: number;
  /** An ISO string. */
  resetAt: string;
}

/** Null where an answer does not tell. https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api */
export function toBudget(headers: Headers): Budget | null {
  const [remaining, limit, reset] = ["remaining", "limit", "reset"].map((name) =>
    Number(headers[`x-ratelimit-${name}`]),
  );
  if (!limit || !reset || remaining === undefined || Number.isNaN(remaining)) return null;
  return { remaining, limit, resetAt: new Date(reset * 1000).toISOString() };
}
