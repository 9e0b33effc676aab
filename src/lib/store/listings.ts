import type { CaptureContext } from "./context-types.ts";
import type { AbsentItem, ListedKind } from "./merge-types.ts";
import { call, type Store } from "./store.ts";

interface EndedListing {
  number: number;
  /** The lists that were read. */
  kinds: ListedKind[];
  /** The lists that were read completely: their length is GitHub's count. */
  counted: ListedKind[];
  began_at: string;
  /** True: complete the job if nothing is absent. */
  finished: boolean;
}

/**
 * Ends listings. Returns the rows that existed before and were not listed, without marking them as deleted: absence from a listing proves
 * nothing. If there are none, records GitHub's counts and completes the job.
 */
export async function finishListing(
  store: Store,
  context: CaptureContext,
  listing: EndedListing,
): Promise<AbsentItem[]> {
  return call(store, "capture_finish_listing", { context, ...listing, gone: null });
}

/** Marks rows as deleted that GitHub no longer has, unless they were observed meanwhile. Records GitHub's counts and completes the job. */
export async function markDeleted(
  store: Store,
  context: CaptureContext,
  listing: EndedListing & { gone: AbsentItem[] },
): Promise<void> {
  await call(store, "capture_finish_listing", { context, ...listing });
}
