import type { FailureGroup, JobFilter } from "../../api/console-contract.ts";
import type { FailedJob, FailureSummary, ReplayedEvent } from "./job-types.ts";
import { call, type Store } from "./store.ts";

/**
 * Summarizes the jobs that failed after the checkpoint `name` and not after `until`, the most frequent reasons first. Without a checkpoint
 * it starts at `without`.
 */
export async function summarizeFailures(
  store: Store,
  asked: { name: string; without: string; until: string; max_reasons: number },
): Promise<FailureSummary> {
  return call(store, "capture_summarize_failures", asked);
}

/** Moves a checkpoint forward: everything before it was processed. */
export async function moveCheckpoint(store: Store, name: string, processedUntil: string): Promise<void> {
  await call(store, "capture_move_checkpoint", { name, processed_until: processedUntil });
}

/** Groups failed and retrying jobs by function and error, the most frequent first. */
export async function listFailures(store: Store, limit: number): Promise<FailureGroup[]> {
  return call(store, "capture_list_failures", { max_failures: limit });
}

/** Returns failed jobs that a filter matches and that can be replayed, newest first, of those before the id `before`. */
export async function findFailedJobs(
  store: Store,
  filter: JobFilter,
  { before, limit }: { before: number | null; limit: number },
): Promise<FailedJob[]> {
  return call(store, "capture_find_failed", { filter, before, max_jobs: limit });
}

/**
 * Replaces failed jobs with pending ones, whose events have the given ids. Returns these events. The caller sends them and calls `recordSent`; the
 * outbox sends the others later. Jobs that have not failed are left out.
 */
export async function replayJobs(
  store: Store,
  jobs: { id: number; event_id: string }[],
): Promise<ReplayedEvent[]> {
  return call(store, "capture_replay_jobs", { jobs });
}
