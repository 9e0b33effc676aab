import type { GitHubClient } from "./github-client.ts";
import { GraphqlError, LimitedError } from "./errors.ts";
import { isGraphql } from "./graphql-url.ts";
import { graphqlErrors } from "./query-graphql.ts";
import { limitEndOf } from "./to-inngest-error.ts";

/**
 * Stops requests to a budget that has reached its rate limit. Until the limit ends, requests throw a `LimitedError`, because GitHub extends a
 * limit when requests continue. Each owner of a budget (an installation or GITHUB_TOKEN) has separate limits for REST and GraphQL.
 * The limits are kept in memory, so every process reaches a limit once.
 */
export function createCircuit(now: () => number = Date.now) {
  const limits = new Map<string, Date>();

  function check(budget: string): void {
    const until = limits.get(budget);
    if (until && until.getTime() > now()) throw new LimitedError(until);
  }

  function record(budget: string, error: unknown): void {
    const until = limitEndOf(error);
    if (!until) return;
    for (const [other, end] of limits) if (end.getTime() <= now()) limits.delete(other);
    limits.set(budget, until);
  }

  return {
    /** Applies the limits of this owner to the client's requests. */
    guard(client: GitHubClient, owner: string): void {
      client.hook.wrap("request", async (request, options) => {
        const resource = isGraphql(options.url) ? "graphql" : "core";
        const budget = `${owner} ${resource}`;
        check(budget);
        try {
          const response = await request(options);
          const errors = resource === "graphql" ? graphqlErrors(response.data) : [];
          if (errors.length > 0) record(budget, new GraphqlError(errors, response.headers));
          return response;
        } catch (error) {
          record(budget, error);
          throw error;
        }
      });
    },
  };
}
