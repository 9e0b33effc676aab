import type { CommentRow } from "../records/comment.ts";
import type { PartialPullRequestRow } from "../records/pull-request.ts";
import type { CaptureContext } from "./context-types.ts";
import type { MergeOutcome } from "./merge-types.ts";
import { call, type Store } from "./store.ts";

/** Merges comments of one pull request. `finished` completes the job if nothing is ambiguous. */
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

/** Records which review threads are resolved. A thread is identified by its first comment. */
export async function mergeThreads(
  store: Store,
  context: CaptureContext,
  threads: { comment_id: number; resolved: boolean }[],
): Promise<void> {
  await call(store, "capture_merge_threads", { context, threads });
}
