import type { NewRequest, ReadyRequest } from "./queue.ts";

/**
 * The first requests of the ready lane in rank order, so that a new run starts without a query, and a queue with many runs is read a page at a
 * time.
 */
export interface ReadyLane {
  /** True if there are no other requests in the lane. */
  isComplete(): boolean;
  /** Returns the known requests and removes them. Null: the lane has to be read. */
  takeKnown(): ReadyRequest[] | null;
  /** Reads the next page of this lane, and perhaps of others. The caller adds what does not start. */
  read(this: void, query: () => Promise<ReadyRequest[]>): Promise<ReadyRequest[]>;
  add(requests: readonly ReadyRequest[]): void;
  /** Begins an arrival, before its requests are stored. Call the result with those of the ready lane, once they are committed. */
  beginArrival(): (arrived: readonly NewRequest[]) => void;
  /** Forgets the known requests, so the lane is read again. */
  forget(this: void): void;
}

export function createReadyLane(pageSize: number): ReadyLane {
  let known: ReadyRequest[] = [];
  /** All requests with a lower rank are known. */
  let horizon = -Infinity;
  /** Counts the starts and the ends of reads. It is odd during a read. */
  let reads = 0;
  let isOutdated = false;

  function add(requests: readonly ReadyRequest[]): void {
    const nearer = requests.filter(({ rank }) => rank < horizon);
    if (nearer.length === 0) return;
    known = [...known, ...nearer].toSorted((a, b) => a.rank - b.rank || a.id - b.id);
    if (known.length <= pageSize) return;
    known = known.slice(0, pageSize);
    horizon = known.at(-1)?.rank ?? -Infinity;
  }

  function forget(): void {
    known = [];
    horizon = -Infinity;
    isOutdated = true;
  }

  return {
    isComplete: () => horizon === Infinity,
    takeKnown: () => {
      if (known.length === 0 && horizon !== Infinity) return null;
      const taken = known;
      known = [];
      return taken;
    },
    read: async (query) => {
      forget();
      isOutdated = false;
      reads++;
      try {
        const page = await query();
        if (!isOutdated) horizon = page.length < pageSize ? Infinity : (page.at(-1)?.rank ?? Infinity);
        return page;
      } finally {
        reads++;
      }
    },
    add,
    beginArrival: () => {
      const before = reads;
      return (arrived) => {
        if (arrived.length === 0) return;
        // Whether a read that ran meanwhile has seen them is unknown.
        if (before % 2 === 1 || before !== reads) forget();
        else add(arrived);
      };
    },
    forget,
  };
}
