import { endOfTurn } from "./engine/batch.ts";
import { inngestBackoff } from "./engine/backoff.ts";
import { SERVE_HEADERS, SERVE_URL, type Handler } from "./engine/call-function.ts";
import { toEngineFunction, type CronTrigger, type EngineFunction } from "./engine/functions.ts";
import { parseEvents } from "./engine/parse-events.ts";
import * as queue from "./engine/queue.ts";
import { Runner, type EngineLogger } from "./engine/runner.ts";
import { toRun, toRuns } from "./engine/to-runs.ts";
import { Turns } from "./engine/turns.ts";
import type { SqlDatabase, SqlLock } from "./sql-database.ts";

/**
 * # A small Inngest, in process
 *
 * Durable functions without another server: for trying, for tests, and for a small installation on one machine. It answers the
 * Inngest SDK's `fetch`, keeps what it accepts in the database, and calls the SDK's own serve handler. Beyond that (several
 * machines, a dashboard, a history, alerts) Inngest takes over: set its keys, and the same functions run there.
 *
 * It honours triggers with expressions, crons, retries, concurrency, priority, throttle and `onFailure`, and steps that run, run
 * in parallel, sleep and send events. A function that declares anything else is refused at the start.
 *
 * The database is the queue: `engine/queue.ts` has its terms and all its SQL, `engine/turns.ts` says what executes next, and
 * `engine/runner.ts` executes it. One process works on a queue at a time. Nothing polls: a send, an end, and a timer for what is
 * due next each cause a look at the queue.
 */
export interface InngestEngine {
  /** For `new Inngest({ isDev: true, checkpointing: false, fetch })`. Until `start` and after `stop`, events are refused. */
  readonly fetch: typeof fetch;
  /**
   * Takes up what is unfinished and goes on. `handler` is what `serve()` of `inngest/edge` returns. Throws a sentence when a
   * function declares what is not honoured, or another process works on the queue.
   */
  start(handler: Handler): Promise<void>;
  /** Begins nothing more, lets what executes finish for so long (10 s), and leaves the rest to the next start. */
  stop(options?: { timeoutMs?: number }): Promise<void>;
  /**
   * Resolves when nothing executes or is ready to. What sleeps, is throttled or is to be tried again counts when it is due within
   * that time; crons count when they are due now.
   */
  idle(dueWithinMs?: number): Promise<void>;
  stats(): EngineStats;
}

/** Since the start. */
export interface EngineStats {
  executing: number;
  events: number;
  finished: number;
  failed: number;
  retried: number;
}

export interface EngineOptions {
  db: SqlDatabase;
  logger?: EngineLogger;
  /** Milliseconds since 1970. Whoever moves it by hand calls `idle` then, which looks at the queue. */
  now?: () => number;
  /** How many requests execute at once, over all functions. */
  concurrency?: number;
  /** Milliseconds to wait after that many failed attempts. */
  backoff?: (failures: number) => number;
  /** False: functions run by events only, for what is to be the same at every time of day. */
  crons?: boolean;
}

export function createInngestEngine(options: EngineOptions): InngestEngine {
  return new Engine(options);
}

const LOCK = "pr-capture-engine";
const HOUR_MS = 60 * 60 * 1000;
const TROUBLE_DELAY_MS = 1000;
const LONGEST_TIMER_MS = 2 ** 31 - 1;
const RUNS_PER_VACUUM = 2000;

class Engine implements InngestEngine {
  readonly #db: SqlDatabase;
  readonly #log: EngineLogger | undefined;
  readonly #now: () => number;
  readonly #backoff: (failures: number) => number;
  readonly #honoursCrons: boolean;
  readonly #turns: Turns;
  readonly #functions = new Map<string, EngineFunction>();
  readonly #crons: { cron: CronTrigger; fn: EngineFunction; nextAt: number }[] = [];
  #declared: unknown[] | null = null;
  #runner: Runner | null = null;
  #lock: SqlLock | null = null;
  #state: "new" | "started" | "stopping" | "stopped" = "new";
  #events = 0;
  #accepting = 0;

  #isLooking = false;
  #lookAgain = false;
  #timer: NodeJS.Timeout | undefined;
  #nextDue = 0;
  #nextPrune = 0;
  #nextVacuum = RUNS_PER_VACUUM;
  #idlers: { dueWithinMs: number; resolve: () => void }[] = [];

  constructor({
    db,
    logger,
    now = Date.now,
    concurrency = 16,
    backoff = inngestBackoff,
    crons = true,
  }: EngineOptions) {
    this.#db = db;
    this.#honoursCrons = crons;
    this.#log = logger;
    this.#now = now;
    this.#backoff = backoff;
    this.#turns = new Turns(db, concurrency);
  }

  // What the SDK asks

  readonly fetch: typeof fetch = async (input, init) => {
    const request = new Request(input, init);
    const { pathname } = new URL(request.url);
    if (request.method === "POST" && pathname.startsWith("/e/")) return this.#receive(request);
    if (request.method === "POST" && pathname === "/fn/register") {
      const { functions } = (await request.json()) as { functions: unknown[] };
      this.#declared = functions;
      return Response.json({ ok: true, status: 200, modified: true });
    }
    return refuse(404, `The embedded engine does not answer ${request.method} ${pathname}. Inngest does.`);
  };

  /** Answers once the events and their runs are committed. */
  async #receive(request: Request): Promise<Response> {
    if (this.#state === "new" || this.#state === "stopped")
      return refuse(503, "The embedded engine is not running.");
    const now = this.#now();
    const events = parseEvents(await request.json(), request.headers.get("x-inngest-event-id-seed"), now);
    if (events === null) return refuse(400, "These are no events: each needs a name.");

    const unique = new Map(events.toReversed().map((event) => [event.id, event])); // of the same id the first
    const distinct = [...unique.values()].toReversed();
    try {
      await this.#accept(
        distinct.map((event) => event.id),
        distinct.flatMap((event) => toRuns(event, this.#functions.values(), now)),
        now,
      );
    } catch (error) {
      this.#log?.error({ err: error }, "Events could not be kept");
      return refuse(500, "The events could not be kept.");
    }
    return Response.json({ ids: events.map((event) => event.id), status: 200 });
  }

  async #accept(eventIds: string[], runs: queue.NewRun[], now: number): Promise<void> {
    this.#accepting++;
    try {
      const { events, nextDue } = await queue.acceptRuns(this.#db, eventIds, runs, now);
      this.#events += events;
      if (nextDue !== null) this.#isDueAt(nextDue);
      for (const { rank } of runs) this.#turns.arrived(rank);
    } finally {
      this.#accepting--;
      this.#look();
    }
  }

  // From start to stop

  async start(handler: Handler): Promise<void> {
    if (this.#state !== "new") throw new Error("The embedded engine starts once.");
    await this.#register(handler);
    this.#runner = new Runner({
      db: this.#db,
      log: this.#log,
      now: this.#now,
      backoff: this.#backoff,
      functions: this.#functions,
      handler,
      onPlanned: (dueAt) => this.#isDueAt(dueAt),
      isStopped: () => this.#state === "stopped",
    });
    if (!(await this.#takeLock())) {
      throw new Error(
        `Another process already works on the queue in ${this.#db.description}. Stop that one first, or give this one another database.`,
      );
    }
    this.#state = "started";
    this.#look();
  }

  async #register(handler: Handler): Promise<void> {
    const answer = await handler(new Request(SERVE_URL, { method: "PUT", headers: SERVE_HEADERS }));
    if (!answer.ok || this.#declared === null) {
      throw new Error(
        `The functions could not be registered with the embedded engine: ${await answer.text()}`,
      );
    }
    for (const fn of this.#declared.map(toEngineFunction)) {
      this.#functions.set(fn.id, fn);
      for (const { cron } of fn.triggers) {
        if (cron && this.#honoursCrons) this.#crons.push({ cron, fn, nextAt: cron.next(this.#now()) });
      }
    }
  }

  /** False when another process has it. */
  async #takeLock(): Promise<boolean> {
    const lock = await this.#db.tryLock(LOCK, (err) => {
      this.#log?.error({ err }, "The lock of the queue was lost; nothing begins until it is back");
      this.#lock = null;
      this.#look();
    });
    if (lock === null) return false;
    try {
      await queue.createTables(this.#db);
      await queue.resetLanes(this.#db, this.#now());
    } catch (error) {
      await lock.release();
      throw error;
    }
    this.#turns.reset();
    this.#isDueAt(0);
    this.#lock = lock;
    return true;
  }

  async stop({ timeoutMs = 10_000 }: { timeoutMs?: number } = {}): Promise<void> {
    if (this.#state !== "started") return;
    this.#state = "stopping";
    clearTimeout(this.#timer);
    const timeout = Promise.withResolvers<void>();
    const timer = setTimeout(timeout.resolve, timeoutMs);
    await Promise.race([this.idle(), timeout.promise]);
    clearTimeout(timer);
    this.#state = "stopped";
    for (const { resolve } of this.#idlers.splice(0)) resolve();
    await this.#lock?.release();
    this.#lock = null;
  }

  idle(dueWithinMs = 0): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#idlers.push({ dueWithinMs, resolve });
    this.#look();
    return promise;
  }

  stats(): EngineStats {
    const { finished, failed, retried } = this.#runner?.stats ?? { finished: 0, failed: 0, retried: 0 };
    return { executing: this.#turns.executing, events: this.#events, finished, failed, retried };
  }

  // The look at the queue

  #isDueAt(dueAt: number): void {
    this.#nextDue = Math.min(this.#nextDue, dueAt);
  }

  /** Causes a look, now or when the present one ends. */
  #look(): void {
    this.#lookAgain = true;
    if (!this.#isLooking && (this.#state === "started" || this.#state === "stopping"))
      void this.#lookUntilDone();
  }

  async #lookUntilDone(): Promise<void> {
    this.#isLooking = true;
    let isTroubled = false;
    try {
      while (this.#lookAgain) {
        await endOfTurn(); // several ends are often at hand, and are one look
        this.#lookAgain = false;
        if (this.#state !== "started") break;
        if (this.#lock === null && !(await this.#takeLock()))
          throw new Error("Another process took the queue over.");
        await this.#doWhatIsDue();
        for await (const request of this.#turns.take()) void this.#execute(request);
      }
    } catch (err) {
      isTroubled = true;
      this.#log?.error({ err }, "The queue could not be read; it will be tried again");
    }
    this.#isLooking = false;
    this.#setTimer(isTroubled ? this.#now() + TROUBLE_DELAY_MS : Infinity);
    if (!isTroubled) this.#tellIdlers();
  }

  async #doWhatIsDue(): Promise<void> {
    const now = this.#now();
    if (this.#nextDue <= now) {
      this.#nextDue = Infinity; // before the question: what is planned meanwhile counts too
      const next = await queue.wakeDue(this.#db, now);
      if (next !== null) this.#isDueAt(next);
    }
    for (const each of this.#crons.filter(({ nextAt }) => nextAt <= now)) {
      const { cron, fn, nextAt } = each;
      const id = `${fn.id} ${cron.pattern} ${new Date(nextAt).toISOString()}`;
      const event = { id, name: "inngest/scheduled.timer", data: { cron: cron.pattern }, ts: nextAt };
      await this.#accept([id], [toRun(event, fn, now)], now);
      each.nextAt = cron.next(now);
    }
    if (this.#nextPrune <= now) {
      this.#nextPrune = now + HOUR_MS;
      await queue.prune(this.#db, now);
    }
    if (this.stats().finished >= this.#nextVacuum) {
      this.#nextVacuum = this.stats().finished + RUNS_PER_VACUUM;
      await queue.vacuum(this.#db);
    }
  }

  /** Goes on with a run as long as it has a next step and nobody better waits for what it takes up. */
  async #execute(first: queue.LoadedRequest): Promise<void> {
    try {
      let request: queue.LoadedRequest | null = first;
      while (request !== null) {
        request = (await this.#runner?.execute(request)) ?? null;
        if (this.#state !== "started" || this.#turns.mustYield(first.id)) break;
      }
    } catch (err) {
      if (this.#state === "stopped") return;
      this.#log?.error(
        { err, runId: first.runId },
        "What came of a request could not be kept; it will be repeated",
      );
      await new Promise((resolve) => setTimeout(resolve, TROUBLE_DELAY_MS));
    }
    this.#turns.end(first.id);
    this.#look();
  }

  #setTimer(latest: number): void {
    clearTimeout(this.#timer);
    if (this.#state !== "started") return;
    const next = Math.min(latest, this.#nextDue, this.#nextPrune, ...this.#crons.map(({ nextAt }) => nextAt));
    this.#timer = setTimeout(() => this.#look(), Math.max(0, Math.min(next - this.#now(), LONGEST_TIMER_MS)));
  }

  #tellIdlers(): void {
    if (this.#isLooking || this.#turns.executing > 0 || this.#accepting > 0) return;
    const soonest = this.#state === "started" ? this.#nextDue : Infinity;
    const idlers = this.#idlers;
    this.#idlers = idlers.filter(({ dueWithinMs }) => soonest <= this.#now() + dueWithinMs);
    for (const idler of idlers) if (!this.#idlers.includes(idler)) idler.resolve();
  }
}

function refuse(status: number, error: string): Response {
  return Response.json({ error, status }, { status });
}
