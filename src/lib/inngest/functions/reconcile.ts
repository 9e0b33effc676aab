/** What the reconcilers have in common: their jobs, and what becomes of a failure. */
import type { Logger } from "inngest";
import { toInngestError } from "../../github/to-inngest-error.ts";
import type { ReconcilingContext } from "../../store/functions.ts";
import { failJob } from "../../store/jobs.ts";
import type { Store } from "../../store/store.ts";
import type { CapturePriority, CaptureReason } from "../events.ts";
import { toJobStep } from "./capture.ts";

/** A run that was asked for bears its event's id; one of the clock its own. */
export interface ReconcilingRun {
  /** The event that asks for such a run: sent again, it replays one that failed. */
  name: string;
  installationId: number | null;
  event: { id?: string; name: string; data?: unknown };
  runId: string;
  attempt: number;
}

export const reconcilingData = { reason: "reconcile", priority: "low" } as const satisfies {
  reason: CaptureReason;
  priority: CapturePriority;
};

export function toReconcilingContext(
  { name, installationId, event, runId, attempt }: ReconcilingRun,
  spent: { requests?: number; points?: number } = {},
): ReconcilingContext {
  const isAskedFor = event.name === name;
  const asked = isAskedFor ? Object(event.data) : {};
  return {
    installation_id: installationId,
    job: toJobStep(
      {
        event: {
          id: (isAskedFor && event.id) || runId,
          name,
          data: { ...reconcilingData, ...asked, installationId },
        },
        runId,
        attempt,
      },
      spent,
    ),
  };
}

/** Lets a step ask GitHub. Throws what Inngest understands. */
export async function ask<Answer>(work: () => Promise<Answer>): Promise<Answer> {
  try {
    return await work();
  } catch (error) {
    throw toInngestError(error);
  }
}

interface FailedRun {
  error: Error;
  event: { data: { run_id?: string; event: { id?: string; name: string; data?: unknown } } };
  runId: string;
  attempt: number;
  logger: Logger;
}

/** Ends the job of a reconciler's run that is out of retries. */
export function onReconcileFailure(store: Store, name: string) {
  return async ({ error, event, runId, attempt, logger }: FailedRun) => {
    const failed = event.data.event;
    const asked = failed.name === name ? Object(failed.data) : {};
    const installationId: number | null = asked.installationId ?? null;
    const run = { name, installationId, event: failed, runId: event.data.run_id ?? runId, attempt };
    logger.error({ reconciler: name, error: error.message }, "Reconciling failed");
    await failJob(store, toReconcilingContext(run), {
      error: { name: error.name, message: error.message, stack: error.stack ?? null },
      event: { ...reconcilingData, ...asked },
    });
  };
}
