import type { QueueStats } from "../api/contract.ts";
import { getJournalStats } from "../lib/store/journal.ts";
import { getQueueStats } from "../lib/store/jobs.ts";
import { getOutboxStats } from "../lib/store/outbox.ts";
import { claimLook, listCheckpoints } from "../lib/store/reconciling.ts";
import type { Store } from "../lib/store/store.ts";
import type { Services } from "../services.ts";
import type { DeliveryCounts } from "./delivery-counts.ts";

export interface Health {
  status: "ok" | "down";
  /** Problems of the setup and of the database, one sentence each. */
  problems?: string[];
  database: { is: string; reachable: boolean };
  inngest: { is: string; embedded?: Record<string, number> };
  /** Since this process started. */
  deliveries: DeliveryCounts;
  jobs?: QueueStats;
  /** Events in the outbox, and the age of the oldest. */
  outbox?: { waiting: number; oldest_age_seconds: number | null };
  /** Events that the queue accepted. Absent with the embedded engine, which cannot lose events. */
  journal?: JournalHealth;
  /** When each reconciler last succeeded. A reconciler that never succeeded is absent. */
  reconcilers?: Record<string, { age_seconds: number }>;
}

export interface JournalHealth {
  /** Accepted events that this process has not recorded yet, and those it could not record. */
  unwritten: number;
  dropped: number;
  /** Events that should have a job by now and have none, the age of the oldest, and how many of them were resent. */
  unstarted?: number;
  oldest_age_seconds?: number | null;
  resent?: number;
  /** Jobs that failed because the queue never ran their events. */
  given_up?: number;
}

type HealthServices = Pick<
  Services,
  "store" | "engine" | "journal" | "counts" | "description" | "problems" | "refusals"
>;

/** Checks whether captures can be stored. The answer is public, so it contains no secrets. */
export async function checkHealth({
  store,
  engine,
  journal,
  counts,
  description,
  problems: setupProblems,
  refusals,
}: HealthServices): Promise<Health> {
  const stored = await readStored(store).catch(() => null);
  const refusal = await refusals.check(() => claimLook(store, "health check", new Date()));
  const problems = [
    ...setupProblems.values(),
    engine?.problem() ?? null,
    refusal && `The database refuses to write (${refusal}). Deliveries and captures fail until it can.`,
  ].filter((problem) => problem !== null);
  return {
    status: stored && problems.length === 0 ? "ok" : "down",
    ...(problems.length > 0 && { problems }),
    database: { is: description.database, reachable: stored !== null },
    inngest: { is: description.inngest, ...(engine && { embedded: { ...engine.stats() } }) },
    deliveries: counts,
    ...stored?.health,
    ...(journal && { journal: { ...journal.stats(), ...stored?.journal } }),
  };
}

async function readStored(store: Store) {
  const [jobs, { waiting, oldest_at }, journal, checkpoints] = await Promise.all([
    getQueueStats(store),
    getOutboxStats(store),
    getJournalStats(store),
    listCheckpoints(store),
  ]);
  const { unstarted, oldest_at: unstartedSince, resent, given_up } = journal;
  return {
    health: {
      jobs,
      outbox: { waiting, oldest_age_seconds: oldest_at === null ? null : secondsSince(oldest_at) },
      reconcilers: Object.fromEntries(
        checkpoints.map(({ name, succeeded_at }) => [name, { age_seconds: secondsSince(succeeded_at) }]),
      ),
    },
    journal: {
      unstarted,
      oldest_age_seconds: unstartedSince === null ? null : secondsSince(unstartedSince),
      resent,
      given_up,
    },
  };
}

function secondsSince(moment: string): number {
  return Math.max(0, Math.round((Date.now() - Date.parse(moment)) / 1000));
}
