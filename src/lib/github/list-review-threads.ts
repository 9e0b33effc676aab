import { z } from "zod";
import type { GitHubClient } from "./client.ts";
import { GoneError } from "./errors.ts";
import type { PullRequestRef } from "./get-page.ts";
import { queryGraphql } from "./query-graphql.ts";

/** Only GraphQL tells whether a thread is resolved. `rateLimit.cost` is what the query took of the points. */
export const reviewThreadsQuery = /* GraphQL */ `
  query reviewThreads($owner: String!, $name: String!, $number: Int!, $after: String) {
    rateLimit {
      cost
    }
    repository(owner: $owner, name: $name) {
      databaseId
      pullRequest(number: $number) {
        reviewThreads(first: 100, after: $after) {
          pageInfo {
            hasNextPage
            endCursor
          }
          nodes {
            isResolved
            comments(first: 1) {
              nodes {
                fullDatabaseId
              }
            }
          }
        }
      }
    }
  }
`;

const answer = z.object({
  rateLimit: z.object({ cost: z.int() }).nullish(),
  repository: z.object({
    databaseId: z.int(),
    pullRequest: z.object({
      reviewThreads: z.object({
        pageInfo: z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullable() }),
        nodes: z.array(
          z.object({
            isResolved: z.boolean(),
            comments: z.object({ nodes: z.array(z.object({ fullDatabaseId: z.coerce.number() })) }),
          }),
        ),
      }),
    }),
  }),
});

export interface ThreadsPage {
  date: string;
  threads: { comment_id: number; resolved: boolean }[];
  /** The cursor of the next page, null at the end. */
  after: string | null;
  points: number;
}

/** A page of up to 100 threads, each named by its first comment. */
export async function listReviewThreads(
  client: GitHubClient,
  { repository, number }: PullRequestRef,
  after: string | null,
): Promise<ThreadsPage> {
  const variables = { owner: repository.owner, name: repository.name, number, after };
  const { data, date } = await queryGraphql(client, answer, reviewThreadsQuery, variables);
  if (data.repository.databaseId !== repository.id) {
    throw new GoneError(`${repository.owner}/${repository.name} is another repository now.`);
  }
  const { nodes, pageInfo } = data.repository.pullRequest.reviewThreads;
  return {
    date,
    threads: nodes.flatMap(({ isResolved, comments }) =>
      comments.nodes.map((comment) => ({ comment_id: comment.fullDatabaseId, resolved: isResolved })),
    ),
    after: pageInfo.hasNextPage ? pageInfo.endCursor : null,
    points: data.rateLimit?.cost ?? 1,
  };
}
