import { z } from "zod";
import { pageInfo } from "../records/graphql-page-info.ts";
import type { GitHubClient } from "./github-client.ts";
import { refuseAnother } from "./confirm-name.ts";
import { UnreadableAnswerError } from "./errors.ts";
import type { PullRequestRef } from "./get-page.ts";
import { nextCursor } from "./next-cursor.ts";
import { describeIssue } from "./parse-answer.ts";
import { queryGraphql } from "./query-graphql.ts";
import { answersGraphql } from "./read-pull-requests.ts";
import { briefRetries, isTooMuchAtOnce } from "./to-inngest-error.ts";

/** Only GraphQL has `isResolved`. */
export const reviewThreadsQuery = /* GraphQL */ `
  query reviewThreads($owner: String!, $name: String!, $number: Int!, $first: Int!, $after: String) {
    rateLimit {
      cost
    }
    repository(owner: $owner, name: $name) {
      databaseId
      pullRequest(number: $number) {
        reviewThreads(first: $first, after: $after) {
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
        pageInfo,
        nodes: z.array(z.unknown()),
      }),
    }),
  }),
});

const thread = z.object({
  isResolved: z.boolean(),
  comments: z.object({ nodes: z.array(z.object({ fullDatabaseId: z.coerce.number() })) }),
});

export interface ThreadsPage {
  date: string;
  threads: { comment_id: number; resolved: boolean }[];
  /** The cursor of the next page. Null at the end. */
  after: string | null;
  /** An error message for each thread that could not be read. */
  unreadable: string[];
  points: number;
}

/**
 * Page sizes. A call tries only two of them, so that it fits into a serverless function: the large ones on even attempts, the small ones
 * on odd attempts.
 */
const pageSizes = { large: [100, 25], small: [5, 1] };

/**
 * Reads a page of up to 100 threads, each identified by its first comment, and a smaller page when GitHub fails. On a late attempt it
 * throws an `UnreadableAnswerError` when even one thread fails although GitHub answers other queries, because waiting does not help then.
 */
export async function listReviewThreads(
  client: GitHubClient,
  ref: PullRequestRef,
  after: string | null,
  attempt: number,
): Promise<ThreadsPage> {
  let failure: unknown;
  for (const first of attempt % 2 === 0 ? pageSizes.large : pageSizes.small) {
    try {
      return await listPage(client, ref, { first, after });
    } catch (error) {
      if (!isTooMuchAtOnce(error)) throw error;
      failure = error;
    }
  }
  if (attempt >= briefRetries && (await answersGraphql(client))) {
    const reason = failure instanceof Error ? failure.message : String(failure);
    throw new UnreadableAnswerError(`GitHub's review threads cannot be read: ${reason}`);
  }
  throw failure;
}

async function listPage(
  client: GitHubClient,
  { repository, number }: PullRequestRef,
  { first, after }: { first: number; after: string | null },
): Promise<ThreadsPage> {
  const variables = { owner: repository.owner, name: repository.name, number, first, after };
  const { data, date } = await queryGraphql(client, answer, reviewThreadsQuery, variables);
  refuseAnother(repository, data.repository.databaseId);
  const { nodes, pageInfo: shown } = data.repository.pullRequest.reviewThreads;
  const read = nodes.map((node) => ({ node, parsed: thread.safeParse(node) }));
  return {
    date,
    threads: read.flatMap(({ parsed }) =>
      (parsed.data?.comments.nodes ?? []).map((comment) => ({
        comment_id: comment.fullDatabaseId,
        resolved: parsed.data?.isResolved ?? false,
      })),
    ),
    unreadable: read.flatMap(({ node, parsed: { error } }, index) =>
      error
        ? [`GitHub's review thread at position ${index + 1} cannot be read: ${describeIssue(error, node)}.`]
        : [],
    ),
    after: nextCursor(shown, after),
    points: data.rateLimit?.cost ?? 1,
  };
}
