import type { GitHubClient } from "./client.ts";
import { GraphqlError, LimitedError } from "./errors.ts";
import { graphqlErrors } from "./query-graphql.ts";
import { limitEndOf } from "./to-inngest-error.ts";

/**
 * Once GitHub has refused a request for a limit, nothing more is asked of that budget until the limit ends: a `LimitedError` is thrown
 * instead, since GitHub lengthens a limit for those who go on asking. Each owner of a budget, an installation or GITHUB_TOKEN, has limits of
 * its own, REST and GraphQL apart. They are kept in memory; another process finds out by one request of its own.
 */
export function createCircuit(now: () => number = Date.now) {
  const limits = new Map<string, Date>();

  function check(budget: string): void {
    const until = limits.get(budget);
    if (until && until.getTime() > now()) throw new LimitedError(until);
  }

  function note(budget: string, error: unknown): void {
    const until = limitEndOf(error);
    if (!until) return;
    for (const [other, end] of limits) if (end.getTime() <= now()) limits.delete(other);
    limits.set(budget, until);
  }

  return {
    /** Has the client's requests spend of that owner's budgets. */
    guard(client: GitHubClient, owner: string): void {
      client.hook.wrap("request", async (request, options) => {
        const resource = options.url === "/graphql" ? "graphql" : "core";
        const budget = `${owner} ${resource}`;
        check(budget);
        try {
          const response = await request(options);
          const errors = resource === "graphql" ? graphqlErrors(response.data) : [];
          if (errors.length > 0) note(budget, new GraphqlError(errors, response.headers));
          return response;
        } catch (error) {
          note(budget, error);
          throw error;
        }
      });
    },
  };
}
