import type { JobDetail } from "../../api/console-contract.ts";
import type { Job, JobState } from "../../api/contract.ts";

/** A capture to queue. */
export interface QueuedJob {
  event_id: string;
  event_name: string;
  repository_id: number;
  /** owner/name, for display. */
  repository: string;
  number: number | null;
  /** Of a sync: the start of its time range. Null or absent: all history. */
  since?: string | null;
  installation_id: number | null;
  reason: string;
  priority: string;
  /** The event's data. */
  data: Record<string, unknown>;
}

/** The job of an event. `id` is the job's. */
export interface EventJob {
  event_id: string;
  id: number;
  state: JobState;
}

/** The progress of a reconciler. */
export interface Checkpoint {
  name: string;
  /** Everything on GitHub before this moment was processed. Null for reconcilers without such a moment. */
  processed_until: string | null;
  succeeded_at: string;
}

/** Failed jobs by reason. `total` includes the jobs of reasons that are left out. */
export interface FailureSummary {
  total: number;
  reasons: {
    event_name: string;
    /** With # in place of each number. */
    message: string;
    count: number;
    /** The newest of these jobs. */
    job_id: number;
    repository: string | null;
    number: number | null;
  }[];
}

/** A job with all that is kept of it. */
export interface StoredJob extends Job {
  /** The run that last wrote to it. */
  run_id: string | null;
  /** The event's data if the run failed. */
  event: Record<string, unknown> | null;
  /** The event's data without its observation. Null for a job of an earlier version. */
  data: Record<string, unknown> | null;
  steps: JobDetail["steps"];
}

/** A job that can be replayed. */
export interface FailedJob {
  id: number;
  event_name: string;
}

/** The event of a replay, to be sent. */
export interface ReplayedEvent {
  id: string;
  name: string;
  data: Record<string, unknown>;
}

/** Jobs that changed, newest first. */
export interface ChangedJobs {
  /** The database's time. */
  now: string;
  changes: { id: number; changed_at: string }[];
}
