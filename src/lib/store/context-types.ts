import type { AccountRow } from "../records/account.ts";

/** The origin of an observation, the names in it, and the job that stores it. */
export interface CaptureContext {
  /** `seen_at` is null when the name comes only from the event, which may be old. */
  repository: { id: number; owner: string; name: string; seen_at: string | null };
  installation_id: number | null;
  accounts: AccountRow[];
  /** GitHub's time of these names: the payload's `updated_at` or the answer's `date`. */
  observed_at: string;
  /** The answer's `date`; null for a payload. */
  fetched_at: string | null;
  job: JobStep;
}

/** The context of a job's failure. An event about an installation has no repository. */
export type JobContext = Pick<CaptureContext, "installation_id" | "job"> &
  Partial<Pick<CaptureContext, "repository">>;

/** The origin of an observation of an installation. */
export type InstallationContext = Omit<CaptureContext, "repository" | "installation_id"> & {
  installation_id: number;
};

/** The context of a reconciler's run. */
export interface ReconcilingContext {
  installation_id: number | null;
  job: JobStep;
}

/** One step of a job. `requests` and `points` are the step's own, not the run's total. */
export interface JobStep {
  event_id: string;
  event_name: string;
  run_id: string;
  /** From 0. */
  attempt: number;
  /** When the event was sent; null or absent when unknown. */
  queued_at?: string | null;
  number: number | null;
  reason: string;
  priority: string;
  requests: number;
  points: number;
  /** The name of the step; null outside steps. */
  step?: string | null;
  /** The data of the event, without its observation. */
  data?: Record<string, unknown> | null;
  /** When the observed change was made, by GitHub's clock. */
  observed_at?: string | null;
}
