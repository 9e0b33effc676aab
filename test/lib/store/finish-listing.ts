import type { CaptureContext } from "../../../src/lib/store/context-types.ts";
import type { ListedKind } from "../../../src/lib/store/merge-types.ts";
import { markDeleted, finishListing as endListing } from "../../../src/lib/store/listings.ts";
import type { Store } from "../../../src/lib/store/store.ts";

/** Ends a complete listing after GitHub confirmed that all absent items were deleted. */
export async function finishListing(
  store: Store,
  context: CaptureContext,
  { kinds, ...listed }: { number: number; kinds: ListedKind[]; began_at: string },
): Promise<void> {
  const listing = { ...listed, kinds, counted: kinds, finished: true };
  const gone = await endListing(store, context, listing);
  if (gone.length > 0) await markDeleted(store, context, { ...listing, gone });
}
