import type { JobContext } from "../store/context-types.ts";
import { eventNamesWithJob } from "./events.ts";
import { toJobStep, type JobTarget } from "./captures/capture.ts";

/** A run of a function, from Inngest's events or the SDK's hooks. */
export interface FunctionRun {
  event: { id?: string | undefined; name: string; data?: unknown; ts?: number | undefined };
  runId: string;
  attempt: number;
}

export interface JobOfRun {
  context: JobContext;
  /** The data of an event that replays the run. */
  data: Record<string, unknown>;
}

/** Returns the job of a run, or null when the function has no jobs. */
export function toJobOfRun(run: FunctionRun): JobOfRun | null {
  const { event, runId, attempt } = run;
  if (!eventNamesWithJob.includes(event.name)) return null;
  const data = Object(event.data) as JobTarget & { from?: { job: string } };
  const { repository, installationId } = data;
  // A sync that continues in another run keeps the job of the first.
  const owner = { id: data.from?.job ?? event.id ?? runId, name: event.name, data };
  return {
    context: {
      ...(repository && { repository: { ...repository, seen_at: null } }),
      installation_id: installationId ?? null,
      job: toJobStep({
        event: event.ts === undefined ? owner : { ...owner, ts: event.ts },
        runId,
        attempt,
      }),
    },
    data: { ...data },
  };
}
