import { z } from "zod";
import { graphqlPullRequest, nodesOf, type GraphqlPullRequest } from "../records/graphql-objects.ts";
import type { Budget } from "./budget.ts";
import type { GitHubClient } from "./client.ts";
import { GoneError, GraphqlError } from "./errors.ts";
import { queryGraphql } from "./query-graphql.ts";
import { isHidden, pullRequestsQuery } from "./sync-queries.ts";

const answer = z.object({
  rateLimit: z.object({ cost: z.int() }).nullish(),
  repository: z.object({
    databaseId: z.int(),
    pullRequests: z.object({
      totalCount: z.int(),
      pageInfo: z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullable() }),
      nodes: nodesOf(graphqlPullRequest),
    }),
  }),
});

export interface PullRequestsPage {
  pullRequests: GraphqlPullRequest[];
  /** How many the repository has. */
  total: number;
  /** Of the next page, null at the end. */
  cursor: string | null;
  date: string;
  points: number;
  budget: Budget | null;
}

/** One query: up to `first` pull requests, those changed last first, with the beginnings of their lists. */
export async function listPullRequests(
  client: GitHubClient,
  repository: { id: number; owner: string; name: string },
  page: { first: number; after: string | null },
): Promise<PullRequestsPage> {
  const { owner, name } = repository;
  const ask = (reviewers: boolean) =>
    queryGraphql(client, answer, pullRequestsQuery, { owner, name, ...page, reviewers }, isHidden);
  const { data, date, budget } = await ask(true).catch((error: unknown) => {
    // A token that may not read teams is refused the whole query.
    if (error instanceof GraphqlError && error.types.includes("INSUFFICIENT_SCOPES")) return ask(false);
    throw error;
  });
  const { databaseId, pullRequests } = data.repository;
  if (databaseId !== repository.id) {
    throw new GoneError(`${owner}/${name} is another repository now, with the id ${databaseId}.`);
  }
  const { nodes, pageInfo, totalCount } = pullRequests;
  return {
    pullRequests: nodes,
    total: totalCount,
    cursor: pageInfo.hasNextPage ? pageInfo.endCursor : null,
    date,
    points: data.rateLimit?.cost ?? 1,
    budget,
  };
}
