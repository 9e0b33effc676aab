import type { CommentRow } from "../records/comment.ts";
import type { SyncedPullRequestRow } from "../records/graphql-pull-request.ts";
import type { ShownCounts } from "../records/inventory.ts";
import type { ReviewRow } from "../records/review.ts";
import type { FileList, ListedKind } from "./merge-types.ts";

/** A page of a file list that is not the last one. `first` is the number of files on the pages before. */
export type FilePage = Pick<FileList, "head_sha" | "base_ref" | "files"> & { first: number };

/** What a page of a sync contains about one pull request. */
export interface SyncItem {
  number: number;
  pull_request?: SyncedPullRequestRow;
  /** GitHub's counts. With them the pull request counts as read. */
  shown?: ShownCounts;
  file_page?: FilePage;
  /** With `first`, the last page of a list whose other pages were stored before. */
  files?: FileList & { first?: number };
  reviews?: ReviewRow[];
  comments?: CommentRow[];
  threads?: { comment_id: number; resolved: boolean }[];
  /**
   * The lists that end with this item. Rows that a `proven` list lacks were deleted. `total` is GitHub's count, null when unknown.
   */
  complete?: { kind: ListedKind; began_at: string; proven: boolean; total: number | null }[];
}

/** What is not captured yet after a page was merged, as numbers of pull requests. */
export interface SyncLacks {
  /** The files of the current head are not captured. */
  files: number[];
  /** The first comment of a thread is not captured. */
  threads: number[];
  /** Review comments are stale, or their number differs from GitHub's. */
  review_comments: number[];
  /** Lists from several answers that lack rows. A shifted page may have skipped them. */
  unproven: { number: number; kind: ListedKind }[];
}
