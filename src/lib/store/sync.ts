import type { InventoryItem } from "../records/inventory.ts";
import type { CaptureContext } from "./context-types.ts";
import type { StoreFunctions } from "./sql-functions.ts";
import type { SyncItem, SyncLacks } from "./sync-types.ts";
import { call, type Store } from "./store.ts";

/** Begins a sync. With `extends`, history back to `since` (null: all) is captured from now on. */
export async function beginSync(
  store: Store,
  context: CaptureContext,
  sync: { since: string | null; extends: boolean },
): Promise<StoreFunctions["capture_begin_sync"]["Returns"]> {
  return call(store, "capture_begin_sync", { context, ...sync });
}

/** Records a page of an inventory, and marks pull requests that were updated without a webhook as stale. */
export async function recordInventory(
  store: Store,
  context: CaptureContext,
  items: InventoryItem[],
): Promise<void> {
  await call(store, "capture_record_inventory", { context, items });
}

/** Returns the pull requests to read next, and how many remain. */
export async function nextToRead(
  store: Store,
  asked: StoreFunctions["capture_next_to_read"]["Args"],
): Promise<StoreFunctions["capture_next_to_read"]["Returns"]> {
  return call(store, "capture_next_to_read", asked);
}

/**
 * Merges a page of pull requests, and records how many of `total` the sync has read. Returns what is not captured yet.
 */
export async function mergeSync(
  store: Store,
  context: CaptureContext,
  items: SyncItem[],
  progress: { done?: number; total?: number | null } = {},
): Promise<SyncLacks> {
  const { done = null, total = null } = progress;
  return call(store, "capture_merge_sync", { context, items, done, total });
}

/** Skips parts of pull requests. They become stale, and captures of their own read them. */
export async function leaveUnread(
  store: Store,
  context: CaptureContext,
  left: { numbers: number[]; parts: string[]; began_at: string },
): Promise<void> {
  await call(store, "capture_leave_unread", { context, ...left });
}

/** Returns the pull requests with review comments that a list of all review comments lacked. */
export async function findAbsentReviewComments(
  store: Store,
  asked: StoreFunctions["capture_absent_review_comments"]["Args"],
): Promise<number[]> {
  return call(store, "capture_absent_review_comments", asked);
}

/** Ends a sync and completes its job. */
export async function finishSync(
  store: Store,
  context: CaptureContext,
  end: Omit<StoreFunctions["capture_finish_sync"]["Args"], "context">,
): Promise<void> {
  await call(store, "capture_finish_sync", { context, ...end });
}
