/**
 * The queries of a repository's sync. GitHub counts for each list one request per parent, whatever its length, and takes the sum by 100
 * as points; so the lists are as long as they may be, but for threads, which have a list of their own inside.
 * https://docs.github.com/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api
 */
import type { GraphqlRefusal } from "./query-graphql.ts";

const fragments = /* GraphQL */ `
  fragment actor on Actor {
    __typename
    login
    ... on User {
      databaseId
    }
    ... on Bot {
      databaseId
    }
    ... on Mannequin {
      databaseId
    }
    ... on Organization {
      databaseId
    }
  }
  fragment files on PullRequestChangedFileConnection {
    pageInfo {
      hasNextPage
      endCursor
    }
    nodes {
      path
      additions
      deletions
      changeType
    }
  }
  fragment reviews on PullRequestReviewConnection {
    pageInfo {
      hasNextPage
      endCursor
    }
    nodes {
      fullDatabaseId
      author {
        ...actor
      }
      authorAssociation
      state
      body
      commit {
        oid
      }
      submittedAt
    }
  }
  fragment comments on IssueCommentConnection {
    pageInfo {
      hasNextPage
      endCursor
    }
    nodes {
      fullDatabaseId
      author {
        ...actor
      }
      authorAssociation
      body
      createdAt
      updatedAt
    }
  }
  fragment threads on PullRequestReviewThreadConnection {
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
`;

/** A page of a repository's pull requests, those changed last first, each with the beginnings of its lists. */
export const pullRequestsQuery = /* GraphQL */ `
  query pullRequests($owner: String!, $name: String!, $first: Int!, $after: String, $reviewers: Boolean!) {
    rateLimit {
      cost
    }
    repository(owner: $owner, name: $name) {
      databaseId
      pullRequests(first: $first, after: $after, orderBy: { field: UPDATED_AT, direction: DESC }) {
        totalCount
        pageInfo {
          hasNextPage
          endCursor
        }
        nodes {
          id
          fullDatabaseId
          number
          title
          body
          state
          isDraft
          locked
          activeLockReason
          author {
            ...actor
          }
          authorAssociation
          headRefName
          headRefOid
          headRepository {
            databaseId
          }
          baseRefName
          baseRefOid
          labels(first: 100) {
            nodes {
              name
            }
          }
          assignees(first: 100) {
            nodes {
              databaseId
              login
            }
          }
          reviewRequests(first: 100) @include(if: $reviewers) {
            nodes {
              requestedReviewer {
                __typename
                ... on User {
                  login
                  databaseId
                }
                ... on Bot {
                  login
                  databaseId
                }
                ... on Mannequin {
                  login
                  databaseId
                }
                ... on Team {
                  slug
                }
              }
            }
          }
          milestone {
            number
            title
          }
          autoMergeRequest {
            mergeMethod
          }
          merged
          mergedBy {
            ...actor
          }
          mergeCommit {
            oid
          }
          additions
          deletions
          changedFiles
          commits {
            totalCount
          }
          issueComments: comments {
            totalCount
          }
          createdAt
          updatedAt
          closedAt
          mergedAt
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
  }
  ${fragments}
`;

/**
 * Whether only a part that the App's permissions do not cover is kept back: commits need contents, teams members. It is null then, and means
 * that nobody knows.
 */
export function isHidden({ type, path }: GraphqlRefusal): boolean {
  return type === "FORBIDDEN" && ["commit", "mergeCommit", "requestedReviewer"].includes(String(path.at(-1)));
}

export type ListName = "files" | "reviews" | "comments" | "reviewThreads";

const fragmentOf: Record<ListName, string> = {
  files: "files",
  reviews: "reviews",
  comments: "comments",
  reviewThreads: "threads",
};

/** The next pages of several pull requests' lists in one query: `$id0, $after0` are the first's, answered as `list0`. */
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
