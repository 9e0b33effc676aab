import type { PartialPullRequestRow, ReviewRow } from "../records/rows.ts";
import type { CaptureContext, MergeOutcome } from "./functions.ts";
import { call, type Store } from "./store.ts";

/** Writes what is newer than what is there. `finished` ends the job, if nothing is left unsettled. */
export async function mergeReviews(
  store: Store,
  context: CaptureContext,
  merge: {
    number: number;
    pull_request: PartialPullRequestRow | null;
    reviews: ReviewRow[];
    finished: boolean;
  },
): Promise<MergeOutcome> {
  return call(store, "capture_merge_reviews", { context, ...merge });
}
