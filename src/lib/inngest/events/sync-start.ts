/** An incremental sync repeats what changed while the last sync was reading. */
const overlapMs = 10 * 60_000;

/** Returns where an incremental sync starts: at the time up to which the last one captured everything, minus an overlap. */
export function toSyncStart(syncedAt: string): string {
  return new Date(Date.parse(syncedAt) - overlapMs).toISOString();
}
