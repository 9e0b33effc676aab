import { z } from "zod";
import type { Interceptor } from "./intercept.ts";

/** GitHub's refusals, ready for `intercept`. Each answers every request; `once`, `times` and `matching` narrow that. */

const documentation_url = "https://docs.github.com/rest/overview/rate-limits-for-the-rest-api";

function json(status: number, body: unknown, headers: Record<string, string> = {}): Response {
  return Response.json(body, { status, headers });
}

/** The hour's budget is spent until `resetAt`. */
export function rateLimited(
  resetAt: Date,
  { status = 403, limit = 5000 }: { status?: 403 | 429; limit?: number } = {},
): Interceptor {
  return (request) =>
    json(
      status,
      { message: "API rate limit exceeded for installation.", documentation_url, status: String(status) },
      {
        "x-ratelimit-limit": String(limit),
        "x-ratelimit-remaining": "0",
        "x-ratelimit-used": String(limit),
        "x-ratelimit-reset": String(Math.ceil(resetAt.getTime() / 1000)),
        "x-ratelimit-resource": new URL(request.url).pathname === "/graphql" ? "graphql" : "core",
      },
    );
}

/** Too much at once. Without `retryAfter`, in seconds, GitHub wants a minute's patience. */
export function secondaryLimited(retryAfter?: number, status: 403 | 429 = 403): Interceptor {
  return () =>
    json(
      status,
      {
        message:
          "You have exceeded a secondary rate limit. Please wait a few minutes before you try again. If you reach out to GitHub Support for help, please include the request ID.",
        documentation_url,
        status: String(status),
      },
      retryAfter === undefined ? {} : { "retry-after": String(retryAfter) },
    );
}

/** A GraphQL budget spent is told in HTTP 200. */
export function graphqlRateLimited(resetAt: Date): Interceptor {
  return () =>
    json(
      200,
      {
        errors: [
          {
            type: "RATE_LIMIT",
            code: "graphql_rate_limit",
            message: "API rate limit already exceeded for installation.",
          },
        ],
      },
      {
        "x-ratelimit-limit": "5000",
        "x-ratelimit-remaining": "0",
        "x-ratelimit-used": "5000",
        "x-ratelimit-reset": String(Math.ceil(resetAt.getTime() / 1000)),
        "x-ratelimit-resource": "graphql",
      },
    );
}

export function serverError(status: 500 | 502 | 503 | 504 = 502): Interceptor {
  return () => json(status, { message: "Server Error" });
}

/** What GraphQL says after ten seconds. */
export function graphqlTimeout(status: 502 | 504 = 502): Interceptor {
  return () =>
    json(status, {
      data: null,
      errors: [
        {
          message:
            "Something went wrong while executing your query. This may be the result of a timeout, or it could be a GitHub bug. Please include `C0DE:1234` when reporting this issue.",
        },
      ],
    });
}

const graphqlResult = z.object({ data: z.unknown(), errors: z.array(z.unknown()).optional() });

/** The true answer with what stands at `path` taken out, and an error for it. A number picks from a list. */
export function graphqlPartial(path: (string | number)[], type = "RESOURCE_LIMITS_EXCEEDED"): Interceptor {
  return async (_request, next) => {
    const response = await next();
    const { data, errors = [] } = graphqlResult.parse(await response.json());
    erase(data, path);
    const error = { type, path, locations: [], message: "Resource limits for this query exceeded." };
    return json(200, { data, errors: [...errors, error] }, Object.fromEntries(response.headers));
  };
}

function erase(from: unknown, path: (string | number)[]): void {
  const [key, ...rest] = path;
  if (typeof from !== "object" || from === null || key === undefined) return;
  if (rest.length === 0) Reflect.set(from, key, null);
  else erase(Reflect.get(from, key), rest);
}

/** A refusal with a status of the caller's choice: 404, 410, 451. */
export function refused(status: number, message: string): Interceptor {
  return () =>
    json(status, { message, documentation_url: "https://docs.github.com/rest", status: String(status) });
}

/** The connection breaks before an answer. */
export function unreachable(): Interceptor {
  return () => Promise.reject(new TypeError("fetch failed"));
}

export function once(interceptor: Interceptor): Interceptor {
  return times(1, interceptor);
}

export function times(count: number, interceptor: Interceptor): Interceptor {
  let left = count;
  return (request, next) => (left-- > 0 ? interceptor(request, next) : undefined);
}

/** Only requests whose `METHOD /path?query` the pattern finds. */
export function matching(pattern: RegExp, interceptor: Interceptor): Interceptor {
  return (request, next) => {
    const { pathname, search } = new URL(request.url);
    return pattern.test(`${request.method} ${pathname}${search}`) ? interceptor(request, next) : undefined;
  };
}
