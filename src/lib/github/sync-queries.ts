import { actorFragment } from "../records/graphql-actor.ts";
import { listFragments } from "../records/graphql-lists.ts";
import { toPullRequestFields } from "../records/graphql-pull-request.ts";

/**
 * The queries of a sync. A query's points are the number of its lists, each counted once for each parent, divided by 100. The length of a
 * list does not count, so all lists have 100 items except threads, which contain lists themselves.
 * https://docs.github.com/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api
 */
const fragments = `${actorFragment}${listFragments}`;

/** Queries pull requests by their node ids, each with the first pages of its lists. */
export const toPullRequestsQuery = (server: { assignedActors: boolean }): string => /* GraphQL */ `
  query pullRequests($ids: [ID!]!, $reviewers: Boolean!) {
    rateLimit {
      cost
    }
    nodes(ids: $ids) {
      ... on PullRequest {
          ${toPullRequestFields(server)}
          files(first: 100) {
            ...files
          }
          reviews(first: 100) {
            ...reviews
          }
          comments(first: 100) {
            ...comments
          }
          reviewThreads(first: 10) {
            ...threads
          }
      }
    }
  }
  ${fragments}
`;

export type ListName = "files" | "reviews" | "comments" | "reviewThreads";

const fragmentOf: Record<ListName, string> = {
  files: "files",
  reviews: "reviews",
  comments: "comments",
  reviewThreads: "threads",
};

/** Queries the next pages of several pull requests' lists. `$id0` and `$after0` are the first list's, which is answered as `list0`. */
export function toListsQuery(lists: readonly ListName[]): string {
  const variables = lists.map((_, index) => `$id${index}: ID!, $after${index}: String`).join(", ");
  const fields = lists.map(
    (list, index) =>
      `list${index}: node(id: $id${index}) { ... on PullRequest { headRefOid ${list}(first: 100, after: $after${index}) { ...${fragmentOf[list]} } } }`,
  );
  const used = new Set(lists.map((list) => fragmentOf[list]));
  if (used.has("reviews") || used.has("comments")) used.add("actor");
  const definitions = fragments
    .split(/(?=^ {2}fragment )/m)
    .filter((definition) => used.has(/fragment (\w+)/.exec(definition)?.[1] ?? ""));
  return `query lists(${variables}) { rateLimit { cost } ${fields.join("\n")} }\n${definitions.join("\n")}`;
}
