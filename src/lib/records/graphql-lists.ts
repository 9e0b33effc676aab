/** The lists of a pull request in GraphQL: their fragments, schemas and rows. */
import { z } from "zod";
import type { CommentRow } from "./comment.ts";
import type { FileRow } from "./file.ts";
import { actorSchema, actorId, databaseId } from "./graphql-actor.ts";
import { pageInfo } from "./graphql-page-info.ts";
import type { ReviewRow } from "./review.ts";
import { optionalText, text, timestamp } from "./values.ts";

export const listFragments = /* GraphQL */ `
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
    totalCount
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
    totalCount
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

/** The nodes of a list without nulls. GitHub shows null for a node, or for all nodes, that it cannot load. */
export const nodesOf = <Node extends z.ZodType>(node: Node) =>
  z
    .array(node.nullable())
    .nullish()
    .transform((nodes) => (nodes ?? []).flatMap((each): z.output<Node>[] => (each === null ? [] : [each])));

const connection = <Node extends z.ZodType>(node: Node) =>
  z.object({ totalCount: z.int().nonnegative().nullish(), pageInfo, nodes: nodesOf(node) });

export const graphqlFile = z.object({
  path: text,
  additions: z.int().nonnegative(),
  deletions: z.int().nonnegative(),
  changeType: text,
});

export const graphqlReview = z.object({
  fullDatabaseId: databaseId,
  author: actorSchema,
  authorAssociation: text,
  state: text,
  body: optionalText,
  /** Also null when the App cannot read contents. */
  commit: z.object({ oid: text }).nullish(),
  submittedAt: timestamp.nullable(),
});

export const graphqlComment = z.object({
  fullDatabaseId: databaseId,
  author: actorSchema,
  authorAssociation: text,
  body: text,
  createdAt: timestamp,
  updatedAt: timestamp,
});

export const graphqlThread = z.object({
  isResolved: z.boolean(),
  comments: z.object({ nodes: nodesOf(z.object({ fullDatabaseId: databaseId })) }),
});

/** The lists of a pull request that can have more pages. */
export const graphqlLists = z.object({
  files: connection(graphqlFile).nullish(),
  reviews: connection(graphqlReview).nullish(),
  comments: connection(graphqlComment).nullish(),
  reviewThreads: connection(graphqlThread).nullish(),
});

export type GraphqlLists = z.output<typeof graphqlLists>;
export type GraphqlFile = z.output<typeof graphqlFile>;
export type GraphqlReview = z.output<typeof graphqlReview>;
export type GraphqlComment = z.output<typeof graphqlComment>;
export type GraphqlThread = z.output<typeof graphqlThread>;

/** GraphQL has no `previous_filename` of a renamed file. */
export function fromGraphqlFile(file: GraphqlFile): FileRow {
  return {
    filename: file.path,
    status: file.changeType === "DELETED" ? "removed" : file.changeType.toLowerCase(),
    additions: file.additions,
    deletions: file.deletions,
    changes: file.additions + file.deletions,
    previous_filename: isMoved(file) ? undefined : null,
  };
}

export function isMoved({ changeType }: GraphqlFile): boolean {
  return changeType === "RENAMED" || changeType === "COPIED";
}

/** Returns null for a pending review, which only its author can see. */
export function fromGraphqlReview(review: GraphqlReview, clock: string): ReviewRow | null {
  if (review.submittedAt === null) return null;
  return {
    id: review.fullDatabaseId,
    author_id: actorId(review.author),
    author_association: review.authorAssociation,
    state: review.state,
    body: review.body,
    commit_id: review.commit?.oid,
    submitted_at: review.submittedAt,
    clock,
  };
}

export function fromGraphqlComment(comment: GraphqlComment): CommentRow {
  return {
    kind: "issue",
    id: comment.fullDatabaseId,
    author_id: actorId(comment.author),
    author_association: comment.authorAssociation,
    body: comment.body,
    created_at: comment.createdAt,
    updated_at: comment.updatedAt,
  };
}

/** Returns null for a thread whose comments are all deleted. */
export function fromGraphqlThread(thread: GraphqlThread): { comment_id: number; resolved: boolean } | null {
  const [first] = thread.comments.nodes;
  return first ? { comment_id: first.fullDatabaseId, resolved: thread.isResolved } : null;
}
