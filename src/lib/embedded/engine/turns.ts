import type { SqlDatabase } from "../sql-database.ts";
import { findReady, loadRequests, park, type LoadedRequest, type ReadyRequest } from "./queue.ts";

const PAGE = 64;

/**
 * Whose turn it is. Knows what executes, and of what waits only what it takes to find it: memory does not grow with the queue.
 *
 * A **slot** is written `<limit> <key>`: of a key no more requests execute at once than the limit, whichever functions they are
 * of. Requests that a crowded slot holds up wait in the lane of that name.
 */
export class Turns {
  readonly #db: SqlDatabase;
  readonly #total: number;
  readonly #executing = new Map<number, ReadyRequest>();
  /** How many execute, by key. */
  readonly #used = new Map<string, number>();
  /** The lanes in which requests wait, with the best rank among these. */
  readonly #lanes = new Map<string, number>();
  /** The best rank that waits because everything is taken. */
  #waiting = Infinity;

  constructor(db: SqlDatabase, total: number) {
    this.#db = db;
    this.#total = total;
  }

  get executing(): number {
    return this.#executing.size;
  }

  /** Whoever arrives may be better than who executes. */
  arrived(rank: number): void {
    this.#waiting = Math.min(this.#waiting, rank);
  }

  /** The tables were reset: everything waits for anyone's turn. */
  reset(): void {
    this.#lanes.clear();
  }

  /** Gives turns to what may start, best rank first, and hands it over as it is found. */
  async *take(): AsyncGenerator<LoadedRequest> {
    for (let more = true; more && this.#executing.size < this.#total;) {
      const page = await this.#findReady();
      more = page.length === PAGE;

      const starting: number[] = [];
      const parking: { id: number; lane: string }[] = [];
      for (const request of page) {
        const crowded = request.slots.find((slot) => !this.#isFree(slot));
        if (crowded !== undefined) {
          this.#waitIn(crowded, request.rank);
          if (crowded !== request.lane) parking.push({ id: request.id, lane: crowded });
        } else if (this.#executing.size < this.#total) {
          this.#begin(request);
          starting.push(request.id);
        } else {
          this.#waitIn(request.lane, request.rank);
          this.arrived(request.rank);
        }
      }
      if (starting.length > 0) yield* await this.#load(starting);
      if (parking.length > 0) await park(this.#db, parking);
    }
  }

  /** Whether a run should let others go first, though it could go on. */
  mustYield(id: number): boolean {
    const executing = this.#executing.get(id);
    if (!executing) return true;
    const isBetter = (rank: number | undefined) => rank !== undefined && rank < executing.rank;
    return (
      (this.#executing.size >= this.#total && isBetter(this.#waiting)) ||
      executing.slots.some((slot) => !this.#isFree(slot) && isBetter(this.#lanes.get(slot)))
    );
  }

  end(id: number): void {
    const request = this.#executing.get(id);
    if (!request) return;
    this.#executing.delete(id);
    for (const slot of request.slots) this.#count(slot, -1);
    this.#waitIn(request.lane, request.rank); // it may be there still, having yielded
  }

  #begin(request: ReadyRequest): void {
    this.#executing.set(request.id, request);
    for (const slot of request.slots) this.#count(slot, 1);
  }

  /** Asks the lanes that may move. One that turns out empty is not asked again until somebody waits there. */
  async #findReady(): Promise<ReadyRequest[]> {
    const asked = [...this.#lanes].filter(([lane]) => this.#isFree(lane));
    // Before the question, so that a request that ends its turn meanwhile is not forgotten with its lane.
    for (const [lane] of asked) this.#lanes.delete(lane);
    this.#waiting = Infinity;
    let isAll = false;
    try {
      const lanes = ["", ...asked.map(([lane]) => lane)];
      const page = await findReady(this.#db, lanes, [...this.#executing.keys()], PAGE);
      isAll = page.length < PAGE;
      return page;
    } finally {
      if (!isAll) for (const [lane, rank] of asked) this.#waitIn(lane, rank);
    }
  }

  async #load(ids: number[]): Promise<LoadedRequest[]> {
    let loaded: LoadedRequest[] = [];
    try {
      loaded = await loadRequests(this.#db, ids);
      return loaded;
    } finally {
      // Those that are missing belonged to a run that failed meanwhile.
      for (const id of ids) if (!loaded.some((request) => request.id === id)) this.end(id);
    }
  }

  #waitIn(lane: string, rank: number): void {
    if (lane !== "") this.#lanes.set(lane, Math.min(this.#lanes.get(lane) ?? Infinity, rank));
  }

  #isFree(slot: string): boolean {
    return (this.#used.get(toKey(slot)) ?? 0) < Number.parseInt(slot, 10);
  }

  #count(slot: string, change: 1 | -1): void {
    const key = toKey(slot);
    const used = (this.#used.get(key) ?? 0) + change;
    if (used === 0) this.#used.delete(key);
    else this.#used.set(key, used);
  }
}

function toKey(slot: string): string {
  return slot.slice(slot.indexOf(" ") + 1);
}
