/** The rows of schema `github` that captures write, column by column. Moments are GitHub's ISO strings, null means what the column's comment says. */

export interface AccountRow {
  id: number;
  login: string;
  type: string;
}

/** `suspended_at` is null while the App may work. `account_id` is null for an enterprise. */
export interface InstallationRow {
  id: number;
  account_id: number | null;
  repository_selection: string | null;
  created_at: string;
  updated_at: string;
  suspended_at: string | null;
}

/** What only GitHub's repository itself tells. Its names are part of every observation. */
export interface RepositoryRow {
  private: boolean;
  archived: boolean;
  default_branch: string;
  updated_at: string;
}

/** What every payload about a pull request tells. `id` is null where only the issue side was seen. */
export interface PartialPullRequestRow {
  number: number;
  id: number | null;
  title: string;
  body: string | null;
  state: "open" | "closed";
  draft: boolean;
  locked: boolean;
  active_lock_reason: string | null;
  author_id: number | null;
  author_association: string | null;
  created_at: string;
  updated_at: string;
  closed_at: string | null;
  merged_at: string | null;
  head_ref?: string;
  head_sha?: string;
  head_repository_id?: number | null;
  base_ref?: string;
  base_sha?: string;
  labels?: string[];
  assignees?: number[];
  requested_reviewers?: number[];
  requested_teams?: string[];
  milestone_number?: number | null;
  milestone_title?: string | null;
  auto_merge_method?: string | null;
}

export interface PullRequestRow extends Required<PartialPullRequestRow> {
  merged: boolean;
  merged_by_id: number | null;
  merge_commit_sha: string | null;
  additions: number;
  deletions: number;
  changed_files: number;
  commits: number;
  comments: number;
  review_comments: number;
}

/** As a sync sees it: null and left out mean that it was not told. */
export type SyncedPullRequestRow = Omit<
  PullRequestRow,
  "review_comments" | "requested_reviewers" | "requested_teams"
> & { review_comments: null; requested_reviewers?: number[]; requested_teams?: string[] };

export interface FileRow {
  filename: string;
  status: string;
  additions: number;
  deletions: number;
  changes: number;
  previous_filename: string | null;
}

export interface ReviewRow {
  id: number;
  author_id: number | null;
  author_association: string | null;
  state: string;
  body: string | null;
  commit_id: string | null;
  submitted_at: string;
  /** The `updated_at` of the pull request in the payload, or the date of the answer: a review has no clock of its own in REST. */
  clock: string;
}

export interface CommentRow {
  kind: "issue" | "review";
  id: number;
  author_id: number | null;
  author_association: string | null;
  body: string;
  created_at: string;
  updated_at: string;
  /** Only where GitHub told of the deletion. */
  deleted_at?: string;
  pull_request_review_id?: number | null;
  in_reply_to_id?: number | null;
  path?: string;
  diff_hunk?: string;
  original_commit_id?: string;
  original_position?: number | null;
  original_line?: number | null;
  original_start_line?: number | null;
  side?: string | null;
  start_side?: string | null;
  subject_type?: string | null;
  /** Only on the first comment of a thread, and only where a payload told. */
  resolved?: boolean;
  resolved_clock?: string;
}
