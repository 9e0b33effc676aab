import { collectDefaultMetrics, Registry } from "prom-client";
import { readMetrics } from "../lib/store/activity.ts";
import type { MetricsSnapshot } from "../lib/store/activity-types.ts";
import type { Services } from "../services.ts";
import { toLagCorrectionMs } from "./lag-correction.ts";
import { createMetricSet, type MetricSet } from "./metric-set.ts";
import { answerBoundsMs } from "./delivery-totals.ts";

export type MetricsServices = Pick<
  Services,
  "activity" | "github" | "journal" | "log" | "problems" | "store"
>;

export interface Metrics {
  contentType: string;
  /** Returns the metrics as text. While the database does not answer, they are those of the process. */
  scrape(): Promise<string>;
}

/** "Recent" captures, retries and lags are those of this time. */
const windowSeconds = 300;

/** The maximum number of budgets to show, those with the least left. An installation has two. */
const maxBudgets = 200;

/**
 * Metrics for Prometheus. All but those of the process are read from the database at each scrape, so every server and function that shares it
 * shows the same. Labels have few values: names of webhooks, functions, states and reconcilers, and at most `maxBudgets` installations.
 */
export function createMetrics(services: MetricsServices): Metrics {
  let process: Registry | undefined;

  return {
    contentType: Registry.PROMETHEUS_CONTENT_TYPE,
    async scrape() {
      if (!process) collectDefaultMetrics({ register: (process = new Registry()) });
      return Registry.merge([process, await readRegistry(services)]).metrics();
    },
  };
}

async function readRegistry(services: MetricsServices): Promise<Registry> {
  const { activity, store, log, problems } = services;
  await activity.flush();
  const snapshot = await readMetrics(store, { windowSeconds, maxBudgets }).catch((err: unknown) => {
    log.warn({ err }, "The database did not answer a scrape of the metrics");
    return null;
  });
  const set = createMetricSet();
  set.gauge("database_up", "1 when the database answered this scrape.", [[{}, snapshot ? 1 : 0]]);
  set.gauge("setup_problems", "Problems of the setup of this process, as /healthz lists them.", [
    [{}, problems.size],
  ]);
  if (snapshot) {
    addDeliveries(set, snapshot);
    addCaptures(set, snapshot, toLagCorrectionMs(snapshot.now, services.github));
    addQueue(set, snapshot, services.journal !== null);
    addGitHub(set, snapshot);
  }
  return set.registry;
}

function addDeliveries(set: MetricSet, { deliveries }: MetricsSnapshot): void {
  const byOutcome = Map.groupBy(deliveries, ({ event, outcome }) => `${event} ${outcome}`);
  set.counter(
    "webhooks_total",
    "Webhooks by the answer: accepted (2xx), refused (4xx), failed (5xx).",
    [...byOutcome.values()].map(([first, ...others]) => [
      { event: first?.event ?? "", outcome: first?.outcome ?? "" },
      others.reduce((sum, each) => sum + each.deliveries, first?.deliveries ?? 0),
    ]),
  );
  const accepted = deliveries.filter(({ outcome }) => outcome === "accepted");
  set.histogram(
    "webhook_acknowledgement_seconds",
    "From the end of an accepted webhook's body to its answer, when its events are durable.",
    answerBoundsMs.map((bound) => bound / 1000),
    accepted.map((each) => ({ within: each.within_ms / 1000, count: each.deliveries, sum: each.seconds })),
  );
}

function addCaptures(set: MetricSet, snapshot: MetricsSnapshot, correctionMs: number): void {
  set.gauge(
    "recent_captures",
    "Captures that ended in the last 5 minutes, by function and outcome.",
    snapshot.captures.map((each) => [{ function: each.function, outcome: each.outcome }, each.captures]),
  );
  set.gauge("recent_retries", "Attempts that failed in the last 5 minutes and that another one follows.", [
    [{}, snapshot.retries],
  ]);
  set.gauge(
    "jobs",
    "Captures that are pending, processing, retrying or failed. Failed ones wait for a replay until they are pruned.",
    snapshot.jobs.map((each) => [{ function: each.function, state: each.state }, each.jobs]),
  );
  set.gauge(
    "recent_lag_seconds",
    "From a change, by GitHub's clock of whole seconds, to its row, for webhooks of the last 5 minutes.",
    snapshot.lags.map(({ quantile, ms }) => [
      { quantile: String(quantile) },
      Math.max(0, ms + correctionMs) / 1000,
    ]),
  );
}

function addQueue(set: MetricSet, snapshot: MetricsSnapshot, hasJournal: boolean): void {
  const { now, outbox, journal, reconcilers } = snapshot;
  const age = (moment: string | null) =>
    moment === null ? 0 : Math.max(0, (Date.parse(now) - Date.parse(moment)) / 1000);
  set.gauge("outbox_events", "Events that Inngest has not taken yet.", [[{}, outbox.waiting]]);
  set.gauge("outbox_oldest_age_seconds", "The age of the oldest event in the outbox; 0 when it is empty.", [
    [{}, age(outbox.oldest_at)],
  ]);
  if (hasJournal) {
    set.gauge("unstarted_events", "Events that Inngest accepted and that should have a job by now.", [
      [{}, journal.unstarted],
    ]);
    set.gauge("unstarted_oldest_age_seconds", "The age of the oldest unstarted event; 0 without one.", [
      [{}, age(journal.oldest_at)],
    ]);
    set.gauge("given_up_jobs", "Failed jobs whose event Inngest never ran.", [[{}, journal.given_up]]);
  }
  set.gauge(
    "reconciler_age_seconds",
    "Seconds since a reconciler last finished. Absent until it first does.",
    reconcilers.map(({ name, succeeded_at }) => [{ reconciler: name }, age(succeeded_at)]),
  );
}

function addGitHub(set: MetricSet, { installations, repositories, budgets }: MetricsSnapshot): void {
  set.gauge("installations", "Accounts with the App.", [[{}, installations]]);
  set.gauge("repositories", "Captured repositories.", [[{}, repositories]]);
  const each = (value: (budget: MetricsSnapshot["budgets"][number]) => number) =>
    budgets.map((budget): [Record<string, string>, number] => [
      { installation: String(budget.installation_id ?? "token"), resource: budget.resource },
      value(budget),
    ]);
  set.gauge(
    "github_budget_limit",
    "GitHub's rate limit in an hour: requests (core) or points (graphql).",
    each(({ limit }) => limit),
  );
  set.gauge(
    "github_budget_remaining",
    "Requests or points that are left until GitHub resets the budget.",
    each(({ remaining }) => remaining),
  );
  set.gauge(
    "github_budget_used",
    "Requests or points that GitHub has counted since it last reset the budget.",
    each(({ limit, remaining }) => limit - remaining),
  );
}
