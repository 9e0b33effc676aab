import type { DueEvent, OutboxStats } from "./functions.ts";
import { call, type Store } from "./store.ts";

/** Keeps events that could not be sent, and why. */
export async function keepEvents(store: Store, events: readonly object[], error: string): Promise<void> {
  await call(store, "capture_keep_events", { events, error });
}

/** The events that are due to be sent, oldest first. */
export async function getDueEvents(store: Store, limit: number): Promise<DueEvent[]> {
  return call(store, "capture_due_events", { max_events: limit });
}

/** Forgets events that were sent. */
export async function forgetEvents(store: Store, ids: number[]): Promise<void> {
  await call(store, "capture_forget_events", { ids });
}

/** Lets events wait that could not be sent again, twice as long each time. */
export async function postponeEvents(store: Store, ids: number[], error: string): Promise<void> {
  await call(store, "capture_postpone_events", { ids, error });
}

export async function getOutboxStats(store: Store): Promise<OutboxStats> {
  return call(store, "capture_outbox_stats", {});
}
