/** The rows that a payload describes, without the code under test. A row has only the columns that the payload has. */
type Json = Record<string, any>; // oxlint-disable-line typescript/no-explicit-any -- payloads are read as GitHub documents them

export type ExpectedRow = Record<string, unknown>;

const moment = (value: string | null | undefined) => (value ? new Date(value) : null);
const ids = (accounts: Json[]) => accounts.map((account) => account["id"]).toSorted((a, b) => a - b);

export function partialPullRequestRow(payload: Json): ExpectedRow {
  const { pull_request: pr, repository } = payload;
  return {
    repository_id: repository.id,
    number: pr.number,
    id: pr.id,
    title: pr.title,
    body: pr.body || null,
    state: pr.state,
    draft: pr.draft ?? null,
    locked: pr.locked,
    active_lock_reason: pr.active_lock_reason ?? null,
    author_id: pr.user?.id ?? null,
    author_association: pr.author_association,
    head_ref: pr.head.ref,
    head_sha: pr.head.sha,
    head_repository_id: pr.head.repo?.id ?? null,
    base_ref: pr.base.ref,
    base_sha: pr.base.sha,
    labels: pr.labels.map((label: Json) => label["name"]).toSorted(),
    assignees: ids(pr.assignees),
    requested_reviewers: ids(pr.requested_reviewers.filter((reviewer: Json) => "login" in reviewer)),
    requested_teams: pr.requested_teams.map((team: Json) => team["slug"]).toSorted(),
    milestone_number: pr.milestone?.number ?? null,
    milestone_title: pr.milestone?.title ?? null,
    auto_merge_method: pr.auto_merge?.merge_method ?? null,
    created_at: moment(pr.created_at),
    updated_at: moment(pr.updated_at),
    closed_at: moment(pr.closed_at),
    merged_at: moment(pr.merged_at),
  };
}

export function pullRequestRow(payload: Json): ExpectedRow {
  const { pull_request: pr } = payload;
  return {
    ...partialPullRequestRow(payload),
    merged: pr.merged,
    merged_by_id: pr.merged_by?.id ?? null,
    merge_commit_sha: pr.merged ? pr.merge_commit_sha : null,
    additions: pr.additions,
    deletions: pr.deletions,
    changed_files: pr.changed_files,
    commits: pr.commits,
    comments: pr.comments,
    review_comments: pr.review_comments,
  };
}

export function reviewRow({ review, pull_request, repository }: Json): ExpectedRow {
  return {
    id: review.id,
    repository_id: repository.id,
    pull_request_number: pull_request.number,
    author_id: review.user?.id ?? null,
    author_association: review.author_association,
    state: review.state.toUpperCase(),
    body: review.body || null,
    commit_id: review.commit_id,
    submitted_at: moment(review.submitted_at),
    deleted_at: null,
  };
}

export function reviewCommentRow(comment: Json, { pull_request, repository }: Json): ExpectedRow {
  return {
    kind: "review",
    id: comment["id"],
    repository_id: repository.id,
    pull_request_number: pull_request.number,
    author_id: comment["user"]?.id ?? null,
    author_association: comment["author_association"],
    body: comment["body"],
    created_at: moment(comment["created_at"]),
    updated_at: moment(comment["updated_at"]),
    pull_request_review_id: comment["pull_request_review_id"],
    in_reply_to_id: comment["in_reply_to_id"] ?? null,
    path: comment["path"],
    diff_hunk: comment["diff_hunk"],
    original_commit_id: comment["original_commit_id"],
    original_position: comment["original_position"] ?? null,
    original_line: comment["original_line"] ?? null,
    original_start_line: comment["original_start_line"] ?? null,
    side: comment["side"] ?? null,
    start_side: comment["start_side"] ?? null,
    subject_type: comment["subject_type"] ?? null,
  };
}

export function issueCommentRow({ comment, issue, repository }: Json): ExpectedRow {
  return {
    kind: "issue",
    id: comment.id,
    repository_id: repository.id,
    pull_request_number: issue.number,
    author_id: comment.user?.id ?? null,
    author_association: comment.author_association,
    body: comment.body,
    created_at: moment(comment.created_at),
    updated_at: moment(comment.updated_at),
  };
}
