import { getQueueStats } from "../lib/store/jobs.ts";
import type { QueueStats } from "../lib/store/functions.ts";
import type { Services } from "../services.ts";
import type { DeliveryCounts } from "./delivery-counts.ts";

export interface Health {
  status: "ok" | "down";
  database: { is: string; reachable: boolean };
  inngest: { is: string; embedded?: Record<string, number> };
  /** Since this process started. */
  deliveries: DeliveryCounts;
  jobs?: QueueStats;
}

/** Whether captures can be stored. Holds nothing that is secret: anyone may ask. */
export async function checkHealth({ store, engine, counts, description }: Services): Promise<Health> {
  const jobs = await getQueueStats(store).catch(() => null);
  return {
    status: jobs ? "ok" : "down",
    database: { is: description.database, reachable: jobs !== null },
    inngest: { is: description.inngest, ...(engine && { embedded: { ...engine.stats() } }) },
    deliveries: counts,
    ...(jobs && { jobs }),
  };
}
