import { isUnstorable } from "./store.ts";

/** An item that the database refuses, and why. */
export interface RefusedItem<Item> {
  item: Item;
  error: Error;
}

export interface StoredInParts<Item, Result> {
  /** The results of the committed calls, in the order of the items. */
  results: Result[];
  refused: RefusedItem<Item>[];
}

/**
 * Stores items with one call. When the database cannot store one of them (see `isUnstorable`), stores each half with a call of its own, down to
 * single items. So all but the bad ones are stored, in O(bad × log n) calls. Other errors are thrown, and what was stored before stays stored.
 *
 * `isFirst` is true until one call was committed. Numbers that are counted once, such as requests, belong to that call. An empty list is one
 * call too.
 */
export async function storeInParts<Item, Result>(
  items: readonly Item[],
  store: (part: Item[], isFirst: boolean) => Promise<Result>,
): Promise<StoredInParts<Item, Result>> {
  const stored: StoredInParts<Item, Result> = { results: [], refused: [] };

  async function storePart(part: Item[]): Promise<void> {
    try {
      stored.results.push(await store(part, stored.results.length === 0));
    } catch (error) {
      const [item] = part;
      if (!isUnstorable(error) || item === undefined) throw error;
      if (part.length === 1) {
        stored.refused.push({ item, error });
        return;
      }
      const middle = Math.ceil(part.length / 2);
      await storePart(part.slice(0, middle));
      await storePart(part.slice(middle));
    }
  }

  await storePart([...items]);
  return stored;
}
