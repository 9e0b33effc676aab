import type { JournalEntry, JournalStats, LostEvent } from "./event-types.ts";
import { call, type Store } from "./store.ts";

/** Stores events that the queue accepted. */
export async function journalEvents(store: Store, events: readonly JournalEntry[]): Promise<void> {
  await call(store, "capture_journal_events", { events });
}

/** Returns events that the queue accepted and lost. Those that were sent again three times become failed jobs instead. */
export async function checkJournal(store: Store, limit: number): Promise<LostEvent[]> {
  return call(store, "capture_check_journal", { max_events: limit });
}

/** Records that the queue accepted lost events once more. */
export async function recordResent(store: Store, eventIds: string[]): Promise<void> {
  await call(store, "capture_record_resent", { event_ids: eventIds });
}

export async function getJournalStats(store: Store): Promise<JournalStats> {
  return call(store, "capture_journal_stats", {});
}

/** Deletes events that were accepted before that moment and never checked. Returns the number of batches. */
export async function pruneJournal(store: Store, acceptedBefore: Date): Promise<number> {
  return call(store, "capture_prune_journal", { accepted_before: acceptedBefore.toISOString() });
}
