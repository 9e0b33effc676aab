import { z } from "zod";
import type { Answer } from "../../src/lib/github/get-page.ts";
import { queryGraphql } from "../../src/lib/github/query-graphql.ts";
import { ids, pageInfo, pullRequestFragment } from "./pull-request-fragment.ts";
import type { Reader } from "./reading-backfill.ts";

const numbersQuery = /* GraphQL */ `
  query numbers($owner: String!, $repo: String!, $after: String) {
    repository(owner: $owner, name: $repo) {
      pullRequests(first: 100, after: $after) {
        pageInfo {
          hasNextPage
          endCursor
        }
        nodes {
          number
        }
      }
    }
  }
`;

const numbers = z.object({
  repository: z.object({
    pullRequests: z.object({ pageInfo, nodes: z.array(z.object({ number: z.int() })) }),
  }),
});

const pullRequestQuery = /* GraphQL */ `
  query pullRequest($owner: String!, $repo: String!, $number: Int!) {
    repository(owner: $owner, name: $repo) {
      pullRequest(number: $number) {
        ...pullRequest
        files(first: 100) {
          nodes {
            path
            additions
            deletions
            changeType
          }
        }
        reviews(first: 100) {
          nodes {
            ...review
          }
        }
        reviewThreads(first: 100) {
          nodes {
            isResolved
            diffSide
            startDiffSide
            comments(first: 100) {
              nodes {
                fullDatabaseId
                author {
                  ...actor
                }
                body
                path
                diffHunk
                subjectType
                originalLine
                originalStartLine
                originalPosition
                originalCommit {
                  oid
                }
                replyTo {
                  fullDatabaseId
                }
                pullRequestReview {
                  fullDatabaseId
                }
                createdAt
                updatedAt
              }
            }
          }
        }
        comments(first: 100) {
          nodes {
            fullDatabaseId
            author {
              ...actor
            }
            body
            createdAt
            updatedAt
          }
        }
      }
    }
  }
  ${pullRequestFragment}
`;

const pullRequest = z.object({
  repository: z.object({
    pullRequest: z.object({
      number: z.int(),
      files: z.object({ nodes: z.array(z.object({ path: z.string(), changeType: z.string() })) }),
      reviews: ids,
      reviewThreads: z.object({ nodes: z.array(z.object({ comments: ids })) }),
      comments: ids,
    }),
  }),
});

/** Reads each pull request with one GraphQL query, with the first page of each list. GraphQL lacks the former names of renamed files. */
export async function readFirstPages({ client, repository, seen }: Reader): Promise<void> {
  const found: number[] = [];
  for (let after: string | null = null, more = true; more;) {
    const answer: Answer<z.infer<typeof numbers>> = await queryGraphql(client, numbers, numbersQuery, {
      ...repository,
      after,
    });
    const { nodes, pageInfo: page } = answer.data.repository.pullRequests;
    found.push(...nodes.map(({ number }) => number));
    after = page.endCursor;
    more = page.hasNextPage;
  }
  for (const number of found) {
    const { data } = await queryGraphql(client, pullRequest, pullRequestQuery, { ...repository, number });
    const { files, reviews, reviewThreads, comments } = data.repository.pullRequest;
    seen.pullRequest(number);
    for (const { path, changeType } of files.nodes) if (changeType !== "RENAMED") seen.file(number, path);
    for (const { fullDatabaseId } of reviews.nodes) seen.review(fullDatabaseId);
    for (const { fullDatabaseId } of reviewThreads.nodes.flatMap((thread) => thread.comments.nodes))
      seen.comment("review", fullDatabaseId);
    for (const { fullDatabaseId } of comments.nodes) seen.comment("issue", fullDatabaseId);
  }
}
