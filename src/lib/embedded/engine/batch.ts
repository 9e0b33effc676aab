/** Combines concurrent calls: an item that arrives while `run` is busy waits and shares the next call with the others. */
export function batch<Item>(run: (items: Item[]) => Promise<void>): (item: Item) => Promise<void> {
  let waiting: Item[] = [];
  let next: Promise<void> | null = null;
  let current: Promise<unknown> = Promise.resolve();

  return (item) => {
    waiting.push(item);
    next ??= current.then(endOfTurn).then(() => {
      const items = waiting;
      waiting = [];
      next = null;
      const done = run(items);
      current = done.catch(() => {});
      return done;
    });
    return next;
  };
}

/** Resolves at the end of this turn of the event loop, so that calls made in the same turn are combined. */
export const endOfTurn = () => new Promise<void>((resolve) => setImmediate(resolve));
