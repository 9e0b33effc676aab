import type { QueueStats } from "../lib/store/functions.ts";
import { getQueueStats } from "../lib/store/jobs.ts";
import { getOutboxStats } from "../lib/store/outbox.ts";
import { listCheckpoints } from "../lib/store/reconciling.ts";
import type { Store } from "../lib/store/store.ts";
import type { Services } from "../services.ts";
import type { DeliveryCounts } from "./delivery-counts.ts";

export interface Health {
  status: "ok" | "down";
  database: { is: string; reachable: boolean };
  inngest: { is: string; embedded?: Record<string, number> };
  /** Since this process started. */
  deliveries: DeliveryCounts;
  jobs?: QueueStats;
  /** Events that Inngest has not taken yet, and for how many seconds the oldest waits. */
  outbox?: { waiting: number; oldest_age_seconds: number | null };
  /** How many seconds ago each reconciler last ran to its end; one that has not yet is not there. */
  reconcilers?: Record<string, { age_seconds: number }>;
}

/** Whether captures can be stored. Holds nothing that is secret: anyone may ask. */
export async function checkHealth({ store, engine, counts, description }: Services): Promise<Health> {
  const stored = await readStored(store).catch(() => null);
  return {
    status: stored ? "ok" : "down",
    database: { is: description.database, reachable: stored !== null },
    inngest: { is: description.inngest, ...(engine && { embedded: { ...engine.stats() } }) },
    deliveries: counts,
    ...stored,
  };
}

async function readStored(store: Store): Promise<Required<Pick<Health, "jobs" | "outbox" | "reconcilers">>> {
  const [jobs, { waiting, oldest_at }, checkpoints] = await Promise.all([
    getQueueStats(store),
    getOutboxStats(store),
    listCheckpoints(store),
  ]);
  return {
    jobs,
    outbox: { waiting, oldest_age_seconds: oldest_at === null ? null : secondsSince(oldest_at) },
    reconcilers: Object.fromEntries(
      checkpoints.map(({ name, succeeded_at }) => [name, { age_seconds: secondsSince(succeeded_at) }]),
    ),
  };
}

function secondsSince(moment: string): number {
  return Math.max(0, Math.round((Date.now() - Date.parse(moment)) / 1000));
}
