import type { CommentRow, PartialPullRequestRow } from "../records/rows.ts";
import type { CaptureContext, MergeOutcome } from "./functions.ts";
import { call, type Store } from "./store.ts";

/** Writes what is newer than what is there. `finished` ends the job, if nothing is left unsettled. */
export async function mergeComments(
  store: Store,
  context: CaptureContext,
  merge: {
    number: number;
    pull_request: PartialPullRequestRow | null;
    comments: CommentRow[];
    finished: boolean;
  },
): Promise<MergeOutcome> {
  return call(store, "capture_merge_comments", { context, ...merge });
}

/** Notes which threads, named by their first comment, are resolved. */
export async function mergeThreads(
  store: Store,
  context: CaptureContext,
  threads: { comment_id: number; resolved: boolean }[],
): Promise<void> {
  await call(store, "capture_merge_threads", { context, threads });
}
