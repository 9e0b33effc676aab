/** What the reconcilers share: their runs, their tools and their jobs. */
import { toInngestError } from "../../github/to-inngest-error.ts";
import type { ReconcilingContext } from "../../store/context-types.ts";
import { finishReconciling, recordReconciling, type ReconcilingOutcome } from "../../store/reconciling.ts";
import type { Store } from "../../store/store.ts";
import type { CaptureReason, Priority } from "../../../api/contract.ts";
import { toJobStep, type CaptureRun, type JobTarget, type StepTools } from "../captures/capture.ts";

interface Spent {
  requests?: number;
  points?: number;
}

/** A run of a reconciler, for one installation or for all. */
export type ReconcilingRun = CaptureRun<JobTarget>;

/** What a run of a reconciler works with. On Inngest its steps are durable; in a look they run in this process. */
export interface ReconcilingTools {
  step: Pick<StepTools, "run" | "sendEvent">;
  /** Called before the first change. A look ends here, and a durable run does the work. */
  startWork: () => void;
  /** Adds to the cost of the run's job. */
  record: (spent?: Spent) => Promise<void>;
  /** Completes the run's job. */
  finish: (outcome: ReconcilingOutcome) => Promise<void>;
}

/** The tools of a run on Inngest. */
export function toDurableTools(
  store: Store,
  run: ReconcilingRun,
  step: ReconcilingTools["step"],
): ReconcilingTools {
  return {
    step,
    startWork: () => {},
    record: (spent) => recordReconciling(store, toReconcilingContext(run, spent)),
    finish: (outcome) => finishReconciling(store, toReconcilingContext(run), outcome),
  };
}

export const reconcilingData = { reason: "reconcile", priority: "low" } as const satisfies {
  reason: CaptureReason;
  priority: Priority;
};

export function toReconcilingContext(run: ReconcilingRun, spent: Spent = {}): ReconcilingContext {
  return { installation_id: run.event.data.installationId ?? null, job: toJobStep(run, spent) };
}

/** Runs a step's requests to GitHub. Throws errors with their retry policy. */
export async function ask<Answer>(work: () => Promise<Answer>, attempt = 0): Promise<Answer> {
  try {
    return await work();
  } catch (error) {
    throw toInngestError(error, attempt);
  }
}
