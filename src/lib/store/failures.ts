import type { FailureSummary } from "./functions.ts";
import { call, type Store } from "./store.ts";

/**
 * The jobs that failed until a moment, since the checkpoint of that name, or since `without` where there is none yet; the most frequent
 * reasons first, at most so many.
 */
export async function summarizeFailures(
  store: Store,
  asked: { name: string; without: string; until: string; max_reasons: number },
): Promise<FailureSummary> {
  return call(store, "capture_summarize_failures", asked);
}

/** Moves a checkpoint on: what was before is settled. */
export async function moveCheckpoint(store: Store, name: string, settledUntil: string): Promise<void> {
  await call(store, "capture_move_checkpoint", { name, settled_until: settledUntil });
}
