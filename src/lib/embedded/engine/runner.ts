import type { SqlDatabase } from "../sql-database.ts";
import { batch } from "./batch.ts";
import { callFunction, type FunctionError, type Handler, type Outcome } from "./call-function.ts";
import type { EngineFunction } from "./functions.ts";
import {
  acceptRuns,
  deleteRuns,
  loadRequests,
  planSteps,
  storePlannedStep,
  storeSteps,
  tryAgainAt,
  type LoadedRequest,
  type StepResult,
} from "./queue.ts";
import { toRuns, type EngineEvent } from "./to-runs.ts";

export interface EngineLogger {
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
}

export interface RunnerOptions {
  db: SqlDatabase;
  log: EngineLogger | undefined;
  now: () => number;
  backoff: (failures: number) => number;
  functions: ReadonlyMap<string, EngineFunction>;
  handler: Handler;
  /** Hears when what it planned is due. */
  onPlanned: (dueAt: number) => void;
  /** Whether an outcome still counts. */
  isStopped: () => boolean;
}

/** Executes requests, and commits what comes of them before anything follows from it. */
export class Runner {
  readonly stats = { finished: 0, failed: 0, retried: 0 };
  readonly #options: RunnerOptions;
  readonly #storeStep: (step: StepResult) => Promise<void>;
  readonly #deleteRun: (runId: string) => Promise<void>;

  constructor(options: RunnerOptions) {
    this.#options = options;
    this.#storeStep = batch((steps) => storeSteps(options.db, steps));
    this.#deleteRun = batch((runIds) => deleteRuns(options.db, runIds));
  }

  /** Returns the request with which its run goes on at once; null when it ended, waits, or goes on elsewhere. */
  async execute(request: LoadedRequest): Promise<LoadedRequest | null> {
    const outcome = await this.#call(request);
    return this.#options.isStopped() ? null : this.#commit(request, outcome); // the next start repeats it
  }

  async #call(request: LoadedRequest): Promise<Outcome> {
    if (request.sleeps && request.stepId !== null) {
      return { type: "step", stepId: request.stepId, result: '{"type":"data","data":null}' };
    }
    const { functions, handler, now } = this.#options;
    const fn = functions.get(request.functionId);
    if (!fn) {
      const message = `There is no function ${request.functionId} any more.`;
      return { type: "failed", error: { name: "FunctionGoneError", message } };
    }
    try {
      return await callFunction(handler, request, fn.maxAttempts, now);
    } catch (error) {
      const { name, message, stack = "" } = error instanceof Error ? error : new Error(String(error));
      return { type: "error", stepId: null, error: { name, message, stack }, retryAt: null };
    }
  }

  async #commit(request: LoadedRequest, outcome: Outcome): Promise<LoadedRequest | null> {
    const { db, now, onPlanned } = this.#options;
    switch (outcome.type) {
      case "finished":
        await this.#deleteRun(request.runId);
        this.stats.finished++;
        return null;
      case "step":
        if (request.stepId === null) {
          const { stepId, result } = outcome;
          await this.#storeStep({ requestId: request.id, runId: request.runId, stepId, result });
          return { ...request, attempt: 0, steps: new Map(request.steps).set(stepId, result) };
        }
        await storePlannedStep(db, request, outcome.result);
        return (await loadRequests(db, [request.id]))[0] ?? null; // with the results of its siblings
      case "planned":
        await planSteps(db, request, outcome.steps, now());
        for (const { sleeps, dueAt } of outcome.steps) if (sleeps) onPlanned(dueAt);
        return null;
      case "error":
        return this.#commitError(request, outcome);
      case "failed":
        await this.#fail(request, outcome.error);
        return null;
    }
  }

  async #commitError(
    request: LoadedRequest,
    { error, stepId, retryAt }: Extract<Outcome, { type: "error" }>,
  ): Promise<LoadedRequest | null> {
    const { db, log, now, backoff, functions, onPlanned } = this.#options;
    const { functionId, runId, attempt } = request;
    const failures = attempt + 1;
    if (failures < (functions.get(functionId)?.maxAttempts ?? 0)) {
      const dueAt = Math.round(retryAt ?? now() + backoff(failures));
      await tryAgainAt(db, request, dueAt);
      onPlanned(dueAt);
      this.stats.retried++;
      log?.warn({ err: error, functionId, runId, attempt }, "An attempt failed; it will be tried again");
      return null;
    }
    const failedStep = request.stepId ?? stepId;
    if (failedStep === null) {
      await this.#fail(request, error);
      return null;
    }
    const result = JSON.stringify({ type: "error", error });
    return this.#commit(request, { type: "step", stepId: failedStep, result });
  }

  /** Ends the run and lets its `onFailure` know, both or neither. */
  async #fail({ functionId, runId, event }: LoadedRequest, error: FunctionError): Promise<void> {
    const { db, log, now, functions } = this.#options;
    const failed: EngineEvent = {
      id: `${runId} failed`,
      name: "inngest/function.failed",
      ts: now(),
      data: { function_id: functionId, run_id: runId, error, event: JSON.parse(event) as unknown },
    };
    await db.transaction(async (tx) => {
      await acceptRuns(tx, [failed.id], toRuns(failed, functions.values(), failed.ts), failed.ts);
      await deleteRuns(tx, [runId]);
    });
    this.stats.failed++;
    log?.error({ err: error, functionId, runId }, "A run failed");
  }
}
