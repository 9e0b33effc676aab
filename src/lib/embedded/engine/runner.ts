import type { CallSdk } from "../serve-in-process.ts";
import type { SqlDatabase } from "../sql-database.ts";
import { batch } from "./batch.ts";
import {
  callFunction,
  toFailedStep,
  type FunctionError,
  type Outcome,
  type StepOutcome,
} from "./call-function.ts";
import type { EngineFunction } from "./functions.ts";
import {
  acceptRuns,
  deleteRuns,
  loadRequests,
  planSteps,
  retryAt,
  storePlannedStep,
  storeSteps,
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
  callSdk: CallSdk;
  /** Called with the due time of a retry or a sleep. */
  onPlanned: (dueAt: number) => void;
  /** Called after requests became ready: parallel steps, and the runs that a failure starts. */
  onReady: () => void;
  /** True when a request has to stop after its step, and continue later. */
  mustYield: (requestId: number) => boolean;
  /** True when outcomes are dropped. The next start repeats their requests. */
  isStopped: () => boolean;
}

export interface Runner {
  readonly stats: Readonly<RunnerStats>;
  /** Executes a request and commits its outcome. Returns the next request of the run, or null when the run cannot continue now. */
  execute(request: LoadedRequest): Promise<LoadedRequest | null>;
  /** Stores the steps that an executing request has finished so far. Returns false when its call has to end. */
  checkpoint(requestId: number, steps: readonly StepOutcome[]): Promise<boolean>;
}

interface RunnerStats {
  finished: number;
  failed: number;
  retried: number;
}

/** Creates a runner. It does not log errors of functions: their own middleware does. */
export function createRunner(options: RunnerOptions): Runner {
  const { db, log, now, backoff, functions, callSdk, onPlanned, onReady, mustYield, isStopped } = options;
  const stats: RunnerStats = { finished: 0, failed: 0, retried: 0 };
  const storeStep = batch<StepResult>((steps) => storeSteps(db, steps));
  const executing = new Map<number, LoadedRequest>();
  /** The requests whose call ended after a step, without an outcome. */
  const yielded = new Set<number>();
  const deleteRun = batch<string>((runIds) => deleteRuns(db, runIds));

  async function call(request: LoadedRequest): Promise<Outcome> {
    if (request.sleeps && request.stepId !== null) {
      return { type: "steps", steps: [{ stepId: request.stepId, result: '{"type":"data","data":null}' }] };
    }
    const fn = functions.get(request.functionId);
    if (!fn) {
      const message = `The function ${request.functionId} no longer exists.`;
      return { type: "failed", error: { name: "FunctionGoneError", message } };
    }
    try {
      return await callFunction(callSdk, request, fn.maxAttempts, now);
    } catch (error) {
      log?.warn(
        { err: error, functionId: request.functionId, runId: request.runId },
        "The SDK threw; the request is retried",
      );
      const { name, message, stack = "" } = error instanceof Error ? error : new Error(String(error));
      return { type: "error", stepId: null, error: { name, message, stack }, retryAt: null };
    }
  }

  async function commit(request: LoadedRequest, outcome: Outcome): Promise<LoadedRequest | null> {
    switch (outcome.type) {
      case "finished":
        await deleteRun(request.runId);
        stats.finished++;
        return null;
      case "steps":
        if (request.stepId === null) {
          await keepSteps(request, outcome.steps);
          return { ...request, attempt: 0 };
        }
        for (const { result } of outcome.steps) await storePlannedStep(db, request, result);
        return (await loadRequests(db, [request.id]))[0] ?? null; // with the results of the other parallel steps
      case "planned":
        await planSteps(db, request, outcome.steps, now());
        for (const { sleeps, dueAt } of outcome.steps) if (sleeps) onPlanned(dueAt);
        onReady();
        return null;
      case "error":
        return commitError(request, outcome);
      case "failed":
        await fail(request, outcome.error);
        return null;
    }
  }

  async function keepSteps(request: LoadedRequest, steps: readonly StepOutcome[]): Promise<void> {
    await Promise.all(
      steps.map((step) => storeStep({ requestId: request.id, runId: request.runId, ...step })),
    );
    for (const { stepId, result } of steps) request.steps.set(stepId, result);
  }

  async function commitError(
    request: LoadedRequest,
    outcome: Extract<Outcome, { type: "error" }>,
  ): Promise<LoadedRequest | null> {
    const failures = request.attempt + 1;
    if (failures < (functions.get(request.functionId)?.maxAttempts ?? 0)) {
      const dueAt = Math.round(outcome.retryAt ?? now() + backoff(failures));
      await retryAt(db, request, dueAt);
      onPlanned(dueAt);
      stats.retried++;
      return null;
    }
    const failedStep = request.stepId ?? outcome.stepId;
    if (failedStep === null) {
      await fail(request, outcome.error);
      return null;
    }
    return commit(request, { type: "steps", steps: [toFailedStep(failedStep, outcome.error)] });
  }

  /** Deletes the run and starts the functions that `inngest/function.failed` triggers, in one transaction. */
  async function fail({ functionId, runId, event }: LoadedRequest, error: FunctionError): Promise<void> {
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
    onReady();
    stats.failed++;
  }

  return {
    stats,
    execute: async (request) => {
      executing.set(request.id, request);
      try {
        const outcome = await call(request);
        if (isStopped()) return null;
        return yielded.has(request.id) ? { ...request, attempt: 0 } : await commit(request, outcome);
      } finally {
        executing.delete(request.id);
        yielded.delete(request.id);
      }
    },
    checkpoint: async (requestId, steps) => {
      const request = executing.get(requestId);
      if (!request || isStopped()) return false;
      await keepSteps(request, steps);
      if (!mustYield(requestId)) return true;
      yielded.add(requestId);
      return false;
    },
  };
}
