import { z } from "zod";
import { readGraphqlPullRequest, type ReadPullRequest } from "../records/read-graphql-pull-request.ts";
import type { Budget } from "./budget.ts";
import type { GitHubClient } from "./github-client.ts";
import { GraphqlError } from "./errors.ts";
import { parseAnswer } from "./parse-answer.ts";
import { queryGraphqlPartially } from "./query-graphql.ts";
import { askForAssignedActors } from "./server-features.ts";
import { toPullRequestsQuery } from "./sync-queries.ts";

export interface PullRequestsRead {
  /** In the order of the ids. Null for a pull request that GitHub withheld or that cannot be read. */
  pullRequests: (ReadPullRequest | null)[];
  date: string;
  points: number;
  budget: Budget | null;
}

const answer = z.object({
  rateLimit: z.object({ cost: z.int() }).nullish(),
  nodes: z.array(z.unknown()),
});

/**
 * Reads up to 100 pull requests by their node ids in one query, with the first pages of their lists. Throws when GitHub refuses the whole
 * query. Fields that GitHub withholds from a pull request are missing from it.
 */
export async function readPullRequests(
  client: GitHubClient,
  ids: readonly string[],
): Promise<PullRequestsRead> {
  const ask = (reviewers: boolean) =>
    askForAssignedActors(client, (assignedActors) =>
      queryGraphqlPartially(
        client,
        toPullRequestsQuery({ assignedActors }),
        { ids, reviewers },
        ({ path }) => path[0] === "nodes" && path.length > 1,
      ),
    );
  const { data, refusals, date, budget } = await ask(true).catch((error: unknown) => {
    // GitHub refuses the whole query when the token cannot read teams.
    if (error instanceof GraphqlError && error.types.includes("INSUFFICIENT_SCOPES")) return ask(false);
    throw error;
  });
  const { nodes, rateLimit } = parseAnswer(answer, data, "pull requests");
  const pullRequests = ids.map((_, index) => {
    const errors = refusals
      .filter(({ path }) => path[1] === index)
      .map(({ type, path }) => ({ type, path: path.slice(2) }));
    return readOrNull(nodes[index], errors);
  });
  return { pullRequests, date, points: rateLimit?.cost ?? 1, budget };
}

function readOrNull(...given: Parameters<typeof readGraphqlPullRequest>): ReadPullRequest | null {
  try {
    return readGraphqlPullRequest(...given);
  } catch (error) {
    if (error instanceof z.ZodError) return null;
    throw error;
  }
}

/** True when GitHub answers a trivial GraphQL query, so another query fails for its own reason. Costs one point. */
export async function answersGraphql(client: GitHubClient): Promise<boolean> {
  try {
    await queryGraphqlPartially(client, "query { rateLimit { cost } }", {}, () => false);
    return true;
  } catch {
    return false;
  }
}
