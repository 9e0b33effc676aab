import type { SqlDatabase } from "../sql-database.ts";
import { findReady, loadRequests, park, type LoadedRequest, type ReadyRequest } from "./queue.ts";

/** Decides which requests execute. */
export interface Scheduler {
  executingCount(): number;
  /** Records that a request with this rank waits. */
  recordArrival(rank: number): void;
  /** Forgets the lanes, after the tables were reset. */
  reset(): void;
  /** Finds requests that can start, lowest rank first, and counts them as executing. */
  take(): AsyncGenerator<LoadedRequest>;
  /** True when another request with a lower rank waits for what this one uses. */
  mustYield(id: number): boolean;
  end(id: number): void;
}

const pageSize = 64;

/**
 * Creates a scheduler that executes up to `maxExecuting` requests at once. It holds the executing requests in memory, and only
 * the lanes of the waiting ones, so its memory does not grow with the queue.
 *
 * A **slot** is written `<limit> <key>`. At most `limit` requests with the same key execute at once, across all functions. A
 * request that waits for a full slot is in the lane with the slot's name.
 */
export function createScheduler(db: SqlDatabase, maxExecuting: number): Scheduler {
  const executing = new Map<number, ReadyRequest>();
  /** The number of executing requests by slot key. */
  const used = new Map<string, number>();
  /** The lowest rank that waits in each lane. */
  const lanes = new Map<string, number>();
  /** The lowest rank that waits because `maxExecuting` is reached. */
  let lowestWaiting = Infinity;

  const isFull = () => executing.size >= maxExecuting;
  const isFree = (slot: string) => (used.get(toKey(slot)) ?? 0) < Number.parseInt(slot, 10);

  function recordArrival(rank: number): void {
    lowestWaiting = Math.min(lowestWaiting, rank);
  }

  function waitIn(lane: string, rank: number): void {
    if (lane !== "") lanes.set(lane, Math.min(lanes.get(lane) ?? Infinity, rank));
  }

  function count(slot: string, change: 1 | -1): void {
    const key = toKey(slot);
    const now = (used.get(key) ?? 0) + change;
    if (now === 0) used.delete(key);
    else used.set(key, now);
  }

  function begin(request: ReadyRequest): void {
    executing.set(request.id, request);
    for (const slot of request.slots) count(slot, 1);
  }

  function end(id: number): void {
    const request = executing.get(id);
    if (!request) return;
    executing.delete(id);
    for (const slot of request.slots) count(slot, -1);
    waitIn(request.lane, request.rank); // a request that yielded is still in its lane
  }

  async function* take(): AsyncGenerator<LoadedRequest> {
    for (let more = true; more && !isFull();) {
      const { page, lanesRead } = await findPage();
      more = page.length === pageSize;
      // A slot that became free during the query: its lane was not read, and an earlier request may wait there.
      const hasEarlier = (slot: string, rank: number) =>
        !lanesRead.has(slot) && (lanes.get(slot) ?? Infinity) <= rank;

      const starting: number[] = [];
      const parking: { id: number; lane: string }[] = [];
      for (const request of page) {
        const blocking = request.slots.find((slot) => !isFree(slot) || hasEarlier(slot, request.rank));
        if (blocking !== undefined) {
          waitIn(blocking, request.rank);
          if (blocking !== request.lane) parking.push({ id: request.id, lane: blocking });
        } else if (!isFull()) {
          begin(request);
          starting.push(request.id);
        } else {
          waitIn(request.lane, request.rank);
          recordArrival(request.rank);
        }
      }
      if (starting.length > 0) yield* await load(starting);
      if (parking.length > 0) await park(db, parking);
    }
  }

  /** Reads the ready lane and the lanes of free slots. A lane that proves empty is not read again until a request waits in it. */
  async function findPage(): Promise<{ page: ReadyRequest[]; lanesRead: Set<string> }> {
    const freeLanes = [...lanes].filter(([lane]) => isFree(lane));
    // Deleted before the query: a request that ends during the query adds its lane again.
    for (const [lane] of freeLanes) lanes.delete(lane);
    lowestWaiting = Infinity;
    let isComplete = false;
    try {
      const lanesRead = new Set(["", ...freeLanes.map(([lane]) => lane)]);
      const page = await findReady(db, [...lanesRead], [...executing.keys()], pageSize);
      isComplete = page.length < pageSize;
      return { page, lanesRead };
    } finally {
      if (!isComplete) for (const [lane, rank] of freeLanes) waitIn(lane, rank);
    }
  }

  async function load(ids: number[]): Promise<LoadedRequest[]> {
    let loaded: LoadedRequest[] = [];
    try {
      loaded = await loadRequests(db, ids);
      return loaded;
    } finally {
      // A missing request belonged to a run that failed in the meantime.
      for (const id of ids) if (!loaded.some((request) => request.id === id)) end(id);
    }
  }

  return {
    executingCount: () => executing.size,
    recordArrival,
    reset: () => lanes.clear(),
    take,
    mustYield: (id) => {
      const request = executing.get(id);
      if (!request) return true;
      const isLower = (rank: number | undefined) => rank !== undefined && rank < request.rank;
      return (
        (isFull() && isLower(lowestWaiting)) ||
        request.slots.some((slot) => !isFree(slot) && isLower(lanes.get(slot)))
      );
    },
    end,
  };
}

function toKey(slot: string): string {
  return slot.slice(slot.indexOf(" ") + 1);
}
