/** Describes jobs in words. */
import type { Job } from "../../../api/contract.ts";
import { describeRepairs } from "../../../client/describe-repairs.ts";
import { clock, formatCount, formatNumber } from "../../format.ts";

/** Returns the time from the start of the first run to the end, or to now. Null when no run has begun. */
export function tookMs({ started_at, finished_at }: Job): number | null {
  if (started_at === null) return null;
  const end = finished_at === null ? clock.value : Date.parse(finished_at);
  return Math.max(0, end - Date.parse(started_at));
}

export function isUnfinished({ state }: Job): boolean {
  return state === "pending" || state === "processing" || state === "retrying";
}

const withoutRows: Record<Job["state"], string> = {
  pending: "not started",
  processing: "started",
  retrying: "nothing stored",
  completed: "nothing new",
  failed: "nothing stored",
  cancelled: "nothing stored",
};

/** Describes how far a sync is, what a reconciler started, or what the job wrote. */
export function describeProgress(job: Job): string {
  const repairs = describeRepairs(job);
  if (repairs !== null) return repairs;
  if (job.done !== null && job.total !== null)
    return `${formatNumber(job.done)} of ${formatCount(job.total, "pull request")}`;
  if (job.done !== null) return formatCount(job.done, "pull request");
  if (job.rows_written > 0) return formatCount(job.rows_written, "row");
  if (job.replayed_at !== null) return "replayed as another job";
  return withoutRows[job.state];
}

/** "3 requests, 2 points": against GitHub's REST and GraphQL rate limits. */
export function describeCost({ requests, points }: Pick<Job, "requests" | "points">): string {
  const parts = [
    requests > 0 && formatCount(requests, "request"),
    points > 0 && formatCount(points, "point"),
  ].filter(Boolean);
  return parts.length > 0 ? parts.join(", ") : "no requests to GitHub";
}

/** "acme/web#7", or the repository, or what the job is about instead. */
export function describeTarget({ repository, number }: Job): string {
  return `${repository ?? "all repositories"}${number === null ? "" : `#${number}`}`;
}
