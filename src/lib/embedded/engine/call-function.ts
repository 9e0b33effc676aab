import { toMilliseconds } from "./duration.ts";
import type { LoadedRequest, PlannedStep } from "./queue.ts";

export type Handler = (request: Request) => Promise<Response>;

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

export const serveUrl = "http://localhost/api/inngest";
/** The SDK's edge handler fails without `host`. */
export const serveHeaders = { host: "localhost", "content-type": "application/json" };

/** Calls the SDK's serve handler once, with Inngest's SDK protocol. */
export async function callFunction(
  handler: Handler,
  request: LoadedRequest,
  maxAttempts: number,
  now: () => number,
): Promise<Outcome> {
  const query = new URLSearchParams({ fnId: request.functionId, stepId: request.stepId ?? "step" });
  const response = await handler(
    new Request(`${serveUrl}?${query.toString()}`, {
      method: "POST",
      headers: serveHeaders,
      body: toBody(request, maxAttempts),
    }),
  );
  const retryAt = toRetryAt(response.headers.get("retry-after"), now());
  const body: unknown = JSON.parse((await response.text()) || "null");

  if (response.status === 200) return { type: "finished" };
  if (response.status !== 206) {
    const error = toFunctionError(body);
    if (response.headers.get("x-inngest-no-retry") === "true") return { type: "failed", error };
    return { type: "error", stepId: null, error, retryAt };
  }

  const operations = body as Operation[];
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

/** Builds the JSON by hand because the event and the results are JSON already. */
function toBody(
  { id, functionId, runId, attempt, event, steps }: LoadedRequest,
  maxAttempts: number,
): string {
  const stack = [...steps.keys()];
  const context = {
    run_id: runId,
    fn_id: functionId,
    qi_id: String(id),
    attempt,
    max_attempts: maxAttempts,
    disable_immediate_execution: false,
    use_api: false,
    stack: { stack, current: stack.length },
  };
  const results = [...steps].map(([stepId, result]) => `${JSON.stringify(stepId)}:${result}`);
  return `{"version":2,"use_api":false,"ctx":${JSON.stringify(context)},"event":${event},"events":[${event}],"steps":{${results.join()}}}`;
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
function toRetryAt(header: string | null, now: number): number | null {
  if (header === null) return null;
  const at = /^\d+$/.test(header) ? now + Number(header) * 1000 : Date.parse(header);
  return Number.isNaN(at) ? null : at;
}

/** Parses the end of a sleep: `step.sleep` sends a duration, `step.sleepUntil` a date. */
function toWakeTime(name: string, now: number): number {
  const milliseconds = toMilliseconds(name);
  return milliseconds === null ? Date.parse(name) || now : now + milliseconds;
}
