/**
 * Observations for the store, with all that a test is not about filled in. The clock of the tests counts seconds: what
 * happened at 5 happened five seconds after midnight.
 */
import type { CommentRow } from "../../../src/lib/records/comment.ts";
import type { FileRow } from "../../../src/lib/records/file.ts";
import type { PartialPullRequestRow, PullRequestRow } from "../../../src/lib/records/pull-request.ts";
import type { ReviewRow } from "../../../src/lib/records/review.ts";
import type { CaptureContext, JobStep } from "../../../src/lib/store/context-types.ts";

export const repositoryId = 1001;
export const number = 7;

export function at(second: number): string {
  return new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();
}

/** The authors of the observations below, and others that tests name as authors. */
const authors = [11, 12, 13, 21, 25].map((id) => ({ id, login: `author-${id}`, type: "User" }));

interface Sight extends Partial<Omit<CaptureContext, "job">> {
  job?: Partial<JobStep>;
}

let events = 0;

/** The context of a webhook's payload of that second. Each call has an event of its own. */
export function inPayload(second: number, { job, ...sight }: Sight = {}): CaptureContext {
  events += 1;
  return {
    repository: { id: repositoryId, owner: "acme", name: "web", seen_at: at(second) },
    installation_id: 51,
    accounts: authors,
    observed_at: at(second),
    fetched_at: null,
    ...sight,
    job: {
      event_id: `event ${events}`,
      event_name: "capture/pr.details",
      run_id: `run ${events}`,
      attempt: 0,
      number,
      reason: "webhook",
      priority: "high",
      requests: 0,
      points: 0,
      ...job,
    },
  };
}

/** The context of GitHub's answer, with that second in its `date` header. */
export function inFetch(date: number, sight: Sight = {}): CaptureContext {
  return inPayload(date, { fetched_at: at(date), ...sight });
}

/** `updated_at` is that second. */
export function partialPullRequest(
  second: number,
  row: Partial<PartialPullRequestRow> = {},
): PartialPullRequestRow {
  return {
    number,
    id: 70,
    title: `Title of ${second}`,
    body: null,
    state: "open",
    draft: false,
    locked: false,
    active_lock_reason: null,
    author_id: 11,
    author_association: "MEMBER",
    created_at: at(0),
    updated_at: at(second),
    closed_at: null,
    merged_at: null,
    ...row,
  };
}

/** `updated_at` is that second. */
export function pullRequest(second: number, row: Partial<PullRequestRow> = {}): PullRequestRow {
  return {
    number,
    id: 70,
    title: `Title of ${second}`,
    body: null,
    state: "open",
    draft: false,
    locked: false,
    active_lock_reason: null,
    author_id: 11,
    author_association: "MEMBER",
    created_at: at(0),
    updated_at: at(second),
    closed_at: null,
    merged_at: null,
    head_ref: "feature",
    head_sha: "aaaa",
    head_repository_id: repositoryId,
    base_ref: "main",
    base_sha: "bbbb",
    labels: [],
    label_ids: null,
    assignees: [],
    requested_reviewers: [],
    requested_teams: [],
    milestone_number: null,
    milestone_title: null,
    auto_merge_method: null,
    merged: false,
    merged_by_id: null,
    merge_commit_sha: null,
    additions: 3,
    deletions: 2,
    changed_files: 1,
    commits: 1,
    comments: 0,
    review_comments: 0,
    ...row,
  };
}

export function file(filename: string, row: Partial<FileRow> = {}): FileRow {
  return {
    filename,
    status: "modified",
    additions: 2,
    deletions: 1,
    changes: 3,
    previous_filename: null,
    ...row,
  };
}

/** Seen at that second. */
export function review(id: number, second: number, row: Partial<ReviewRow> = {}): ReviewRow {
  return {
    id,
    author_id: 12,
    author_association: "MEMBER",
    state: "APPROVED",
    body: `Body of ${second}`,
    commit_id: "aaaa",
    submitted_at: at(1),
    clock: at(second),
    ...row,
  };
}

/** `updated_at` is that second. */
export function issueComment(id: number, second: number, row: Partial<CommentRow> = {}): CommentRow {
  return {
    kind: "issue",
    id,
    author_id: 12,
    author_association: "MEMBER",
    body: `Body of ${second}`,
    created_at: at(1),
    updated_at: at(second),
    ...row,
  };
}

/** `updated_at` is that second. */
export function reviewComment(id: number, second: number, row: Partial<CommentRow> = {}): CommentRow {
  return {
    ...issueComment(id, second),
    kind: "review",
    pull_request_review_id: 90,
    in_reply_to_id: null,
    path: "src/a.ts",
    diff_hunk: "@@ -1 +1 @@",
    original_commit_id: "aaaa",
    original_position: 1,
    original_line: 1,
    original_start_line: null,
    side: "RIGHT",
    start_side: null,
    subject_type: "line",
    ...row,
  };
}
