/** Does the work for every item in order, for up to `atATime` items at once. It takes an item only when a worker is free. */
export async function inParallel<Item>(
  items: Iterable<Item>,
  atATime: number,
  work: (item: Item) => Promise<unknown>,
): Promise<void> {
  const queue = items[Symbol.iterator]();
  const workers = Array.from({ length: atATime }, async () => {
    for (let next = queue.next(); !next.done; next = queue.next()) await work(next.value);
  });
  await Promise.all(workers);
}
