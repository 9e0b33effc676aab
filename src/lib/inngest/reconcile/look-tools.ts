import { finishReconciling } from "../../store/reconciling.ts";
import type { Store } from "../../store/store.ts";
import { toReconcilingContext, type ReconcilingRun, type ReconcilingTools } from "./reconcile.ts";

/** Ends a look: there is something to change, or it takes too long. */
export class WorkFoundError extends Error {
  override readonly name = "WorkFoundError";
}

function startWork(): never {
  throw new WorkFoundError("There is work to do.");
}

/**
 * The tools of a look. Steps run in this process. The job is written only when the look ends with nothing to do; otherwise the job is that of
 * the durable run.
 */
export function createLookTools(
  store: Store,
  run: ReconcilingRun,
  { now, deadline }: { now: () => number; deadline: number },
): ReconcilingTools {
  const spent = { requests: 0, points: 0 };
  const step = {
    run: (_id: string, work: () => unknown) => {
      if (now() > deadline) startWork();
      return work();
    },
    sendEvent: startWork,
  };
  return {
    step: step as unknown as ReconcilingTools["step"],
    startWork,
    record: async ({ requests = 0, points = 0 } = {}) => {
      spent.requests += requests;
      spent.points += points;
    },
    finish: (outcome) => finishReconciling(store, toReconcilingContext(run, spent), outcome),
  };
}
