import { cron } from "inngest";
import { listDeliveryAttempts, redeliver, type DeliveryAttempt } from "../../github/delivery-log.ts";
import type { EventJob } from "../../store/functions.ts";
import { getJob } from "../../store/jobs.ts";
import { findJobs, finishReconciling, getCheckpoint, noteReconciling } from "../../store/reconciling.ts";
import { deliveriesReconcile, webhookEventNames } from "../events.ts";
import type { CaptureDependencies } from "./capture.ts";
import { ask, toReconcilingContext } from "./reconcile.ts";

/** GitHub forgets deliveries after three days. https://docs.github.com/webhooks/testing-and-troubleshooting-webhooks/redelivering-webhooks */
const keptMs = 3 * 86_400_000;

/** What was sent a moment ago may not be in the log yet. */
const logDelayMs = 60_000;

/** So many requests are made in one step. */
const pagesAtOnce = 10;
const redeliveriesAtOnce = 25;

/** In one run, oldest first; the App may make 5,000 requests an hour. What is left over is the next run's. */
const mostRedeliveries = 2_000;

/** What is refused as malformed now will be the next time too. */
const refusedForGood = [400, 413];

/** After each attempt in vain twice as long. */
const retryAfterMs = { first: 8 * 60_000, most: 6 * 3_600_000 };

type FailedAttempt = Pick<DeliveryAttempt, "id" | "guid" | "delivered_at" | "status_code">;

/** A delivery that never succeeded: of all its attempts the newest, and when the first was made. */
interface Undelivered {
  newest: FailedAttempt;
  firstAt: string;
  attempts: number;
}

interface Decision {
  /** Attempts to be made again. */
  redeliver: string[];
  /** Jobs that failed, of deliveries whose events Inngest would not run again. */
  replay: number[];
  settledUntil: string;
}

export type DeliveryDependencies = CaptureDependencies & {
  /** Whether a webhook, as `pull_request.opened`, is reacted to. */
  handles: (webhook: string) => boolean;
};

/**
 * Repairs what GitHub could not deliver: reads the App's delivery log back to where everything is settled, and asks for redelivery of
 * what never succeeded. A redelivery bears the same GUID, so its event is no second run where the first was accepted after all; where that
 * run failed, its job is replayed instead.
 */
export function createReconcileDeliveries({ inngest, store, github, handles }: DeliveryDependencies) {
  const name = deliveriesReconcile.name;

  /**
   * Some pages of the log: attempts that failed, of webhooks that are reacted to, and the GUIDs that succeeded all the same. Those are
   * redeliveries, or of a GUID that is suspected already: a failed attempt of it is newer.
   */
  async function readLog(cursor: string | null, until: string, suspected: ReadonlySet<string>) {
    const client = await github.forApp();
    const failed: FailedAttempt[] = [];
    const succeeded: string[] = [];
    let next = cursor;
    for (let page = 0; page < pagesAtOnce; page++) {
      const { attempts, cursor: older } = await listDeliveryAttempts(client, next);
      const recent = attempts.filter(({ delivered_at }) => Date.parse(delivered_at) >= Date.parse(until));
      for (const { id, guid, delivered_at, status_code, redelivery, event, action } of recent) {
        if (status_code < 200 || status_code >= 300) {
          if (handles(`${event}.${action}`)) failed.push({ id, guid, delivered_at, status_code });
        } else if (redelivery || suspected.has(guid) || failed.some((attempt) => attempt.guid === guid)) {
          succeeded.push(guid);
        }
      }
      next = recent.length === attempts.length ? older : null;
      if (!next) break;
    }
    return { cursor: next, failed, succeeded };
  }

  async function decide(undelivered: readonly Undelivered[], startedAt: string): Promise<Decision> {
    const jobs = await findJobsOf(undelivered.map(({ newest }) => newest.guid));
    const replayed = new Set([...jobs.values()].flat().map(({ event_id }) => event_id));
    const now = Date.parse(startedAt);
    const decision: Decision = {
      redeliver: [],
      replay: [],
      settledUntil: new Date(now - logDelayMs).toISOString(),
    };
    for (const { newest, firstAt, attempts } of undelivered) {
      const own = jobs.get(newest.guid) ?? [];
      for (const { id, event_id, state } of own) {
        if (state === "failed" && !replayed.has(replayId(event_id))) decision.replay.push(id);
      }
      if (own.length > 0 || refusedForGood.includes(newest.status_code)) continue; // settled
      if (firstAt < decision.settledUntil) decision.settledUntil = firstAt;
      const isDue = now >= Date.parse(newest.delivered_at) + patience(attempts);
      if (isDue && decision.redeliver.length < mostRedeliveries) decision.redeliver.push(newest.id);
    }
    return decision;
  }

  /** The jobs of deliveries' events and of their replays, by GUID. */
  async function findJobsOf(guids: readonly string[]): Promise<Map<string, EventJob[]>> {
    const found = new Map<string, EventJob[]>();
    for (let from = 0; from < guids.length; from += 500) {
      const eventIds = guids
        .slice(from, from + 500)
        .flatMap((guid) => webhookEventNames.map((event) => `${guid}:${event}`));
      for (const job of await findJobs(store, [...eventIds, ...eventIds.map(replayId)])) {
        const guid = job.event_id.split(":").at(-2) ?? "";
        found.set(guid, [...(found.get(guid) ?? []), job]);
      }
    }
    return found;
  }

  return inngest.createFunction(
    {
      id: "reconcile-deliveries",
      retries: 5,
      concurrency: [{ limit: 1 }],
      triggers: [cron("*/10 * * * *"), deliveriesReconcile],
    },
    async ({ event, runId, attempt, step }) => {
      const run = { name, installationId: null, event, runId, attempt };

      const { startedAt, until } = await step.run("begin", async () => {
        await noteReconciling(store, toReconcilingContext(run));
        const checkpoint = await getCheckpoint(store, name);
        const forgotten = new Date(Date.now() - keptMs).toISOString();
        const settled = checkpoint?.settled_until
          ? new Date(checkpoint.settled_until).toISOString()
          : forgotten;
        return { startedAt: new Date().toISOString(), until: settled > forgotten ? settled : forgotten };
      });

      const failed: FailedAttempt[] = [];
      const succeeded = new Set<string>();
      let cursor: string | null = null;
      for (let part = 1; part === 1 || cursor; part++) {
        const read: Awaited<ReturnType<typeof readLog>> = await step.run(`read-log-${part}`, () =>
          ask(() => readLog(cursor, until, new Set(failed.map(({ guid }) => guid)))),
        );
        failed.push(...read.failed);
        for (const guid of read.succeeded) succeeded.add(guid);
        cursor = read.cursor;
      }

      const undelivered = toUndelivered(failed.filter(({ guid }) => !succeeded.has(guid)));
      const decision = await step.run("decide", () => decide(undelivered, startedAt));
      for (let from = 0; from < decision.redeliver.length; from += redeliveriesAtOnce) {
        const asked = decision.redeliver.slice(from, from + redeliveriesAtOnce);
        await step.run(`redeliver-${from}`, () =>
          ask(async () => {
            const client = await github.forApp();
            for (const id of asked) await redeliver(client, id);
          }),
        );
      }
      for (const id of decision.replay) {
        const replay = await step.run(`read-job-${id}`, () => getJob(store, id));
        if (!replay?.event) continue;
        await step.sendEvent(`replay-job-${id}`, {
          id: replayId(replay.event_id),
          name: replay.event_name,
          data: replay.event,
        });
      }

      await step.run("finish", () =>
        finishReconciling(store, toReconcilingContext(run), {
          checkpoint: name,
          settledUntil: decision.settledUntil,
          askedFor: decision.redeliver.length + decision.replay.length,
        }),
      );
    },
  );
}

/** An id of its own: Inngest runs no event a second time within a day. It follows from the event's, so that one replay is all there is. */
function replayId(eventId: string): string {
  return `replay:${eventId}`;
}

/** One for each GUID, oldest first. The attempts are newest first, as the log has them. */
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

/** How long to wait after so many attempts in vain; the first one is made again at once. */
function patience(attempts: number): number {
  return attempts === 1 ? 0 : Math.min(retryAfterMs.first * 2 ** (attempts - 2), retryAfterMs.most);
}
