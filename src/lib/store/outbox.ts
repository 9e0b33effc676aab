import type { DueEvent, OutboxStats } from "./event-types.ts";
import { call, type Store } from "./store.ts";

/** Stores events that could not be sent, and the error. */
export async function storeEvents(store: Store, events: readonly object[], error: string): Promise<void> {
  await call(store, "capture_store_events", { events, error });
}

/** Returns the events that are due, oldest first. */
export async function getDueEvents(store: Store, limit: number): Promise<DueEvent[]> {
  return call(store, "capture_due_events", { max_events: limit });
}

/** Deletes events that were sent. */
export async function deleteEvents(store: Store, ids: number[]): Promise<void> {
  await call(store, "capture_delete_events", { ids });
}

/** Postpones events that could not be sent again, twice as long each time. */
export async function postponeEvents(store: Store, ids: number[], error: string): Promise<void> {
  await call(store, "capture_postpone_events", { ids, error });
}

export async function getOutboxStats(store: Store): Promise<OutboxStats> {
  return call(store, "capture_outbox_stats", {});
}
