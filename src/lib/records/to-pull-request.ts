import type {
  GitHubPartialPullRequest,
  GitHubPullRequest,
  GitHubPullRequestIssue,
} from "./github-objects.ts";
import type { PartialPullRequestRow, PullRequestRow } from "./rows.ts";

export function toPullRequest(pullRequest: GitHubPullRequest): PullRequestRow {
  return {
    ...toPartialPullRequest(pullRequest),
    merged: pullRequest.merged,
    merged_by_id: pullRequest.merged_by?.id ?? null,
    merge_commit_sha: pullRequest.merged ? pullRequest.merge_commit_sha : null, // before the merge it is a test merge's
    additions: pullRequest.additions,
    deletions: pullRequest.deletions,
    changed_files: pullRequest.changed_files,
    commits: pullRequest.commits,
    comments: pullRequest.comments,
    review_comments: pullRequest.review_comments,
  };
}

export function toPartialPullRequest(pullRequest: GitHubPartialPullRequest): Required<PartialPullRequestRow> {
  return {
    number: pullRequest.number,
    id: pullRequest.id,
    title: pullRequest.title,
    body: pullRequest.body,
    state: pullRequest.state,
    draft: pullRequest.draft,
    locked: pullRequest.locked,
    active_lock_reason: pullRequest.active_lock_reason,
    author_id: pullRequest.user?.id ?? null,
    author_association: pullRequest.author_association,
    created_at: pullRequest.created_at,
    updated_at: pullRequest.updated_at,
    closed_at: pullRequest.closed_at,
    merged_at: pullRequest.merged_at,
    head_ref: pullRequest.head.ref,
    head_sha: pullRequest.head.sha,
    head_repository_id: pullRequest.head.repo?.id ?? null,
    base_ref: pullRequest.base.ref,
    base_sha: pullRequest.base.sha,
    labels: pullRequest.labels.map((label) => label.name).toSorted(),
    assignees: toSortedIds(pullRequest.assignees),
    requested_reviewers: toSortedIds(pullRequest.requested_reviewers),
    requested_teams: pullRequest.requested_teams.map((team) => team.slug).toSorted(),
    milestone_number: pullRequest.milestone?.number ?? null,
    milestone_title: pullRequest.milestone?.title ?? null,
    auto_merge_method: pullRequest.auto_merge?.merge_method ?? null,
  };
}

/** What the issue side shows of a pull request: not its id, its branches or its reviewers. */
export function fromPullRequestIssue(issue: GitHubPullRequestIssue): PartialPullRequestRow {
  return {
    number: issue.number,
    id: null,
    title: issue.title,
    body: issue.body,
    state: issue.state,
    draft: issue.draft,
    locked: issue.locked,
    active_lock_reason: issue.active_lock_reason,
    author_id: issue.user?.id ?? null,
    author_association: issue.author_association,
    created_at: issue.created_at,
    updated_at: issue.updated_at,
    closed_at: issue.closed_at,
    merged_at: issue.pull_request.merged_at,
  };
}

function toSortedIds(accounts: readonly { id: number }[]): number[] {
  return accounts.map((account) => account.id).toSorted((a, b) => a - b);
}
