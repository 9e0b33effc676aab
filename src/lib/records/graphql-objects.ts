/** GitHub's objects as the sync's GraphQL queries give them, reduced to what is captured. REST's words are in github-objects.ts. */
import { z } from "zod";
import { optionalText, text, timestamp } from "./github-objects.ts";

/** GraphQL writes 64-bit ids as text. */
const databaseId = z.coerce.number().int().positive();
const total = z.object({ totalCount: z.int().nonnegative() });

/** Whoever acts. Null: the account was deleted. */
const actor = z
  .object({ __typename: text, login: text, databaseId: databaseId.nullish() })
  .nullish()
  .transform((value) => value ?? null);

const pageInfo = z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullable() });

/** The nodes of a list. What GitHub could not load is null among them, or all of it is. */
export const nodesOf = <Node extends z.ZodType>(node: Node) =>
  z
    .array(node.nullable())
    .nullish()
    .transform((nodes) => (nodes ?? []).flatMap((each): z.output<Node>[] => (each === null ? [] : [each])));

const connection = <Node extends z.ZodType>(node: Node) => z.object({ pageInfo, nodes: nodesOf(node) });

export const graphqlFile = z.object({
  path: text,
  additions: z.int().nonnegative(),
  deletions: z.int().nonnegative(),
  changeType: text,
});

export const graphqlReview = z.object({
  fullDatabaseId: databaseId,
  author: actor,
  authorAssociation: text,
  state: text,
  body: optionalText,
  commit: z.object({ oid: text }).nullish(),
  submittedAt: timestamp.nullable(),
});

export const graphqlComment = z.object({
  fullDatabaseId: databaseId,
  author: actor,
  authorAssociation: text,
  body: text,
  createdAt: timestamp,
  updatedAt: timestamp,
});

export const graphqlThread = z.object({
  isResolved: z.boolean(),
  comments: z.object({ nodes: nodesOf(z.object({ fullDatabaseId: databaseId })) }),
});

/** The lists of a pull request that may go on beyond the page they came with. */
export const graphqlLists = z.object({
  files: connection(graphqlFile).nullish(),
  reviews: connection(graphqlReview).nullish(),
  comments: connection(graphqlComment).nullish(),
  reviewThreads: connection(graphqlThread).nullish(),
});

const requestedReviewer = z.object({
  __typename: text,
  login: text.optional(),
  databaseId: databaseId.nullish(),
  slug: text.optional(),
});

export const graphqlPullRequest = graphqlLists.extend({
  id: z.string(),
  fullDatabaseId: databaseId,
  number: z.int().positive(),
  title: text,
  body: optionalText,
  state: z.enum(["OPEN", "CLOSED", "MERGED"]),
  isDraft: z.boolean(),
  locked: z.boolean(),
  activeLockReason: text.nullable(),
  author: actor,
  authorAssociation: text,
  headRefName: text,
  headRefOid: text,
  headRepository: z.object({ databaseId }).nullable(),
  baseRefName: text,
  baseRefOid: text,
  labels: z.object({ nodes: nodesOf(z.object({ name: text })) }).nullable(),
  assignees: z.object({ nodes: nodesOf(z.object({ databaseId, login: text })) }),
  reviewRequests: z
    .object({ nodes: nodesOf(z.object({ requestedReviewer: requestedReviewer.nullable() })) })
    .nullish(),
  milestone: z.object({ number: z.int(), title: text }).nullable(),
  autoMergeRequest: z.object({ mergeMethod: text }).nullable(),
  merged: z.boolean(),
  mergedBy: actor,
  mergeCommit: z.object({ oid: text }).nullable(),
  additions: z.int().nonnegative(),
  deletions: z.int().nonnegative(),
  changedFiles: z.int().nonnegative(),
  commits: total,
  issueComments: total,
  createdAt: timestamp,
  updatedAt: timestamp,
  closedAt: timestamp.nullable(),
  mergedAt: timestamp.nullable(),
});

export type GraphqlActor = z.output<typeof actor>;
export type GraphqlLists = z.output<typeof graphqlLists>;
export type GraphqlPullRequest = z.output<typeof graphqlPullRequest>;
export type GraphqlFile = z.output<typeof graphqlFile>;
export type GraphqlReview = z.output<typeof graphqlReview>;
export type GraphqlComment = z.output<typeof graphqlComment>;
export type GraphqlThread = z.output<typeof graphqlThread>;
