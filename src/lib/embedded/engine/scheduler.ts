import type { SqlDatabase } from "../sql-database.ts";
import {
  findReady,
  loadRequests,
  park,
  type LoadedRequest,
  type NewRequest,
  type ReadyRequest,
} from "./queue.ts";
import { createReadyLane } from "./ready-lane.ts";

/** Decides which requests execute. */
export interface Scheduler {
  executingCount(): number;
  /** Begins an arrival, before its requests are stored. Call the result with those that can execute, once they are committed. */
  beginArrival(): (arrived: readonly NewRequest[]) => void;
  /** Reads the ready lane again. Call it when requests became ready without arriving, such as after a sleep. */
  readAgain(): void;
  /** Forgets the lanes, after the tables were reset. */
  reset(): void;
  /** Finds requests that can start, lowest rank first, and counts them as executing. */
  take(): AsyncGenerator<LoadedRequest>;
  /** True when another request with a lower rank waits for what this one uses. */
  mustYield(id: number): boolean;
  /** Ends an executing request. `isReady` is true when it yielded and is in its lane again. */
  end(id: number, isReady: boolean): void;
}

const pageSize = 64;

/**
 * Creates a scheduler that executes up to `maxExecuting` requests at once. It holds the executing requests in memory, the first of the ready
 * lane, and only the names of the other lanes, so its memory does not grow with the queue.
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
  const ready = createReadyLane(pageSize);

  const isFull = () => executing.size >= maxExecuting;
  const isFree = (slot: string) => (used.get(toKey(slot)) ?? 0) < Number.parseInt(slot, 10);

  function recordWaiting(rank: number): void {
    lowestWaiting = Math.min(lowestWaiting, rank);
  }

  function waitIn(lane: string, rank: number): void {
    lanes.set(lane, Math.min(lanes.get(lane) ?? Infinity, rank));
  }

  function keepWaiting(request: ReadyRequest): void {
    if (request.lane === "") ready.add([request]);
    else waitIn(request.lane, request.rank);
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

  function end(id: number, isReady: boolean): void {
    const request = executing.get(id);
    if (!request) return;
    executing.delete(id);
    for (const slot of request.slots) count(slot, -1);
    if (isReady) keepWaiting({ id, lane: request.lane, slots: request.slots, rank: request.rank });
  }

  async function* take(): AsyncGenerator<LoadedRequest> {
    try {
      while (!isFull()) {
        const { page, lanesRead } = await findPage();
        // A slot that became free during the query: its lane was not read, and an earlier request may wait there.
        const hasEarlier = (slot: string, rank: number) =>
          !lanesRead.has(slot) && (lanes.get(slot) ?? Infinity) <= rank;

        const starting: ReadyRequest[] = [];
        const parking: { id: number; lane: string }[] = [];
        for (const request of page) {
          const blocking = request.slots.find((slot) => !isFree(slot) || hasEarlier(slot, request.rank));
          if (blocking !== undefined) {
            waitIn(blocking, request.rank);
            if (blocking !== request.lane) parking.push({ id: request.id, lane: blocking });
          } else if (!isFull()) {
            begin(request);
            starting.push(request);
          } else {
            keepWaiting(request);
            recordWaiting(request.rank);
          }
        }
        if (starting.length > 0) yield* await load(starting);
        if (parking.length > 0) await park(db, parking);
        if (ready.isComplete()) break;
      }
    } catch (error) {
      ready.forget();
      throw error;
    }
  }

  /**
   * Returns the next requests of the ready lane and of the lanes of free slots. A lane that proves empty is not read again until a request waits
   * in it.
   */
  async function findPage(): Promise<{ page: ReadyRequest[]; lanesRead: ReadonlySet<string> }> {
    const freeLanes = [...lanes].filter(([lane]) => isFree(lane));
    lowestWaiting = Infinity;
    const known = freeLanes.length === 0 ? ready.takeKnown() : null;
    if (known) return { page: known, lanesRead: new Set([""]) };
    // Deleted before the query: a request that ends during the query adds its lane again.
    for (const [lane] of freeLanes) lanes.delete(lane);
    let isComplete = false;
    try {
      const lanesRead = new Set(["", ...freeLanes.map(([lane]) => lane)]);
      const page = await ready.read(() => findReady(db, [...lanesRead], [...executing.keys()], pageSize));
      isComplete = page.length < pageSize;
      return { page, lanesRead };
    } finally {
      if (!isComplete) for (const [lane, rank] of freeLanes) waitIn(lane, rank);
    }
  }

  async function load(starting: readonly ReadyRequest[]): Promise<LoadedRequest[]> {
    const loaded = new Map<number, LoadedRequest>();
    try {
      for (const request of starting) if (isLoaded(request)) loaded.set(request.id, request);
      const ids = starting.map(({ id }) => id).filter((id) => !loaded.has(id));
      if (ids.length > 0) for (const request of await loadRequests(db, ids)) loaded.set(request.id, request);
      return [...loaded.values()];
    } finally {
      // A missing request belonged to a run that failed in the meantime.
      for (const { id } of starting) if (!loaded.has(id)) end(id, false);
    }
  }

  return {
    executingCount: () => executing.size,
    beginArrival: () => {
      const add = ready.beginArrival();
      return (arrived) => {
        for (const { rank } of arrived) recordWaiting(rank);
        add(arrived);
      };
    },
    readAgain: ready.forget,
    reset: () => {
      lanes.clear();
      ready.forget();
    },
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

function isLoaded(request: ReadyRequest): request is NewRequest {
  return "event" in request;
}

function toKey(slot: string): string {
  return slot.slice(slot.indexOf(" ") + 1);
}
