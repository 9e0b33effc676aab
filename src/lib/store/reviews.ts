import type { PartialPullRequestRow } from "../records/pull-request.ts";
import type { ReviewRow } from "../records/review.ts";
import type { CaptureContext } from "./context-types.ts";
import type { MergeOutcome } from "./merge-types.ts";
import { call, type Store } from "./store.ts";

/** Merges reviews of one pull request. `finished` completes the job if nothing is ambiguous. */
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
