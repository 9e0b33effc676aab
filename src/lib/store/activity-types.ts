import type { Activity } from "../../api/console-contract.ts";
import type { Job } from "../../api/contract.ts";
import type { JournalStats, OutboxStats } from "./event-types.ts";

/** The webhooks that this process answered in a minute. */
export interface MinuteOfDeliveries {
  minute: string;
  accepted: number;
  refused: number;
  failed: number;
}

/** Deliveries of one webhook with one kind of answer, whose answers took about as long. */
export interface DeliveryTotal {
  event: string;
  outcome: "accepted" | "refused" | "failed";
  /** The upper bound of the answers' times. */
  within_ms: number;
  deliveries: number;
  /** The sum of the answers' times. */
  seconds: number;
}

/** What the metrics show. Captures, retries and lags are those of the last minutes. */
export interface MetricsSnapshot {
  /** The database's time. */
  now: string;
  installations: number;
  repositories: number;
  deliveries: DeliveryTotal[];
  captures: { function: string; outcome: "completed" | "failed" | "cancelled"; captures: number }[];
  /** Unfinished and failed jobs. */
  jobs: { function: string; state: "pending" | "processing" | "retrying" | "failed"; jobs: number }[];
  retries: number;
  /** From the change on GitHub to the end of its webhook's job. Empty without such jobs. */
  lags: { quantile: number; ms: number }[];
  outbox: OutboxStats;
  journal: JournalStats;
  budgets: Pick<RecordedBudget, "installation_id" | "resource" | "limit" | "remaining">[];
  reconcilers: { name: string; succeeded_at: string }[];
}

/** The activity of one bucket. */
export interface ActivityBucket extends Omit<Activity, "lag_p50_ms" | "lag_p99_ms"> {
  /** The number of webhooks' jobs by lag, smallest lag first. */
  lags: { ms: number; jobs: number }[];
}

/** A rate limit of GitHub, as an answer showed it. */
export interface RecordedBudget {
  /** Null for GITHUB_TOKEN. */
  installation_id: number | null;
  resource: "core" | "graphql";
  limit: number;
  remaining: number;
  reset_at: string;
  seen_at: string;
}

/** The facts about a repository that the analysis lacks. */
export interface RepositoryDescription {
  id: number;
  private: boolean | null;
  last_delivery_at: string | null;
  /** The number of unfinished jobs. */
  unfinished: number;
  sync: Job | null;
}
