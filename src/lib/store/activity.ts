import type { Overview } from "../../api/console-contract.ts";
import type {
  ActivityBucket,
  DeliveryTotal,
  MetricsSnapshot,
  MinuteOfDeliveries,
  RecordedBudget,
  RepositoryDescription,
} from "./activity-types.ts";
import { call, type Store } from "./store.ts";

/** Counts webhooks that the process has answered since its last call, and keeps newer budgets. */
export async function recordActivity(
  store: Store,
  process: string,
  seen: { deliveries: MinuteOfDeliveries[]; budgets: RecordedBudget[]; totals: DeliveryTotal[] },
): Promise<void> {
  await call(store, "capture_record_activity", { process, ...seen });
}

export async function listBudgets(store: Store): Promise<Overview["budgets"]> {
  return call(store, "capture_list_budgets", {});
}

/** Counts the activity since `since`. Empty buckets are left out. `now` is the database's time. */
export async function getActivity(
  store: Store,
  since: Date,
  bucketSeconds: number,
): Promise<{ now: string; buckets: ActivityBucket[] }> {
  return call(store, "capture_activity", { since: since.toISOString(), bucket_seconds: bucketSeconds });
}

export async function describeRepositories(store: Store, ids: number[]): Promise<RepositoryDescription[]> {
  return call(store, "capture_describe_repositories", { ids });
}

/** Reads what the metrics show, with at most `maxBudgets` budgets: those with the least left. */
export async function readMetrics(
  store: Store,
  { windowSeconds, maxBudgets }: { windowSeconds: number; maxBudgets: number },
): Promise<MetricsSnapshot> {
  return call(store, "capture_metrics", { window_seconds: windowSeconds, max_budgets: maxBudgets });
}
