import { describeRequest, type HostileRequest } from "./hostile-requests.ts";

/** As `jobsQuery` reads it. */
export interface EndedJob {
  event_id: string;
  state: string;
  /** Why it failed. */
  error: string | null;
}

export const jobsQuery =
  "select event_id, state::text as state, error ->> 'message' as error from capture.jobs";

/** What is wrong with an answer; null when nothing is. Status 0: there was none. */
export function findFaultOfAnswer(status: number, request: HostileRequest): string | null {
  if (status >= 500) return `Answered ${status}: ${describeRequest(request)}`;
  return status === 0 && !request.hangsUp ? `Not answered: ${describeRequest(request)}` : null;
}

/** Every delivery that was acknowledged has to have a capture that ends, and fails for no reason but GitHub's. */
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
  if (state !== "failed") return "A capture that does not end";
  return /^GitHub('s GraphQL)? answered/.test(error ?? "") ? null : `A capture that failed with "${error}"`;
}
