import type { FileRow } from "../records/file.ts";

/** A complete list of a pull request's files at one head and base. */
export interface FileList {
  head_sha: string;
  base_ref: string;
  files: FileRow[];
  /** True when GitHub listed only the first 3,000. */
  truncated: boolean;
  /** True for a later part of a list that was not stored at once. */
  append?: boolean;
  /** True when it lacks files that could not be read or stored. */
  partial?: boolean;
}

/** `files` is set while the files of the pull request's current head and base are not captured. */
export interface PullRequestOutcome {
  number: number;
  outcome: "newer" | "older" | "same" | "ambiguous";
  /** The clock of the row's details. */
  clock: string;
  files?: { head_sha: string; base_ref: string; changed_files: number };
}

/** The result of merging reviews or comments. */
export interface MergeOutcome {
  /** The clock of the newest ambiguous observation. */
  ambiguous?: string;
  /** True for the event that created the pull request's stub. */
  details_needed: boolean;
  /** The clock of a payload whose requested reviewers are ambiguous. */
  reviewers_ambiguous?: string;
}

/** The lists whose complete listing proves deletions. */
export type ListedKind = "issue_comments" | "review_comments" | "reviews";

/** A row that a listing lacks. `created_at` is GitHub's. */
export interface AbsentItem {
  kind: ListedKind;
  id: number;
  created_at: string;
}
