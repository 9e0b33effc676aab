import { once as eventOf } from "node:events";
import { z } from "zod";
import type { Interceptor } from "./intercept.ts";
import { perPageOf } from "./rest/page.ts";

/** GitHub's refusals, for `intercept`. Each answers every request; `once`, `times`, `during` and `matching` restrict it. */

const documentationUrl = "https://docs.github.com/rest/overview/rate-limits-for-the-rest-api";

function json(status: number, body: unknown, headers: Record<string, string> = {}): Response {
  return Response.json(body, { status, headers });
}

/** The primary rate limit is reached until `resetAt`. */
export function rateLimited(
  resetAt: Date,
  { status = 403, limit = 5000 }: { status?: 403 | 429; limit?: number } = {},
): Interceptor {
  return (request) =>
    json(
      status,
      {
        message: "API rate limit exceeded for installation.",
        documentation_url: documentationUrl,
        status: String(status),
      },
      {
        "x-ratelimit-limit": String(limit),
        "x-ratelimit-remaining": "0",
        "x-ratelimit-used": String(limit),
        "x-ratelimit-reset": String(Math.ceil(resetAt.getTime() / 1000)),
        "x-ratelimit-resource": new URL(request.url).pathname === "/graphql" ? "graphql" : "core",
      },
    );
}

/** A secondary rate limit is reached. Without `retryAfter`, in seconds, GitHub asks clients to wait a minute. */
export function secondaryLimited(retryAfter?: number, status: 403 | 429 = 403): Interceptor {
  return () =>
    json(
      status,
      {
        message:
          "You have exceeded a secondary rate limit. Please wait a few minutes before you try again. If you reach out to GitHub Support for help, please include the request ID.",
        documentation_url: documentationUrl,
        status: String(status),
      },
      retryAfter === undefined ? {} : { "retry-after": String(retryAfter) },
    );
}

/** The rate limit of GraphQL is reached, which GitHub answers with HTTP 200. */
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

/** GraphQL's answer after ten seconds. */
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

/** Replaces the value at `path` in the answer with null and adds an error. A number in the path is an index. */
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

/** Changes the body of an answer, which is JSON. */
export function edited(edit: (body: unknown, request: Request) => void): Interceptor {
  return async (request, next) => {
    const response = await next();
    const body: unknown = await response.json();
    edit(body, request);
    return json(response.status, body, Object.fromEntries(response.headers));
  };
}

/**
 * GraphQL says that a list has more pages, but not where they begin. A client that takes the null for the first page never ends:
 * https://github.com/zerocracy/judges-action/issues/2142
 */
export function withoutCursors(): Interceptor {
  return edited(function remove(value) {
    if (typeof value !== "object" || value === null) return;
    if (Reflect.get(value, "hasNextPage") === true) Reflect.set(value, "endCursor", null);
    for (const each of Object.values(value)) remove(each);
  });
}

/**
 * Leaves the `link` header out of REST's answers: https://github.com/octokit/core.js/issues/695 has a hundred items without one, and more on the
 * next page.
 */
export function withoutLinks(): Interceptor {
  return async (_request, next) => {
    const response = await next();
    const headers = new Headers(response.headers);
    headers.delete("link");
    return new Response(response.body, { status: response.status, headers });
  };
}

/** Refuses with a given status, such as 404, 410 or 451. */
export function refused(status: number, message: string): Interceptor {
  return () =>
    json(status, { message, documentation_url: "https://docs.github.com/rest", status: String(status) });
}

/** Breaks the connection before an answer. */
export function unreachable(): Interceptor {
  return () => Promise.reject(new TypeError("fetch failed"));
}

/** Never answers. */
export function hanging(): Interceptor {
  return async ({ signal }) => {
    if (!signal.aborted) await eventOf(signal, "abort");
    throw new Error("The client gave up.");
  };
}

export function once(interceptor: Interceptor): Interceptor {
  return times(1, interceptor);
}

/** Answers only `count` requests. Requests that the interceptor passes on do not count. */
export function times(count: number, interceptor: Interceptor): Interceptor {
  let left = count;
  return async (request, next) => {
    if (left <= 0) return undefined;
    left--;
    const response = await interceptor(request, next);
    if (!response) left++;
    return response;
  };
}

/** Answers only while `holds` returns true. */
export function during(holds: () => boolean, interceptor: Interceptor): Interceptor {
  return (request, next) => (holds() ? interceptor(request, next) : undefined);
}

/**
 * Fails REST listings whose `per_page` is above `maxPageSize`. The pattern matches the path.
 * https://github.com/hubtty/hubtty/pull/60 and https://github.com/chaoss/grimoirelab-perceval/issues/755: 100 review comments
 * answered 502, and 50 worked.
 */
export function tooLarge(path: RegExp, maxPageSize: number, status: 500 | 502 | 504 = 502): Interceptor {
  return (request, next) => {
    const url = new URL(request.url);
    const isLarge = request.method === "GET" && path.test(url.pathname) && perPageOf(url) > maxPageSize;
    return isLarge ? serverError(status)(request, next) : undefined;
  };
}

/**
 * Refuses the file lists of all pull requests, or of one, as GitHub does while it cannot compute the diff.
 * https://github.com/ansible/ansibullbot/pull/981 has the message, https://github.com/maniac103/GitHubSdk/pull/9 the code.
 */
export function diffUnavailable(number?: number): Interceptor {
  const path = number === undefined ? /\/pulls\/\d+\/files$/ : new RegExp(`/pulls/${number}/files$`);
  return (request) =>
    path.test(new URL(request.url).pathname)
      ? json(422, {
          message: "Server Error: Sorry, this diff is temporarily unavailable due to heavy server load.",
          errors: [{ resource: "PullRequest", field: "diff", code: "not_available" }],
          documentation_url: "https://docs.github.com/rest/pulls/pulls#list-pull-requests-files",
          status: "422",
        })
      : undefined;
}

/** Answers only requests whose `METHOD /path?query` matches the pattern. */
export function matching(pattern: RegExp, interceptor: Interceptor): Interceptor {
  return (request, next) => {
    const { pathname, search } = new URL(request.url);
    return pattern.test(`${request.method} ${pathname}${search}`) ? interceptor(request, next) : undefined;
  };
}
