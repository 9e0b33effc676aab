import type { CaptureContext, ListedKind } from "./functions.ts";
import { call, type Store } from "./store.ts";

/**
 * Ends a complete listing that began at that moment: buries what existed before and was not in it, notes GitHub's count, and ends
 * the job.
 */
export async function finishListing(
  store: Store,
  context: CaptureContext,
  finished: { number: number; kinds: ListedKind[]; began_at: string },
): Promise<void> {
  await call(store, "capture_finish_listing", { context, ...finished });
}
