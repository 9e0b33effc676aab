import { z } from "zod";
import type { Answer } from "../../src/lib/github/get-page.ts";
import { queryGraphql } from "../../src/lib/github/query-graphql.ts";
import { ids, pageInfo, pullRequestFragment } from "./pull-request-fragment.ts";
import { listAll, type Reader } from "./reading-backfill.ts";

const pageQuery = /* GraphQL */ `
  query page($owner: String!, $repo: String!, $after: String) {
    repository(owner: $owner, name: $repo) {
      pullRequests(first: 10, after: $after) {
        pageInfo {
          hasNextPage
          endCursor
        }
        nodes {
          ...pullRequest
          reviews(first: 100) {
            nodes {
              ...review
            }
          }
        }
      }
    }
  }
  ${pullRequestFragment}
`;

const page = z.object({
  repository: z.object({
    pullRequests: z.object({ pageInfo, nodes: z.array(z.object({ number: z.int(), reviews: ids })) }),
  }),
});

/** Reads ten pull requests in each GraphQL query, with the first page of their reviews, and all comments with REST. Reads no files. */
export async function readWithoutFiles({ client, repository, seen }: Reader): Promise<void> {
  for (let after: string | null = null, more = true; more;) {
    const answer: Answer<z.infer<typeof page>> = await queryGraphql(client, page, pageQuery, {
      ...repository,
      after,
    });
    const { nodes, pageInfo: info } = answer.data.repository.pullRequests;
    for (const { number, reviews } of nodes) {
      seen.pullRequest(number);
      for (const { fullDatabaseId } of reviews.nodes) seen.review(fullDatabaseId);
    }
    after = info.endCursor;
    more = info.hasNextPage;
  }
  const reviewComments = await listAll((each) =>
    client.request("GET /repos/{owner}/{repo}/pulls/comments", { ...repository, ...each }),
  );
  for (const { id } of reviewComments) seen.comment("review", id);
  const comments = await listAll((each) =>
    client.request("GET /repos/{owner}/{repo}/issues/comments", { ...repository, ...each }),
  );
  for (const { id } of comments) seen.comment("issue", id);
}
