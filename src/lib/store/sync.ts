import type { CaptureContext, SyncItem, SyncLacks } from "./functions.ts";
import { call, type Store } from "./store.ts";

/**
 * Merges a page of many pull requests, and notes how many of `total` the sync has done; null leaves that as it is. Returns what is not
 * captured of them yet.
 */
export async function mergeSync(
  store: Store,
  context: CaptureContext,
  items: SyncItem[],
  progress: { done: number | null; total: number | null } = { done: null, total: null },
): Promise<SyncLacks> {
  return call(store, "capture_merge_sync", { context, items, ...progress });
}

/** Ends a sync that began at that moment, and its job. `complete`: it walked the whole repository, which had so many at `counted_at`. */
export async function finishSync(
  store: Store,
  context: CaptureContext,
  end: { began_at: string; complete: boolean; pull_requests: number; counted_at: string },
): Promise<void> {
  await call(store, "capture_finish_sync", { context, ...end });
}
