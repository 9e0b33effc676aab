import type { Activity } from "../../api/console-contract.ts";
import type { Job } from "../../api/contract.ts";

/** The webhooks that this process answered in a minute. */
export interface MinuteOfDeliveries {
  minute: string;
  accepted: number;
  refused: number;
  failed: number;
}

/** What happened in a bucket. */
export interface ActivityBucket extends Omit<Activity, "lag_p50_ms" | "lag_p99_ms"> {
  /** How many webhooks' jobs had which lag, smallest first. */
  lags: { ms: number; jobs: number }[];
}

/** A rate limit of GitHub, as an answer showed it. */
export interface RecordedBudget {
  /** Null: of GITHUB_TOKEN. */
  installation_id: number | null;
  resource: "core" | "graphql";
  limit: number;
  remaining: number;
  reset_at: string;
  seen_at: string;
}

/** What the analysis does not tell of a repository. */
export interface RepositoryDescription {
  id: number;
  private: boolean | null;
  last_delivery_at: string | null;
  /** The number of unfinished jobs. */
  unfinished: number;
  sync: Job | null;
}
