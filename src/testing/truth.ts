import { filesOf, reviewCommentsOf, submittedReviews, type FakeGitHub } from "../fake-github/index.ts";
import {
  installationOf,
  type Account,
  type IssueComment,
  type PullRequest,
  type ReviewComment,
} from "../fake-github/state.ts";

/** The expected rows of each table. They come only from the fake GitHub's state, so that they share no mistake with the captures. */
export type Truth = Record<TruthTable, Record<string, unknown>[]>;

export type TruthTable =
  | "repositories"
  | "pull_requests"
  | "pull_request_files"
  | "reviews"
  | "comments"
  | "accounts";

/** GitHub's limit for the files of a pull request. */
const maxFiles = 3000;

/** Returns the expected rows of the given repositories, or of all. */
export function toTruth({ state }: Pick<FakeGitHub, "state">, repositoryIds?: readonly number[]): Truth {
  const pullRequests = [...state.pullRequests.values()].filter(
    ({ repository }) => !repositoryIds || repositoryIds.includes(repository.id),
  );
  const repositories = new Set(pullRequests.map(({ repository }) => repository));
  return {
    repositories: [...repositories].map((repository) => ({
      id: repository.id,
      owner: repository.owner.login,
      name: repository.name,
      installation_id: installationOf(state, repository)?.id ?? null,
    })),
    pull_requests: pullRequests.map(toPullRequest),
    pull_request_files: pullRequests.flatMap((pullRequest) =>
      filesOf(pullRequest)
        .slice(0, maxFiles)
        .map((file) => ({
          ...keyOf(pullRequest),
          filename: file.filename,
          status: file.status,
          additions: file.additions,
          deletions: file.deletions,
          changes: file.additions + file.deletions,
          previous_filename: file.previousFilename,
        })),
    ),
    reviews: pullRequests.flatMap((pullRequest) =>
      submittedReviews(pullRequest).map((review) => ({
        ...keyOf(pullRequest),
        id: review.id,
        author_id: idOf(review.author),
        state: review.state,
        body: review.body || null,
        commit_id: review.commitId,
        submitted_at: review.submittedAt,
      })),
    ),
    comments: pullRequests.flatMap((pullRequest) => [
      ...pullRequest.comments.map((comment) => ({
        ...keyOf(pullRequest),
        kind: "issue",
        ...toText(comment),
      })),
      ...reviewCommentsOf(pullRequest).map((comment) => ({
        ...keyOf(pullRequest),
        kind: "review",
        ...toText(comment),
        pull_request_review_id: comment.review.id,
        in_reply_to_id: comment.inReplyTo?.id ?? null,
        path: comment.path,
        diff_hunk: comment.diffHunk,
        original_commit_id: comment.originalCommitId,
        original_line: comment.originalLine,
        original_start_line: comment.originalStartLine,
        original_position: comment.originalPosition,
        side: comment.side,
        start_side: comment.startSide,
        subject_type: comment.subjectType,
        ...(comment.inReplyTo === null && { resolved: comment.thread.resolvedBy !== null }),
      })),
    ]),
    accounts: [...peopleOf(pullRequests)].map((account) => ({
      id: account.id,
      login: account.login,
      type: account.type,
    })),
  };
}

function toPullRequest(pullRequest: PullRequest): Record<string, unknown> {
  const files = filesOf(pullRequest);
  return {
    repository_id: pullRequest.repository.id,
    number: pullRequest.number,
    id: pullRequest.id,
    title: pullRequest.title,
    body: pullRequest.body || null,
    state: pullRequest.state,
    draft: pullRequest.draft,
    locked: pullRequest.locked,
    active_lock_reason: pullRequest.lockReason,
    author_id: idOf(pullRequest.author),
    head_ref: pullRequest.head.ref,
    head_sha: pullRequest.head.sha,
    head_repository_id: pullRequest.head.repository?.id ?? null,
    base_ref: pullRequest.base.ref,
    base_sha: pullRequest.base.sha,
    labels: pullRequest.labels.map((label) => label.name).toSorted(),
    assignees: idsOf(pullRequest.assignees),
    requested_reviewers: idsOf(pullRequest.requestedReviewers),
    requested_teams: pullRequest.requestedTeams.map((team) => team.slug).toSorted(),
    milestone_number: pullRequest.milestone?.number ?? null,
    milestone_title: pullRequest.milestone?.title ?? null,
    auto_merge_method: pullRequest.autoMerge?.mergeMethod ?? null,
    merged: pullRequest.mergedAt !== null,
    merged_by_id: pullRequest.mergedBy && idOf(pullRequest.mergedBy),
    merge_commit_sha: pullRequest.mergedAt === null ? null : pullRequest.mergeCommitSha,
    additions: sum(files.map((file) => file.additions)),
    deletions: sum(files.map((file) => file.deletions)),
    changed_files: files.length,
    commits: pullRequest.heads.at(-1)?.commits ?? 0,
    created_at: pullRequest.createdAt,
    updated_at: pullRequest.updatedAt,
    closed_at: pullRequest.closedAt,
    merged_at: pullRequest.mergedAt,
    files_head_sha: pullRequest.head.sha,
    files_base_ref: pullRequest.base.ref,
    files_truncated: files.length > maxFiles,
  };
}

function keyOf({ repository, number }: PullRequest) {
  return { repository_id: repository.id, pull_request_number: number };
}

function toText(comment: IssueComment | ReviewComment) {
  return {
    id: comment.id,
    author_id: idOf(comment.author),
    body: comment.body,
    created_at: comment.createdAt,
    updated_at: comment.updatedAt,
  };
}

function peopleOf(pullRequests: readonly PullRequest[]): Set<Account> {
  const people = pullRequests.flatMap((pullRequest) => [
    pullRequest.author,
    ...(pullRequest.mergedBy ? [pullRequest.mergedBy] : []),
    ...pullRequest.assignees,
    ...pullRequest.requestedReviewers,
    ...submittedReviews(pullRequest).map((review) => review.author),
    ...reviewCommentsOf(pullRequest).map((comment) => comment.author),
    ...pullRequest.comments.map((comment) => comment.author),
  ]);
  return new Set(people.filter((account) => !account.deleted));
}

function idOf(account: Account): number | null {
  return account.deleted ? null : account.id;
}

function idsOf(accounts: readonly Account[]): number[] {
  return accounts.map((account) => account.id).toSorted((a, b) => a - b);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
