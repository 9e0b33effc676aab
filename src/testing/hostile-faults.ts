import { describeRequest, type HostileRequest } from "./hostile-requests.ts";

/** A row of `jobsQuery`. */
export interface EndedJob {
  event_id: string;
  state: string;
  /** The error message. */
  error: string | null;
}

export const jobsQuery =
  "select event_id, state::text as state, error ->> 'message' as error from capture.jobs";

/** Returns the fault of an answer, or null. The status 0 means no answer. */
export function findFaultOfAnswer(status: number, request: HostileRequest): string | null {
  if (status >= 500) return `Answered ${status}: ${describeRequest(request)}`;
  return status === 0 && !request.hangsUp ? `Not answered: ${describeRequest(request)}` : null;
}

/** Returns the acknowledged deliveries without a capture, and those whose capture does not end or fails for a reason other than GitHub. */
export function findFaultsOfJobs(
  acknowledged: readonly HostileRequest[],
  jobs: readonly EndedJob[],
): string[] {
  const byGuid = Map.groupBy(jobs, ({ event_id }) => event_id.split(":", 1)[0] ?? "");
  return acknowledged.flatMap((request) => {
    const own = byGuid.get(request.guid ?? "") ?? [];
    const faults = own.flatMap((job) => findFaultOfJob(job) ?? []);
    if (own.length === 0) faults.push("No capture");
    return faults.map((fault) => `${fault}: ${describeRequest(request)}`);
  });
}

function findFaultOfJob({ state, error }: EndedJob): string | null {
  if (state === "completed" || state === "cancelled") return null;
  if (state !== "failed") return "The capture did not end";
  return /^GitHub('s GraphQL)? answered/.test(error ?? "") ? null : `The capture failed with "${error}"`;
}
