import { z } from "zod";

/** The fields of a pull request's row, for the queries of the other methods. */
export const pullRequestFragment = /* GraphQL */ `
  fragment actor on Actor {
    __typename
    login
    ... on Node {
      id
    }
  }
  fragment pullRequest on PullRequest {
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
    reviewRequests(first: 100) {
      nodes {
        requestedReviewer {
          __typename
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
    createdAt
    updatedAt
    closedAt
    mergedAt
  }
  fragment review on PullRequestReview {
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
`;

export const ids = z.object({ nodes: z.array(z.object({ fullDatabaseId: z.string() })) });
export const pageInfo = z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullable() });
