import { randomUUID } from "node:crypto";
import type { Logger } from "pino";
import type { SeenBudget } from "../lib/github/seen-budgets.ts";
import { recordActivity } from "../lib/store/activity.ts";
import type { RecordedBudget } from "../lib/store/activity-types.ts";
import type { Store } from "../lib/store/store.ts";
import type { DeliveryCounts } from "./delivery-counts.ts";
import type { DeliveryTotals } from "./delivery-totals.ts";

export interface ActivityRecorder {
  /** Schedules a write: something was counted or seen, and is stored within seconds. */
  note(): void;
  /** Stores what is not stored yet. Never rejects: the next write repeats what the database did not take. */
  flush(): Promise<void>;
}

export interface ActivityRecorderOptions {
  store: Store;
  log: Logger;
  counts: Readonly<DeliveryCounts>;
  totals: DeliveryTotals;
  listBudgets: () => readonly SeenBudget[];
  lagMs?: number;
}

const minuteMs = 60_000;

/**
 * Stores the counts of this process's deliveries, and GitHub's budgets, for the charts and metrics of all processes. Deliveries do not wait for it: a
 * process that is killed loses the counts of its last seconds.
 */
export function createActivityRecorder({
  store,
  log,
  counts,
  totals,
  listBudgets,
  lagMs = 2_000,
}: ActivityRecorderOptions): ActivityRecorder {
  const process = randomUUID();
  const stored = { accepted: 0, refused: 0, failed: 0 };
  const storedBudgets = new WeakSet<SeenBudget>();
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> = Promise.resolve();

  async function write(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    const { accepted, refused, failed } = counts;
    const added = {
      accepted: accepted - stored.accepted,
      refused: refused - stored.refused,
      failed: failed - stored.failed,
    };
    const budgets = listBudgets().filter((budget) => !storedBudgets.has(budget));
    const hasDeliveries = added.accepted + added.refused + added.failed > 0;
    const taken = totals.take();
    if (!hasDeliveries && budgets.length === 0 && taken.length === 0) return;
    const minute = new Date(Math.floor(Date.now() / minuteMs) * minuteMs).toISOString();
    try {
      await recordActivity(store, process, {
        deliveries: hasDeliveries ? [{ minute, ...added }] : [],
        budgets: budgets.map(toRecorded),
        totals: taken,
      });
    } catch (error) {
      totals.restore(taken);
      log.debug({ err: error }, "Could not record the activity");
      return;
    }
    Object.assign(stored, { accepted, refused, failed });
    for (const budget of budgets) storedBudgets.add(budget);
  }

  /** Writes one after another. */
  function flush(): Promise<void> {
    writing = writing.then(write);
    return writing;
  }

  return {
    note() {
      timer ??= setTimeout(() => void flush(), lagMs).unref();
    },
    flush,
  };
}

function toRecorded({
  installationId,
  resource,
  limit,
  remaining,
  resetAt,
  seenAt,
}: SeenBudget): RecordedBudget {
  return { installation_id: installationId, resource, limit, remaining, reset_at: resetAt, seen_at: seenAt };
}
