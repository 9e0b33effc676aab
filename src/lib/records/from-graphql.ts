import type { GitHubAccount } from "./github-objects.ts";
import type {
  GraphqlActor,
  GraphqlComment,
  GraphqlFile,
  GraphqlPullRequest,
  GraphqlReview,
  GraphqlThread,
} from "./graphql-objects.ts";
import type { CommentRow, FileRow, ReviewRow, SyncedPullRequestRow } from "./rows.ts";

/**
 * The same row as REST's answer gives. GraphQL does not count review comments: `review_comments` is null, which tells nothing. Requested
 * reviewers are left out where GitHub keeps some of them back.
 */
export function fromGraphqlPullRequest(pullRequest: GraphqlPullRequest): SyncedPullRequestRow {
  return {
    number: pullRequest.number,
    id: pullRequest.fullDatabaseId,
    title: pullRequest.title,
    body: pullRequest.body,
    state: pullRequest.state === "OPEN" ? "open" : "closed", // REST says of a merged one that it is closed
    draft: pullRequest.isDraft,
    locked: pullRequest.locked,
    active_lock_reason: toLockReason(pullRequest.activeLockReason),
    author_id: idOf(pullRequest.author),
    author_association: pullRequest.authorAssociation,
    head_ref: pullRequest.headRefName,
    head_sha: pullRequest.headRefOid,
    head_repository_id: pullRequest.headRepository?.databaseId ?? null,
    base_ref: pullRequest.baseRefName,
    base_sha: pullRequest.baseRefOid,
    labels: pullRequest.labels?.nodes.map((label) => label.name).toSorted() ?? [],
    assignees: toSorted(pullRequest.assignees.nodes.map((assignee) => assignee.databaseId)),
    ...toReviewers(pullRequest),
    milestone_number: pullRequest.milestone?.number ?? null,
    milestone_title: pullRequest.milestone?.title ?? null,
    auto_merge_method: pullRequest.autoMergeRequest?.mergeMethod.toLowerCase() ?? null,
    merged: pullRequest.merged,
    merged_by_id: idOf(pullRequest.mergedBy),
    merge_commit_sha: pullRequest.merged ? (pullRequest.mergeCommit?.oid ?? null) : null,
    additions: pullRequest.additions,
    deletions: pullRequest.deletions,
    changed_files: pullRequest.changedFiles,
    commits: pullRequest.commits.totalCount,
    comments: pullRequest.issueComments.totalCount,
    review_comments: null,
    created_at: pullRequest.createdAt,
    updated_at: pullRequest.updatedAt,
    closed_at: pullRequest.closedAt,
    merged_at: pullRequest.mergedAt,
  };
}

function toReviewers({ reviewRequests }: GraphqlPullRequest) {
  const reviewers = reviewRequests?.nodes.map((request) => request.requestedReviewer) ?? [null];
  if (reviewers.includes(null)) return {};
  return {
    requested_reviewers: toSorted(reviewers.flatMap((reviewer) => reviewer?.databaseId ?? [])),
    requested_teams: reviewers.flatMap((reviewer) => reviewer?.slug ?? []).toSorted(),
  };
}

/** `previous_filename` is null: GraphQL does not tell it of a renamed file. */
export function fromGraphqlFile(file: GraphqlFile): FileRow {
  return {
    filename: file.path,
    status: file.changeType === "DELETED" ? "removed" : file.changeType.toLowerCase(),
    additions: file.additions,
    deletions: file.deletions,
    changes: file.additions + file.deletions,
    previous_filename: null,
  };
}

/** Null for a pending review, which only its author may see. */
export function fromGraphqlReview(review: GraphqlReview, clock: string): ReviewRow | null {
  if (review.submittedAt === null) return null;
  return {
    id: review.fullDatabaseId,
    author_id: idOf(review.author),
    author_association: review.authorAssociation,
    state: review.state,
    body: review.body,
    commit_id: review.commit?.oid ?? null,
    submitted_at: review.submittedAt,
    clock,
  };
}

export function fromGraphqlComment(comment: GraphqlComment): CommentRow {
  return {
    kind: "issue",
    id: comment.fullDatabaseId,
    author_id: idOf(comment.author),
    author_association: comment.authorAssociation,
    body: comment.body,
    created_at: comment.createdAt,
    updated_at: comment.updatedAt,
  };
}

/** Null for a thread all of whose comments are gone. */
export function fromGraphqlThread(thread: GraphqlThread): { comment_id: number; resolved: boolean } | null {
  const [first] = thread.comments.nodes;
  return first ? { comment_id: first.fullDatabaseId, resolved: thread.isResolved } : null;
}

/** Null for nobody, and for the few kinds of account that have no id. REST adds to a bot's login what GraphQL leaves off. */
export function fromGraphqlActor(actor: GraphqlActor): GitHubAccount | null {
  if (!actor?.databaseId) return null;
  const { __typename: type, databaseId: id, login } = actor;
  return { id, login: type === "Bot" && !login.endsWith("[bot]") ? `${login}[bot]` : login, type };
}

/** Everyone a pull request names, less the authors of what it lists. */
export function fromGraphqlAccounts(pullRequest: GraphqlPullRequest): (GitHubAccount | null)[] {
  const requested = pullRequest.reviewRequests?.nodes.flatMap(({ requestedReviewer: reviewer }) =>
    reviewer?.login === undefined ? [] : [fromGraphqlActor({ ...reviewer, login: reviewer.login })],
  );
  const assigned = pullRequest.assignees.nodes.map(({ databaseId, login }) =>
    fromGraphqlActor({ __typename: "User", databaseId, login }),
  );
  return [
    fromGraphqlActor(pullRequest.author),
    fromGraphqlActor(pullRequest.mergedBy),
    ...assigned,
    ...(requested ?? []),
  ];
}

function idOf(actor: GraphqlActor): number | null {
  return actor?.databaseId ?? null;
}

/** REST writes `too heated` and `off-topic` for GraphQL's TOO_HEATED and OFF_TOPIC. */
function toLockReason(reason: string | null): string | null {
  if (reason === "OFF_TOPIC") return "off-topic";
  return reason?.toLowerCase().replaceAll("_", " ") ?? null;
}

function toSorted(ids: number[]): number[] {
  return ids.toSorted((a, b) => a - b);
}
