import type { ClientOptions } from "inngest";
import { SetupError } from "../../setup-error.ts";
import { inngestBackoff } from "./engine/backoff.ts";
import { parseCheckpoint } from "./engine/call-function.ts";
import { toEngineFunction, type EngineFunction } from "./engine/functions.ts";
import { createLoop, type Loop } from "./engine/loop.ts";
import { parseEvents } from "./engine/parse-events.ts";
import type { EngineLogger } from "./engine/runner.ts";
import { toRuns } from "./engine/to-runs.ts";
import { toFetchCall, type FetchCall } from "./fetch-call.ts";
import type { CallSdk } from "./serve-in-process.ts";
import type { SqlDatabase } from "./sql-database.ts";

/**
 * Runs Inngest functions in this process, with the database as the queue. It answers the `fetch` of the Inngest SDK and calls
 * the SDK in turn. README.md lists what it supports.
 */
export interface InngestEngine {
  /** Answers the SDK's requests. It refuses events before `start` and after `stop`. */
  readonly fetch: typeof fetch;
  /** For `new Inngest(…)`. */
  readonly clientOptions: Required<Pick<ClientOptions, "isDev" | "checkpointing" | "fetch">>;
  /**
   * Continues unfinished runs and accepts events. `callSdk` is what `serveInProcess` returns. Throws when a function declares an option that is
   * not supported, or when another process works on the queue. A failed start can be repeated.
   */
  start(callSdk: CallSdk): Promise<void>;
  /** Starts nothing more and waits up to `timeoutMs` (10 s) for executing steps. The next start continues the rest. */
  stop(options?: { timeoutMs?: number }): Promise<void>;
  /**
   * Resolves when no request executes or is ready. It also waits for sleeps, retries and throttled runs that are due within
   * `dueWithinMs`.
   */
  idle(dueWithinMs?: number): Promise<void>;
  /** Counts since the start. */
  stats(): EngineStats;
  /** Why no run starts, or null. */
  problem(): string | null;
}

/**
 * How the SDK calls functions for the engine: it sends the result of each step and goes on once the engine has stored it, so a run usually
 * takes one call. The engine ends the call where another run has to execute first.
 */
const checkpointing = { bufferedSteps: 1, maxRuntime: Infinity } as const;

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
  /** Milliseconds since 1970. A caller that moves this clock calls `idle` to make the engine check what is due. */
  now?: () => number;
  /** The maximum number of requests that execute at once, over all functions. */
  concurrency?: number;
  /** Returns the delay in milliseconds after a number of failed attempts. */
  backoff?: (failures: number) => number;
  /** How long it waits after the database failed. */
  errorDelayMs?: number;
}

export function createInngestEngine({
  db,
  logger,
  now = Date.now,
  concurrency = 16,
  backoff = inngestBackoff,
  errorDelayMs = 1_000,
}: EngineOptions): InngestEngine {
  const functions = new Map<string, EngineFunction>();
  let declared: unknown[] | null = null;
  let loop: Loop | null = null;

  /** Answers once the events and their runs are committed. */
  async function receive(call: FetchCall): Promise<Response> {
    if (!loop?.isRunning()) return refuse(503, "The embedded engine is not running.");
    const receivedAt = now();
    const seed = call.header("x-inngest-event-id-seed");
    const events = parseEvents(JSON.parse(await call.text()), seed, receivedAt);
    if (events === null)
      return refuse(400, "The body must be an event with a name, or a list of such events.");

    const distinct = [...Map.groupBy(events, ({ id }) => id).values()].flatMap(([first]) => first ?? []);
    try {
      await loop.accept(
        distinct.map((event) => event.id),
        distinct.flatMap((event) => toRuns(event, functions.values(), receivedAt)),
        receivedAt,
      );
    } catch (error) {
      logger?.error({ err: error }, "Could not store events");
      return refuse(500, "The events could not be stored.");
    }
    return Response.json({ ids: events.map((event) => event.id), status: 200 });
  }

  /** The answer 409 makes the SDK end the call, since another one continues the run. */
  async function checkpoint(call: FetchCall): Promise<Response> {
    const parsed = parseCheckpoint(JSON.parse(await call.text()));
    if (parsed === null) return refuse(400, "The body must be a checkpoint with finished steps.");
    try {
      const goesOn = await loop?.checkpoint(parsed.requestId, parsed.steps);
      return goesOn ? Response.json({}) : refuse(409, "Another call continues the run.");
    } catch (error) {
      logger?.error({ err: error }, "Could not store finished steps");
      return refuse(500, "The steps could not be stored.");
    }
  }

  async function register(callSdk: CallSdk): Promise<void> {
    const { status, body } = await callSdk({ method: "PUT", query: {}, body: "" });
    if (status !== 200 || declared === null)
      throw new Error(`The functions could not be registered with the embedded engine: ${body}`);
    for (const fn of declared.map(toEngineFunction)) functions.set(fn.id, fn);
  }

  const answer: typeof fetch = async (input, init) => {
    const call = toFetchCall(input, init);
    const { method, pathname } = call;
    if (method === "POST" && pathname.startsWith("/e/")) return receive(call);
    if (method === "POST" && pathname.startsWith("/v1/checkpoint/")) return checkpoint(call);
    if (method === "POST" && pathname === "/fn/register") {
      const body = JSON.parse(await call.text()) as { functions: unknown[] };
      declared = body.functions;
      return Response.json({ ok: true, status: 200, modified: true });
    }
    return refuse(404, `The embedded engine does not answer ${method} ${pathname}. Inngest does.`);
  };

  return {
    fetch: answer,
    clientOptions: { isDev: true, checkpointing, fetch: answer },
    start: async (callSdk) => {
      if (loop) throw new Error("The embedded engine can be started only once.");
      await register(callSdk);
      const starting = createLoop({
        db,
        log: logger,
        now,
        backoff,
        errorDelayMs,
        functions,
        callSdk,
        maxExecuting: concurrency,
      });
      if (!(await starting.start())) {
        throw new SetupError(
          `Another process already works on the queue in ${db.description}. Stop that process first, or set another database for this one (DATABASE_URL or DATA_DIR).`,
        );
      }
      loop = starting;
    },
    stop: async ({ timeoutMs = 10_000 } = {}) => loop?.stop(timeoutMs),
    idle: async (dueWithinMs = 0) => loop?.idle(dueWithinMs),
    problem: () =>
      loop?.hasLostLock()
        ? `This server lost its lock of the queue in ${db.description}: another process may work on it. Stop one of them.`
        : null,
    stats: () => loop?.stats() ?? { executing: 0, events: 0, finished: 0, failed: 0, retried: 0 },
  };
}

function refuse(status: number, error: string): Response {
  return Response.json({ error, status }, { status });
}
