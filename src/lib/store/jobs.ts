import { toStorableText } from "../records/storable-text.ts";
import type { CaptureContext, JobContext } from "./context-types.ts";
import type { JobFilter } from "../../api/console-contract.ts";
import type { Job, JobError, QueueStats } from "../../api/contract.ts";
import type { ChangedJobs, QueuedJob, StoredJob } from "./job-types.ts";
import type { StoreFunctions } from "./sql-functions.ts";
import { call, type Store } from "./store.ts";

/**
 * Begins a run that requests data from GitHub. With `unlessKnown`, a run that would only fetch a stub's details ends with "known" when they
 * have arrived.
 */
export async function beginJob(
  store: Store,
  context: CaptureContext,
  unlessKnown = false,
): Promise<StoreFunctions["capture_begin_job"]["Returns"]> {
  return call(store, "capture_begin_job", { context, unless_known: unlessKnown });
}

/**
 * Queues captures that are not pending already, and returns their event ids. The caller sends their events and calls `recordSent`; the outbox
 * sends the others later.
 */
export async function queueJobs(store: Store, jobs: QueuedJob[]): Promise<string[]> {
  return call(store, "capture_queue_jobs", { jobs });
}

/**
 * Returns the unfinished job that syncs a repository back to `since` (null: all history), or else its newest sync. Null when it was never
 * synced.
 */
export async function findSync(
  store: Store,
  sync: { event_name: string; repository_id: number; since: string | null },
): Promise<Job | null> {
  return call(store, "capture_find_sync", sync);
}

/** Records that Inngest accepted the events of queued jobs. */
export async function recordSent(store: Store, eventIds: string[]): Promise<void> {
  await call(store, "capture_record_sent", { event_ids: eventIds });
}

/** Deletes queued jobs whose events could not be sent. */
export async function unqueueJobs(store: Store, eventIds: string[]): Promise<void> {
  await call(store, "capture_unqueue_jobs", { event_ids: eventIds });
}

/** Cancels pending jobs and returns their number. */
export async function cancelPendingJobs(store: Store): Promise<number> {
  return call(store, "capture_cancel_pending_jobs", {});
}

/** Cancels an unfinished job. False if there is none with that id. */
export async function cancelJob(store: Store, id: number): Promise<boolean> {
  return call(store, "capture_cancel_job", { job_id: id });
}

/** Lists the newest jobs that a filter matches, of those before the id `before`. */
export async function listJobs(
  store: Store,
  filter: JobFilter,
  { before = null, limit }: { before?: number | null | undefined; limit: number },
): Promise<Job[]> {
  return call(store, "capture_list_jobs", { filter, before, max_jobs: limit });
}

/** Counts the jobs that a filter matches. */
export async function countJobs(store: Store, filter: JobFilter): Promise<QueueStats> {
  const counts = await call(store, "capture_count_jobs", { filter });
  const { pending = 0, processing = 0, retrying = 0, completed = 0, failed = 0, cancelled = 0 } = counts;
  const total = pending + processing + retrying + completed + failed + cancelled;
  return { pending, processing, retrying, completed, failed, cancelled, total };
}

/** Returns a job, or null. */
export async function getJob(store: Store, id: number): Promise<StoredJob | null> {
  return call(store, "capture_get_job", { job_id: id });
}

/** Returns jobs by their ids, newest first. */
export async function getJobs(store: Store, ids: number[]): Promise<Job[]> {
  return call(store, "capture_get_jobs", { ids });
}

/** Returns the jobs that changed after `since`, newest first. Pass a time some seconds back, because a transaction becomes visible only when it commits. */
export async function listChangedJobs(store: Store, since: string, limit: number): Promise<ChangedJobs> {
  return call(store, "capture_changed_jobs", { since, max_jobs: limit });
}

/** Fails the job of a run without retries left, and keeps its event. When captures have stopped, the job is cancelled instead. */
export async function failJob(
  store: Store,
  context: JobContext,
  failure: { error: JobError; event: Record<string, unknown> },
): Promise<void> {
  const error = toStorableError(failure.error);
  await call(store, "capture_fail_job", { context, error, event: failure.event });
}

/** Records a failed attempt and when the next one is due (null: unknown). Returns the job's id. */
export async function recordAttempt(
  store: Store,
  context: JobContext,
  failed: { error: JobError; nextAttemptAt: Date | null; final: boolean },
): Promise<number> {
  return call(store, "capture_record_attempt", {
    context,
    error: toStorableError(failed.error),
    next_attempt_at: failed.nextAttemptAt?.toISOString() ?? null,
    final: failed.final,
  });
}

/** Ends the state `retrying` of a job after an attempt succeeded. */
export async function recordRecovery(store: Store, eventId: string): Promise<void> {
  await call(store, "capture_record_recovery", { event_id: eventId });
}

function toStorableError({ name, message, stack }: JobError): JobError {
  return { name, message: toStorableText(message), stack: stack && toStorableText(stack) };
}

/** Deletes the jobs that finished before that moment and returns their number. */
export async function pruneJobs(store: Store, finishedBefore: Date): Promise<number> {
  return call(store, "capture_prune_jobs", { finished_before: finishedBefore.toISOString() });
}

/** Fails the jobs whose runs have done nothing since that moment, because the queue lost them. Returns their number. */
export async function failLostRuns(store: Store, idleSince: Date): Promise<number> {
  return call(store, "capture_fail_lost_runs", { idle_since: idleSince.toISOString() });
}

export async function getQueueStats(store: Store): Promise<QueueStats> {
  return call(store, "capture_queue_stats", {});
}
