import { RequestError } from "@octokit/request-error";
import { listDeliveryAttempts, redeliver, type DeliveryAttempt } from "../../github/delivery-log.ts";
import { briefRetries, isTooMuchAtOnce, limitEndOf } from "../../github/to-inngest-error.ts";
import type { EventJob } from "../../store/job-types.ts";
import { replayJobs } from "../../store/failures.ts";
import { recordSent } from "../../store/jobs.ts";
import { findJobs, getCheckpoint } from "../../store/reconciling.ts";
import { toBatches } from "../events/batches.ts";
import { toReplayEventId, toWebhookEventId } from "../events/event-ids.ts";
import { deliveriesReconcile, webhookEventNames } from "../events.ts";
import type { CaptureDependencies } from "../captures/capture.ts";
import { throwFailures } from "../captures/capture-listing.ts";
import { ask, type ReconcilingRun, type ReconcilingTools } from "./reconcile.ts";

/**
 * GitHub keeps deliveries for three days. The extra hour allows for a local clock that is ahead.
 * https://docs.github.com/webhooks/testing-and-troubleshooting-webhooks/redelivering-webhooks
 */
const keptMs = 3 * 86_400_000 + 3_600_000;

/** Recent deliveries may not be in the log yet. */
const logDelayMs = 60_000;

/** A `date` header has whole seconds; the log's dates have fractions. */
const headerSecondMs = 1000;

/** A page that GitHub fails to answer is requested again with fewer deliveries. Later pages start with the second size. */
const pageSizes = [100, 50, 25, 5, 1] as const;

/** The maximum number of requests in one step. */
const pageBatchSize = 10;
const redeliveryBatchSize = 25;
const lookupBatchSize = 500;

/** The maximum number of redeliveries in one run, oldest first: the App may send 5,000 requests an hour. The next run continues. */
const maxRedeliveries = 2_000;

/** The statuses of malformed and too large deliveries, which would be refused again. */
const permanentStatuses = [400, 413];

/** The wait before another redelivery. It doubles after each failed attempt. */
const retryAfterMs = { first: 8 * 60_000, max: 6 * 3_600_000 };

type FailedAttempt = Pick<DeliveryAttempt, "id" | "guid" | "delivered_at" | "status_code"> & {
  /** The webhook with its action, such as `pull_request.opened`. */
  webhook: string;
};

/** Where to continue reading the log, and the size of the next page. */
interface LogPosition {
  cursor: string | null;
  pageSize: number;
}

/** A delivery that never succeeded: its newest attempt, and the time of the first. */
interface Undelivered {
  newest: FailedAttempt;
  firstAt: string;
  attempts: number;
}

/** A delivery to redeliver, by the id of its newest attempt. */
interface Redelivery {
  attemptId: string;
  delivery: string;
  firstAt: string;
}

interface Redelivered {
  /** How many redeliveries GitHub accepted. */
  accepted: number;
  /** The attempt ids of deliveries that GitHub no longer has. */
  gone: string[];
  /** One sentence for each delivery that GitHub does not redeliver. */
  problems: string[];
}

interface Decision {
  redeliver: Redelivery[];
  /** Failed jobs of undelivered events. A redelivery would not run them: Inngest deduplicates its events. */
  replay: Pick<EventJob, "id" | "event_id">[];
  /** Everything before this moment is processed, except the redeliveries. */
  processedUntil: string;
}

export type DeliveryDependencies = Pick<CaptureDependencies, "store" | "github"> & {
  /** True if the app handles a webhook such as `pull_request.opened`. */
  handles: (webhook: string) => boolean;
};

/**
 * Redelivers undelivered webhooks. Reads the App's delivery log back to its checkpoint, and requests redelivery of what never succeeded. A
 * redelivery has the same GUID, so an event that was accepted after all does not run twice. If its run failed, the job is replayed instead.
 */
export function createDeliveriesReconciler({ store, github, handles }: DeliveryDependencies) {
  const name = deliveriesReconcile.name;

  /**
   * Reads some pages of the log: failed attempts of handled webhooks, and the GUIDs of other attempts that succeeded, when they are redeliveries or
   * a newer attempt of theirs failed (`suspected`). If GitHub fails to answer the smallest page repeatedly, the log ends there, with a problem.
   */
  async function readLog(from: LogPosition, until: string, suspected: ReadonlySet<string>, attempt: number) {
    const client = await github.forApp();
    const failed: FailedAttempt[] = [];
    const succeeded: string[] = [];
    const problems: string[] = [];
    let isWhole = true;
    let { cursor, pageSize } = from;
    let readAt: string | null = null;
    let size: number = pageSize;
    for (let request = 0; request < pageBatchSize; request++) {
      let page: Awaited<ReturnType<typeof listDeliveryAttempts>>;
      try {
        page = await listDeliveryAttempts(client, { cursor, pageSize: size });
      } catch (error) {
        if (!isTooMuchAtOnce(error)) throw error;
        const smaller = pageSizes.find((each) => each < size);
        if (smaller) {
          size = smaller;
          pageSize = pageSizes[1];
          continue;
        }
        if (cursor === null || attempt < briefRetries) throw error;
        problems.push(`Could not read GitHub's delivery log further back: ${describe(error)}`);
        isWhole = false;
        cursor = null;
        break;
      }
      size = pageSize;
      readAt ??= page.date;
      problems.push(...page.unreadable);
      const recent = page.attempts.filter(
        ({ delivered_at }) => Date.parse(delivered_at) >= Date.parse(until),
      );
      for (const { id, guid, delivered_at, status_code, redelivery, event, action } of recent) {
        const webhook = `${event}.${action}`;
        if (status_code < 200 || status_code >= 300) {
          if (handles(webhook)) failed.push({ id, guid, delivered_at, status_code, webhook });
        } else if (redelivery || suspected.has(guid) || failed.some((each) => each.guid === guid)) {
          succeeded.push(guid);
        }
      }
      cursor = recent.length === page.attempts.length ? page.cursor : null;
      if (!cursor) break;
    }
    return { cursor, pageSize, failed, succeeded, problems, isWhole, readAt };
  }

  /** `startedAt` is GitHub's time of the log's first page. The log's dates follow the same clock. */
  async function decide(undelivered: readonly Undelivered[], startedAt: string): Promise<Decision> {
    const jobs = await findJobsOf(undelivered.map(({ newest }) => newest.guid));
    const replayed = new Set([...jobs.values()].flat().map(({ event_id }) => event_id));
    const now = Date.parse(startedAt);
    const decision: Decision = {
      redeliver: [],
      replay: [],
      processedUntil: new Date(now - logDelayMs).toISOString(),
    };
    for (const { newest, firstAt, attempts } of undelivered) {
      const own = jobs.get(newest.guid) ?? [];
      for (const { id, event_id, state } of own) {
        if (state === "failed" && !replayed.has(toReplayEventId(event_id)))
          decision.replay.push({ id, event_id });
      }
      if (own.length > 0 || permanentStatuses.includes(newest.status_code)) continue; // processed
      const isDue = now + headerSecondMs > Date.parse(newest.delivered_at) + waitAfter(attempts);
      if (isDue && decision.redeliver.length < maxRedeliveries) {
        const delivery = `${newest.guid} (${newest.webhook})`;
        decision.redeliver.push({ attemptId: newest.id, delivery, firstAt });
      } else if (firstAt < decision.processedUntil) decision.processedUntil = firstAt;
    }
    return decision;
  }

  /** Requests each redelivery. A refusal does not stop the others; a rate limit, a refused App, and an outage do. */
  async function redeliverEach(some: readonly Redelivery[]): Promise<Redelivered> {
    const client = await github.forApp();
    const done: Redelivered = { accepted: 0, gone: [], problems: [] };
    let outage: unknown;
    for (const { attemptId, delivery } of some) {
      try {
        await redeliver(client, attemptId);
        done.accepted++;
      } catch (error) {
        if (!(error instanceof RequestError) || error.status === 401 || limitEndOf(error)) throw error;
        if (isTooMuchAtOnce(error)) outage = error;
        if (error.status === 404) done.gone.push(attemptId);
        done.problems.push(`GitHub does not redeliver ${delivery}: ${describe(error)}`);
      }
    }
    if (outage && done.problems.length === some.length) throw outage;
    return done;
  }

  /** The jobs of the deliveries' events and of their replays, by GUID. */
  async function findJobsOf(guids: readonly string[]): Promise<Map<string, EventJob[]>> {
    const found = new Map<string, EventJob[]>();
    for (const batch of toBatches(guids, lookupBatchSize)) {
      const eventIds = batch.flatMap((guid) =>
        webhookEventNames.map((event) => toWebhookEventId(guid, event)),
      );
      for (const job of await findJobs(store, [...eventIds, ...eventIds.map(toReplayEventId)])) {
        const guid = job.event_id.split(":").at(-2) ?? "";
        found.set(guid, [...(found.get(guid) ?? []), job]);
      }
    }
    return found;
  }

  return async (
    run: ReconcilingRun,
    { step, startWork, record, finish }: ReconcilingTools,
  ): Promise<void> => {
    const { until } = await step.run("begin", async () => {
      await record();
      const checkpoint = await getCheckpoint(store, name);
      const oldest = new Date(github.now() - keptMs).toISOString();
      const processedUntil = checkpoint?.processed_until
        ? new Date(checkpoint.processed_until).toISOString()
        : oldest;
      return { until: processedUntil > oldest ? processedUntil : oldest };
    });

    const failed: FailedAttempt[] = [];
    const succeeded = new Set<string>();
    const problems: string[] = [];
    let from: LogPosition = { cursor: null, pageSize: pageSizes[0] };
    let startedAt: string | null = null;
    let isWhole = true;
    for (let part = 1; part === 1 || from.cursor; part++) {
      const suspected = new Set(failed.map(({ guid }) => guid));
      const read: Awaited<ReturnType<typeof readLog>> = await step.run(`read-log-${part}`, () =>
        ask(() => readLog(from, until, suspected, run.attempt)),
      );
      failed.push(...read.failed);
      problems.push(...read.problems);
      for (const guid of read.succeeded) succeeded.add(guid);
      from = { cursor: read.cursor, pageSize: read.pageSize };
      startedAt ??= read.readAt;
      isWhole &&= read.isWhole;
    }
    const readAt = startedAt ?? new Date(github.now()).toISOString();

    const undelivered = toUndelivered(failed.filter(({ guid }) => !succeeded.has(guid)));
    const decision = await step.run("decide", () => decide(undelivered, readAt));
    if (decision.redeliver.length + decision.replay.length + problems.length > 0) startWork();
    const gone = new Set<string>();
    let requested = decision.replay.length;
    for (const [index, batch] of toBatches(decision.redeliver, redeliveryBatchSize).entries()) {
      const done = await step.run(`redeliver-${index}`, () => ask(() => redeliverEach(batch)));
      requested += done.accepted;
      problems.push(...done.problems);
      for (const id of done.gone) gone.add(id);
    }
    for (const { id, event_id } of decision.replay) {
      const replays = await step.run(`replace-job-${id}`, () =>
        replayJobs(store, [{ id, event_id: toReplayEventId(event_id) }]),
      );
      if (replays.length === 0) continue;
      await step.sendEvent(`replay-job-${id}`, replays);
      await step.run(`record-replay-of-job-${id}`, () => recordSent(store, [toReplayEventId(event_id)]));
    }

    await step.run("finish", () =>
      finish({
        checkpoint: name,
        processedUntil: isWhole ? toProcessedUntil(decision, gone) : until,
        askedFor: requested,
      }),
    );
    throwFailures([], problems);
  };
}

/** A delivery that GitHub no longer has counts as processed. */
function toProcessedUntil({ processedUntil, redeliver: asked }: Decision, gone: ReadonlySet<string>): string {
  const left = asked.filter(({ attemptId }) => !gone.has(attemptId)).map(({ firstAt }) => firstAt);
  return [processedUntil, ...left].toSorted()[0] ?? processedUntil;
}

function describe(error: unknown): string {
  if (!(error instanceof RequestError)) return String(error);
  return `${error.status} ${error.message}`;
}

/** One delivery for each GUID, oldest first. `attempts` are newest first, like the log. */
function toUndelivered(attempts: readonly FailedAttempt[]): Undelivered[] {
  const deliveries = new Map<string, Undelivered>();
  for (const attempt of attempts) {
    const known = deliveries.get(attempt.guid);
    deliveries.set(attempt.guid, {
      newest: known?.newest ?? attempt,
      firstAt: new Date(attempt.delivered_at).toISOString(),
      attempts: (known?.attempts ?? 0) + 1,
    });
  }
  return [...deliveries.values()].toSorted((a, b) => a.firstAt.localeCompare(b.firstAt));
}

/** How long to wait after the newest attempt. The first attempt is repeated at once. */
function waitAfter(attempts: number): number {
  return attempts === 1 ? 0 : Math.min(retryAfterMs.first * 2 ** (attempts - 2), retryAfterMs.max);
}
