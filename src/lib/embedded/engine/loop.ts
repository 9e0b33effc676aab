import { setTimeout as delay } from "node:timers/promises";
import type { CallSdk } from "../serve-in-process.ts";
import type { SqlDatabase, SqlLock } from "../sql-database.ts";
import { endOfTurn } from "./batch.ts";
import type { EngineFunction } from "./functions.ts";
import * as queue from "./queue.ts";
import { createRunner, type EngineLogger, type Runner } from "./runner.ts";
import { createScheduler } from "./scheduler.ts";

export interface LoopOptions {
  db: SqlDatabase;
  log: EngineLogger | undefined;
  now: () => number;
  backoff: (failures: number) => number;
  functions: ReadonlyMap<string, EngineFunction>;
  callSdk: CallSdk;
  maxExecuting: number;
  errorDelayMs: number;
}

export interface Loop {
  /** Returns false when another process works on the queue. */
  start(): Promise<boolean>;
  /** False after `stop` ended, and while another process may work on the queue: it would not notice what is stored here. */
  isRunning(): boolean;
  /** True after the lock of the queue was lost, until it is taken again. */
  hasLostLock(): boolean;
  /** Stores new runs, then executes them. Resolves once they are committed. */
  accept(eventIds: string[], runs: queue.NewRun[], now: number): Promise<void>;
  /** Stores the steps that an executing request has finished so far. Returns false when its call has to end. */
  checkpoint: Runner["checkpoint"];
  stop(timeoutMs: number): Promise<void>;
  idle(dueWithinMs: number): Promise<void>;
  stats(): LoopStats;
}

interface LoopStats {
  executing: number;
  events: number;
  finished: number;
  failed: number;
  retried: number;
}

const lockName = "pr-capture-engine";
const hourMs = 60 * 60 * 1000;
const maxTimerMs = 2 ** 31 - 1;
const runsPerVacuum = 2000;

/**
 * Creates the loop that works on the queue. It does not poll: a new event, the end of a request and a timer for the next due
 * request each wake it.
 */
export function createLoop(options: LoopOptions): Loop {
  const { db, log, now, maxExecuting, errorDelayMs } = options;
  let state: "new" | "started" | "stopping" | "stopped" = "new";
  let lock: SqlLock | null = null;
  let isWorking = false;
  let wokenAgain = false;
  let timer: NodeJS.Timeout | undefined;
  let nextDue = 0;
  let nextPrune = 0;
  let nextVacuum = runsPerVacuum;
  let newEvents = 0;
  let accepting = 0;
  let idlers: { dueWithinMs: number; resolve: () => void }[] = [];

  const scheduler = createScheduler(db, maxExecuting);
  const runner = createRunner({
    ...options,
    onPlanned: recordDue,
    onReady: () => scheduler.readAgain(),
    mustYield,
    isStopped: () => state === "stopped",
  });

  function mustYield(requestId: number): boolean {
    return state !== "started" || scheduler.mustYield(requestId);
  }

  /** 0: what is due is unknown, so the queue is read again. */
  function recordDue(dueAt: number): void {
    nextDue = Math.min(nextDue, dueAt);
  }

  async function accept(eventIds: string[], runs: queue.NewRun[], acceptedAt: number): Promise<void> {
    accepting++;
    const arrive = scheduler.beginArrival();
    try {
      const { events, nextDue: firstDue, ready } = await queue.acceptRuns(db, eventIds, runs, acceptedAt);
      newEvents += events;
      if (firstDue !== null) recordDue(firstDue);
      arrive(ready);
    } catch (error) {
      recordDue(0); // they may be committed
      throw error;
    } finally {
      accepting--;
      wake();
    }
  }

  async function takeLock(): Promise<boolean> {
    const taken = await db.tryLock(lockName, (err) => {
      log?.error({ err }, "Lost the lock of the queue; no run starts until it is taken again");
      lock = null;
      wake();
    });
    if (taken === null) return false;
    try {
      await queue.createTables(db);
      await queue.resetLanes(db, now());
    } catch (error) {
      await taken.release();
      throw error;
    }
    scheduler.reset();
    recordDue(0);
    lock = taken;
    return true;
  }

  /** Works on the queue now, or again after the current pass. */
  function wake(): void {
    wokenAgain = true;
    if (!isWorking && (state === "started" || state === "stopping")) void work();
  }

  async function work(): Promise<void> {
    isWorking = true;
    let hasFailed = false;
    try {
      while (wokenAgain) {
        await endOfTurn(); // requests that end in the same turn share one pass
        wokenAgain = false;
        if (state !== "started") break;
        if (lock === null && !(await takeLock())) throw new Error("Another process took over the queue.");
        await handleDue();
        for await (const request of scheduler.take()) void execute(request);
      }
    } catch (err) {
      hasFailed = true;
      recordDue(0);
      log?.error({ err }, "Could not read the queue; retrying");
    }
    isWorking = false;
    setTimer(hasFailed ? now() + errorDelayMs : Math.min(nextDue, nextPrune));
    if (!hasFailed) resolveIdlers();
  }

  async function handleDue(): Promise<void> {
    const time = now();
    if (nextDue <= time) {
      nextDue = Infinity; // reset before the query, so that a time recorded during it counts
      const next = await queue.wakeDue(db, time);
      if (next !== null) recordDue(next);
      scheduler.readAgain();
    }
    if (nextPrune <= time) {
      nextPrune = time + hourMs;
      await queue.prune(db, time);
    }
    if (runner.stats.finished >= nextVacuum) {
      nextVacuum = runner.stats.finished + runsPerVacuum;
      await queue.vacuum(db);
    }
  }

  /** Executes a run's requests until the run ends, waits, or must yield to one with a lower rank. */
  async function execute(first: queue.LoadedRequest): Promise<void> {
    let request: queue.LoadedRequest | null = first;
    try {
      while (request !== null) {
        request = await runner.execute(request);
        if (mustYield(first.id)) break;
      }
    } catch (err) {
      if (state === "stopped") return;
      log?.error(
        { err, runId: first.runId },
        "Could not store the outcome of a request; repeating the request",
      );
      await delay(errorDelayMs);
      recordDue(0); // the outcome may be committed
    }
    scheduler.end(first.id, request !== null);
    wake();
  }

  function setTimer(time: number): void {
    clearTimeout(timer);
    if (state !== "started") return;
    timer = setTimeout(wake, Math.max(0, Math.min(time - now(), maxTimerMs)));
  }

  function resolveIdlers(): void {
    if (isWorking || scheduler.executingCount() > 0 || accepting > 0) return;
    const soonest = state === "started" ? nextDue : Infinity;
    const isIdle = ({ dueWithinMs }: { dueWithinMs: number }) => soonest > now() + dueWithinMs;
    const resolved = idlers.filter(isIdle);
    idlers = idlers.filter((idler) => !resolved.includes(idler));
    for (const { resolve } of resolved) resolve();
  }

  function idle(dueWithinMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    idlers.push({ dueWithinMs, resolve });
    wake();
    return promise;
  }

  return {
    start: async () => {
      if (!(await takeLock())) return false;
      state = "started";
      wake();
      return true;
    },
    isRunning: () => (state === "started" && lock !== null) || state === "stopping",
    hasLostLock: () => state === "started" && lock === null,
    accept,
    checkpoint: (requestId, steps) => runner.checkpoint(requestId, steps),
    stop: async (timeoutMs) => {
      if (state !== "started") return;
      state = "stopping";
      clearTimeout(timer);
      const timeout = new AbortController();
      await Promise.race([idle(0), delay(timeoutMs, null, { signal: timeout.signal }).catch(() => {})]);
      timeout.abort();
      state = "stopped";
      for (const { resolve } of idlers.splice(0)) resolve();
      await lock?.release();
      lock = null;
    },
    idle,
    stats: () => ({ executing: scheduler.executingCount(), events: newEvents, ...runner.stats }),
  };
}
