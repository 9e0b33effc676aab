import { toStorableText } from "../records/storable-text.ts";
import type {
  CaptureContext,
  Job,
  JobContext,
  JobState,
  QueuedJob,
  QueueStats,
  StoreFunctions,
} from "./functions.ts";
import { call, type Store } from "./store.ts";

/**
 * Begins a run that will ask GitHub. `known` ends the job of a run that was only to fetch a stub's details, when they have come
 * meanwhile.
 */
export async function beginJob(
  store: Store,
  context: CaptureContext,
  unlessKnown = false,
): Promise<StoreFunctions["capture_begin_job"]["Returns"]> {
  return call(store, "capture_begin_job", { context, unless_known: unlessKnown });
}

/**
 * Queues captures and returns the event ids of those that were not pending already. Their events are to be sent, and noted as sent; the
 * outbox sends those that are not.
 */
export async function queueJobs(store: Store, jobs: QueuedJob[]): Promise<string[]> {
  return call(store, "capture_queue_jobs", { jobs });
}

/**
 * The job of a repository's sync: the pending one that goes back to `since`, null for everything, or else the newest. Null when it was
 * never synced.
 */
export async function findSync(
  store: Store,
  sync: { event_name: string; repository_id: number; since: string | null },
): Promise<Job | null> {
  return call(store, "capture_find_sync", sync);
}

/** Notes that Inngest has the events of queued jobs. */
export async function noteSent(store: Store, eventIds: string[]): Promise<void> {
  await call(store, "capture_note_sent", { event_ids: eventIds });
}

/** Forgets queued jobs whose events could not be sent. */
export async function unqueueJobs(store: Store, eventIds: string[]): Promise<void> {
  await call(store, "capture_unqueue_jobs", { event_ids: eventIds });
}

/** Cancels what is pending and returns how many that were. */
export async function cancelPendingJobs(store: Store): Promise<number> {
  return call(store, "capture_cancel_pending_jobs", {});
}

/** The newest jobs, of one state or of all. */
export async function listJobs(store: Store, state: JobState | null, limit: number): Promise<Job[]> {
  return call(store, "capture_list_jobs", { state, max_jobs: limit });
}

/** Null when there is no such job. `event` is there where its run failed. */
export async function getJob(
  store: Store,
  id: number,
): Promise<StoreFunctions["capture_get_job"]["Returns"]> {
  return call(store, "capture_get_job", { job_id: id });
}

/** Marks the job of a run that is out of retries, and keeps its event. Where captures have stopped, it is cancelled and keeps none. */
export async function failJob(
  store: Store,
  context: JobContext,
  failure: { error: { name: string; message: string; stack: string | null }; event: Record<string, unknown> },
): Promise<void> {
  const { name, message, stack } = failure.error;
  const error = { name, message: toStorableText(message), stack: stack && toStorableText(stack) };
  await call(store, "capture_fail_job", { context, error, event: failure.event });
}

/** Deletes the jobs that finished before that moment. Returns how many. */
export async function pruneJobs(store: Store, finishedBefore: Date): Promise<number> {
  return call(store, "capture_prune_jobs", { finished_before: finishedBefore.toISOString() });
}

export async function getQueueStats(store: Store): Promise<QueueStats> {
  return call(store, "capture_queue_stats", {});
}
