/** What the reconcilers have in common: their jobs. */
import { toInngestError } from "../../github/to-inngest-error.ts";
import type { ReconcilingContext } from "../../store/functions.ts";
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
