/** Makes one call for what is asked while the call before is under way: alone at once, together under load. */
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

/** What else this turn of the event loop brings joins in. */
export const endOfTurn = () => new Promise<void>((resolve) => setImmediate(resolve));
