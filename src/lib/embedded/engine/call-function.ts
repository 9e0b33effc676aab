import type { CallSdk } from "../serve-in-process.ts";
import { toMilliseconds } from "./duration.ts";
import type { LoadedRequest, PlannedStep } from "./queue.ts";

export interface FunctionError {
  name: string;
  message: string;
  stack?: string;
}

/** The result of one request to the Inngest SDK. */
export type Outcome =
  | { type: "finished" }
  /** Steps ended, each with a value or with an error that is not retried. */
  | { type: "steps"; steps: StepOutcome[] }
  | { type: "planned"; steps: PlannedStep[] }
  /** An error that can be retried, at `retryAt` if it names a time. `stepId` is null when the function threw outside its steps. */
  | { type: "error"; stepId: string | null; error: FunctionError; retryAt: number | null }
  | { type: "failed"; error: FunctionError };

export interface StepOutcome {
  stepId: string;
  /** JSON. */
  result: string;
}

/** Calls the SDK once, with Inngest's SDK protocol. */
export async function callFunction(
  callSdk: CallSdk,
  request: LoadedRequest,
  maxAttempts: number,
  now: () => number,
): Promise<Outcome> {
  const { status, headers, body } = await callSdk({
    method: "POST",
    query: { fnId: request.functionId, stepId: request.stepId ?? "step" },
    body: toBody(request, maxAttempts),
  });
  const retryAt = toRetryAt(headers["retry-after"], now());
  const result: unknown = JSON.parse(body || "null");

  if (status === 200) return { type: "finished" };
  if (status !== 206) {
    const error = toFunctionError(result);
    if (headers["x-inngest-no-retry"] === "true") return { type: "failed", error };
    return { type: "error", stepId: null, error, retryAt };
  }

  const operations = result as Operation[];
  const [first] = operations;
  if (operations.some(({ op }) => op === "RunComplete")) return { type: "finished" };
  if (first && operations.every(({ op }) => op === "StepRun"))
    return { type: "steps", steps: operations.map(toStepOutcome) };
  if (first && operations.length === 1) {
    if (first.op === "StepFailed")
      return { type: "steps", steps: [toFailedStep(first.id, toFunctionError(first.error))] };
    if (first.op === "StepError") {
      return { type: "error", stepId: first.id, error: toFunctionError(first.error), retryAt };
    }
  }
  const refused = operations.find(({ op }) => op !== "StepPlanned" && op !== "Sleep");
  if (refused || !first) {
    const message = refused
      ? `The embedded engine does not support ${refused.op}, which the step ${refused.displayName ?? refused.id} needs. Inngest does.`
      : "The SDK returned no operation.";
    return { type: "failed", error: { name: "NotSupportedError", message } };
  }
  const steps = operations.map(({ id, op, name }) =>
    op === "Sleep"
      ? { stepId: id, sleeps: true, dueAt: toWakeTime(name ?? "", now()) }
      : { stepId: id, sleeps: false, dueAt: now() },
  );
  return { type: "planned", steps };
}

interface Operation {
  id: string;
  op: string;
  name?: string;
  displayName?: string;
  data?: unknown;
  error?: unknown;
}

/** Parses a checkpoint: the steps that a call has finished so far. Null if it is none. */
export function parseCheckpoint(body: unknown): { requestId: number; steps: StepOutcome[] } | null {
  const { qi_id, steps } = body as { qi_id?: unknown; steps?: Operation[] };
  if (typeof qi_id !== "string" || !steps?.every(({ op }) => op === "StepRun")) return null;
  return { requestId: Number(qi_id), steps: steps.map(toStepOutcome) };
}

function toBody({ id, functionId, runId, attempt, event: json, steps }: LoadedRequest, maxAttempts: number) {
  const stack = [...steps.keys()];
  const event: unknown = JSON.parse(json);
  return {
    version: -1, // the SDK chooses the version of the protocol
    use_api: false,
    ctx: {
      run_id: runId,
      fn_id: functionId,
      qi_id: String(id),
      attempt,
      max_attempts: maxAttempts,
      disable_immediate_execution: false,
      use_api: false,
      stack: { stack, current: stack.length },
    },
    event,
    events: [event],
    steps: Object.fromEntries([...steps].map(([stepId, result]) => [stepId, JSON.parse(result) as unknown])),
  };
}

function toStepOutcome({ id, data }: Operation): StepOutcome {
  return { stepId: id, result: JSON.stringify({ type: "data", data: data ?? null }) };
}

export function toFailedStep(stepId: string, error: FunctionError): StepOutcome {
  return { stepId, result: JSON.stringify({ type: "error", error }) };
}

/** Keeps all fields that the SDK serialized, including `cause`. */
function toFunctionError(value: unknown): FunctionError {
  const error = (typeof value === "object" && value !== null ? value : {}) as Partial<FunctionError>;
  return { ...error, name: error.name ?? "Error", message: error.message ?? JSON.stringify(value) };
}

/** Parses a `retry-after` header: a number of seconds or a date. */
function toRetryAt(header: string | undefined, now: number): number | null {
  if (header === undefined) return null;
  const at = /^\d+$/.test(header) ? now + Number(header) * 1000 : Date.parse(header);
  return Number.isNaN(at) ? null : at;
}

/** Parses the end of a sleep: `step.sleep` sends a duration, `step.sleepUntil` a date. */
function toWakeTime(name: string, now: number): number {
  const milliseconds = toMilliseconds(name);
  return milliseconds === null ? Date.parse(name) || now : now + milliseconds;
}
