import type { Activity, Overview, RepositoryOverview } from "../api/console-contract.ts";
import type { Analysis, Figures } from "../api/contract.ts";
import { deliveriesReconcile, repositoriesReconcile } from "../lib/inngest/events.ts";
import { describeRepositories, getActivity, listBudgets } from "../lib/store/activity.ts";
import type { ActivityBucket } from "../lib/store/activity-types.ts";
import { analyzeGaps } from "../lib/store/gaps.ts";
import { listKnownInstallations } from "../lib/store/reconciling.ts";
import { StoreError, type Store } from "../lib/store/store.ts";
import type { Services } from "../services.ts";
import { findFindings, toSentence, toStatus } from "./findings.ts";
import { checkHealth, type Health } from "./health.ts";
import { toLagCorrectionMs } from "./lag-correction.ts";

/** Charts have at most this many buckets. */
const maxBuckets = 100;
const bucketSizes = [60, 300, 900, 1800, 3600, 7200] as const;

/** The reconcilers. One is late after `lateAfter` seconds, when it has missed two runs. */
const reconcilers = [
  { name: deliveriesReconcile.name, lateAfter: 30 * 60 },
  { name: repositoriesReconcile.name, lateAfter: 3 * 3600 },
] as const;

export type OverviewServices = Pick<
  Services,
  | "activity"
  | "app"
  | "counts"
  | "dashboardUrl"
  | "description"
  | "engine"
  | "github"
  | "journal"
  | "problems"
  | "refusals"
  | "store"
>;

/** Describes the state of the copy in one answer. Throws a `StoreError` while the database does not answer. */
export async function describeOverview(services: OverviewServices, hours: number): Promise<Overview> {
  const { store, app, activity: recorder, description, dashboardUrl } = services;
  await recorder.flush();
  const [health, analysis, activity, budgets, installations] = await Promise.all([
    checkHealth(services),
    analyzeGaps(store, { limit: 0 }),
    describeActivity(services, hours),
    listBudgets(store),
    listKnownInstallations(store),
  ]);
  if (!health.jobs) throw new StoreError("overview", { message: "The database did not answer." }, 503);
  const seen = {
    health,
    jobs: health.jobs,
    analysis,
    descriptions: await describeById(store, analysis),
    activity: activity.buckets,
    bucketSeconds: activity.bucketSeconds,
    budgets,
    reconcilers: describeReconcilers(health),
    now: new Date(),
  };
  const findings = findFindings(seen);
  return {
    status: toStatus(seen, findings),
    sentence: toSentence(seen, findings),
    findings: findings.map(({ text, view }) => ({ text, view })),
    now: seen.now.toISOString(),
    installations: installations.length,
    repositories: analysis.repositories.length,
    app: app && { name: app.name, install_url: app.installUrl },
    coverage: analysis.total,
    jobs: seen.jobs,
    bucket_seconds: activity.bucketSeconds,
    activity: activity.buckets,
    budgets,
    reconcilers: seen.reconcilers,
    inngest: { is: description.inngest, dashboard: dashboardUrl },
    database: description.database,
  };
}

/** Lists the captured repositories with their figures. */
export async function listRepositories({
  store,
}: Pick<Services, "store">): Promise<{ repositories: RepositoryOverview[]; total: Figures }> {
  const analysis = await analyzeGaps(store, { limit: 0 });
  const descriptions = await describeById(store, analysis);
  return {
    repositories: analysis.repositories.map((figures) => {
      const {
        private: isPrivate = null,
        last_delivery_at = null,
        sync = null,
      } = descriptions.get(figures.id) ?? {};
      return { ...figures, private: isPrivate, last_delivery_at, sync };
    }),
    total: analysis.total,
  };
}

async function describeById(store: Store, { repositories }: Pick<Analysis, "repositories">) {
  const ids = repositories.map(({ id }) => id);
  return new Map((await describeRepositories(store, ids)).map((each) => [each.id, each]));
}

/** Returns the buckets of the last `hours`. The last bucket is unfinished. */
async function describeActivity({ store, github }: Pick<Services, "store" | "github">, hours: number) {
  const seconds = hours * 3600;
  const bucketSeconds = bucketSizes.find((size) => seconds / size <= maxBuckets) ?? bucketSizes[5];
  const count = Math.ceil(seconds / bucketSeconds);
  const { now, buckets } = await getActivity(
    store,
    new Date(Date.now() - (seconds + bucketSeconds) * 1000),
    bucketSeconds,
  );
  const correctionMs = toLagCorrectionMs(now, github);
  const known = new Map(buckets.map((bucket) => [Date.parse(bucket.at), bucket]));
  const last = Math.floor(Date.parse(now) / (bucketSeconds * 1000)) * bucketSeconds * 1000;
  const all = Array.from({ length: count }, (_, index): Activity => {
    const at = last - (count - 1 - index) * bucketSeconds * 1000;
    const { lags, ...counts } = known.get(at) ?? emptyBucket;
    return {
      ...counts,
      at: new Date(at).toISOString(),
      lag_p50_ms: toLag(lags, 0.5, correctionMs),
      lag_p99_ms: toLag(lags, 0.99, correctionMs),
    };
  });
  return { bucketSeconds, buckets: all };
}

const emptyBucket: Omit<ActivityBucket, "at"> = {
  accepted: 0,
  refused: 0,
  failed_deliveries: 0,
  completed: 0,
  failed: 0,
  retried: 0,
  lags: [],
};

/** Returns the quantile of the lags at `share`, corrected for the difference between the database's clock and GitHub's. */
function toLag(lags: ActivityBucket["lags"], share: number, correctionMs: number): number | null {
  const total = lags.reduce((sum, { jobs }) => sum + jobs, 0);
  let left = Math.ceil(total * share);
  const found = lags.find(({ jobs }) => (left -= jobs) <= 0);
  return found ? Math.max(0, Math.round(found.ms + correctionMs)) : null;
}

/** A reconciler that never succeeded is late once the process has run for `lateAfter`. */
function describeReconcilers(health: Health): Overview["reconcilers"] {
  return reconcilers.map(({ name, lateAfter }) => {
    const age = health.reconcilers?.[name]?.age_seconds;
    const succeededAt = age === undefined ? null : new Date(Date.now() - age * 1000).toISOString();
    return { name, succeeded_at: succeededAt, is_late: (age ?? process.uptime()) > lateAfter };
  });
}
