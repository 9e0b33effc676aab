/** The loaded part of a list of jobs, newest first. Pure functions keep it up to date. */
import type { Job } from "../../../api/contract.ts";
import type { ShownFilter } from "./job-filter.ts";

export interface LoadedJobs {
  jobs: readonly Job[];
  /** True when there is no older job. */
  isComplete: boolean;
}

export const noJobs: LoadedJobs = { jobs: [], isComplete: false };

/** Replaces the newest jobs with what the server has now. `newest` reaches to the known ones, or to the end. */
export function mergeNewest(known: LoadedJobs, newest: readonly Job[], isWhole: boolean): LoadedJobs {
  if (isWhole) return { jobs: newest, isComplete: true };
  const oldest = newest.at(-1)?.id ?? 0;
  return { ...known, jobs: [...newest, ...known.jobs.filter(({ id }) => id < oldest)] };
}

/** Appends the jobs before `before`. Leaves the list as it is when it has changed meanwhile and `before` is no longer its last job. */
export function appendOlder(
  known: LoadedJobs,
  { before, older, isLast }: { before: number; older: readonly Job[]; isLast: boolean },
): LoadedJobs {
  const next = older.filter(({ id }) => id < before);
  if (known.jobs.at(-1)?.id !== before) return known;
  return { jobs: [...known.jobs, ...next], isComplete: isLast };
}

/** Updates jobs that changed, and removes those that have left the filtered state. */
export function applyChanges(known: LoadedJobs, changed: readonly Job[], { state }: ShownFilter): LoadedJobs {
  const changes = new Map(changed.map((job) => [job.id, job]));
  if (!known.jobs.some(({ id }) => changes.has(id))) return known;
  const jobs = known.jobs
    .map((job) => changes.get(job.id) ?? job)
    .filter((job) => state === undefined || job.state === state);
  return { ...known, jobs };
}
