/**
 * A pull request in GraphQL: the fields that a sync asks for, their schema, and the row. pull-request.ts has REST's form.
 *
 * An absent key is unknown; read-graphql-pull-request.ts removes what an answer's `errors` name.
 */
import { z } from "zod";
import type { GitHubAccount } from "./account.ts";
import { actorSchema, actorId, databaseId, fromGraphqlActor } from "./graphql-actor.ts";
import { graphqlLists } from "./graphql-lists.ts";
import { toLabels, toMergeCommit, type PullRequestRow } from "./pull-request.ts";
import { optionalText, text, timestamp } from "./values.ts";

/**
 * Returns the field for a pull request's assignees. `assignees` lists only users; `assignedActors` has bots too, but older servers lack it.
 * https://docs.github.com/graphql/reference/interfaces#assignable
 */
export function toAssignedFields({ assignedActors }: { assignedActors: boolean }): string {
  if (!assignedActors) return "assignees(first: 100) { nodes { __typename login databaseId } }";
  const fields = "login databaseId";
  return `assignedActors(first: 100) {
    nodes {
      __typename
      ... on User { ${fields} }
      ... on Bot { ${fields} }
      ... on Mannequin { ${fields} }
      ... on Organization { ${fields} }
    }
  }`;
}

/** The fields of a pull request, without its lists. Uses `actorFragment`. */
export const toPullRequestFields = (server: { assignedActors: boolean }): string => /* GraphQL */ `
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
        id
        name
      }
    }
    ${toAssignedFields(server)}
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
    totalCommentsCount
    issueComments: comments {
      totalCount
    }
    createdAt
    updatedAt
    closedAt
    mergedAt
`;

const total = z.object({ totalCount: z.int().nonnegative() });

/** The nodes of a list that one query reads completely. Undefined when GitHub could not load the list or one of its nodes. */
const whole = <Node extends z.ZodType>(node: Node) =>
  z
    .object({ nodes: z.array(node.nullable()).nullish() })
    .nullish()
    .transform((list) => {
      const nodes = list?.nodes?.flatMap((each): z.output<Node>[] => (each === null ? [] : [each]));
      return nodes?.length === list?.nodes?.length ? nodes : undefined;
    })
    .optional();

const requestedReviewerSchema = z.object({
  __typename: text,
  login: text.optional(),
  databaseId: databaseId.nullish(),
  slug: text.optional(),
});

/** Fields that GitHub's schema declares as never null are required: without one, GitHub returns null for the whole pull request. */
export const graphqlPullRequest = graphqlLists.extend({
  id: z.string(),
  fullDatabaseId: databaseId,
  number: z.int().positive(),
  title: text,
  body: optionalText,
  state: z.enum(["OPEN", "CLOSED", "MERGED"]),
  isDraft: z.boolean(),
  locked: z.boolean(),
  activeLockReason: text.nullish(),
  author: actorSchema,
  authorAssociation: text,
  headRefName: text,
  headRefOid: text,
  /**
   * Null for a deleted fork and for one that the token cannot see. `isCrossRepository` does not distinguish them.
   * https://github.com/cli/cli/issues/5708
   */
  headRepository: z.object({ databaseId }).nullish(),
  baseRefName: text,
  baseRefOid: text,
  labels: whole(z.object({ id: text, name: text })),
  assignedActors: whole(requestedReviewerSchema),
  assignees: whole(requestedReviewerSchema),
  reviewRequests: whole(z.object({ requestedReviewer: requestedReviewerSchema.nullish() })),
  milestone: z.object({ number: z.int(), title: text }).nullish(),
  autoMergeRequest: z.object({ mergeMethod: text }).nullish(),
  merged: z.boolean(),
  mergedBy: actorSchema,
  mergeCommit: z.object({ oid: text }).nullish(),
  additions: z.int().nonnegative(),
  deletions: z.int().nonnegative(),
  changedFiles: z.int().nonnegative(),
  commits: total,
  issueComments: total,
  /** Counts issue comments and review comments together. */
  totalCommentsCount: z.int().nonnegative().nullish(),
  createdAt: timestamp,
  updatedAt: timestamp,
  closedAt: timestamp.nullish(),
  mergedAt: timestamp.nullish(),
});

export type GraphqlPullRequest = z.output<typeof graphqlPullRequest>;

/** `assigned_users` stands for `assignees` where GraphQL lists only the users among them, and no bots. */
export type SyncedPullRequestRow = PullRequestRow & { assigned_users?: number[] | undefined };

/**
 * The same row as from REST, without what GraphQL lacks: it counts no review comments, hides requested reviewers and commits from some Apps,
 * and hides forks that the token may not see.
 */
export function fromGraphqlPullRequest(pullRequest: GraphqlPullRequest): SyncedPullRequestRow {
  const { milestone, autoMergeRequest } = pullRequest;
  return {
    number: pullRequest.number,
    id: pullRequest.fullDatabaseId,
    title: pullRequest.title,
    body: pullRequest.body,
    state: pullRequest.state === "OPEN" ? "open" : "closed", // a merged one is "closed" in REST
    draft: pullRequest.isDraft,
    locked: pullRequest.locked,
    active_lock_reason: toLockReason(pullRequest.activeLockReason),
    author_id: actorId(pullRequest.author),
    author_association: pullRequest.authorAssociation,
    head_ref: pullRequest.headRefName,
    head_sha: pullRequest.headRefOid,
    head_repository_id: pullRequest.headRepository?.databaseId,
    base_ref: pullRequest.baseRefName,
    base_sha: pullRequest.baseRefOid,
    ...toLabels(pullRequest.labels),
    ...toAssignees(pullRequest),
    ...toReviewers(pullRequest),
    milestone_number: milestone && milestone.number,
    milestone_title: milestone && milestone.title,
    auto_merge_method: autoMergeRequest && autoMergeRequest.mergeMethod.toLowerCase(),
    merged: pullRequest.merged,
    merged_by_id: actorId(pullRequest.mergedBy),
    merge_commit_sha: toMergeCommit(pullRequest.merged, pullRequest.mergeCommit?.oid),
    additions: pullRequest.additions,
    deletions: pullRequest.deletions,
    changed_files: pullRequest.changedFiles,
    commits: pullRequest.commits.totalCount,
    comments: pullRequest.issueComments.totalCount,
    created_at: pullRequest.createdAt,
    updated_at: pullRequest.updatedAt,
    closed_at: pullRequest.closedAt,
    merged_at: pullRequest.mergedAt,
  };
}

function toAssignees({ assignedActors, assignees }: GraphqlPullRequest) {
  if (assignedActors) return { assignees: idsOf(assignedActors) };
  return { assigned_users: assignees && idsOf(assignees) };
}

/**
 * Leaves the reviewers unknown when one is null: it can be deleted, or a team that the App cannot see. So does one that is neither a team nor has an
 * id, such as an enterprise's team: a query that names a type which the server lacks is refused.
 */
function toReviewers({ reviewRequests }: GraphqlPullRequest) {
  const reviewers = reviewRequests?.flatMap(({ requestedReviewer }) => requestedReviewer ?? []);
  if (!reviewers || reviewers.length < (reviewRequests?.length ?? 0)) return {};
  const teams = reviewers.filter(isTeam);
  const ids = idsOf(reviewers.filter((reviewer) => !teams.includes(reviewer)));
  if (!ids) return {};
  const slugs = teams.flatMap(({ slug }) => slug ?? []);
  return {
    requested_reviewers: ids,
    requested_teams: slugs.length === teams.length ? slugs.toSorted() : undefined,
  };
}

/** Returns undefined when an actor has no id, because the list is then unknown. */
function idsOf(actors: readonly { databaseId?: number | null | undefined }[]): number[] | undefined {
  const ids = actors.flatMap((one) => one.databaseId ?? []);
  return ids.length === actors.length ? ids.toSorted((a, b) => a - b) : undefined;
}

/** Returns the accounts of the pull request itself, without the authors of its reviews and comments. */
export function fromGraphqlAccounts(pullRequest: GraphqlPullRequest): (GitHubAccount | null)[] {
  const { author, mergedBy, assignedActors, assignees, reviewRequests } = pullRequest;
  const requested = reviewRequests?.map(({ requestedReviewer }) => requestedReviewer);
  return [
    author,
    mergedBy,
    ...(assignedActors ?? []),
    ...(assignees ?? []),
    ...(requested ?? []).filter((reviewer) => !reviewer || !isTeam(reviewer)),
  ].map(fromGraphqlActor);
}

function isTeam({ __typename: type }: { __typename: string }): boolean {
  return type === "Team";
}

/** REST writes `too heated` and `off-topic` for GraphQL's TOO_HEATED and OFF_TOPIC. */
function toLockReason(reason: string | null | undefined): string | null | undefined {
  if (reason === "OFF_TOPIC") return "off-topic";
  return reason && reason.toLowerCase().replaceAll("_", " ");
}
