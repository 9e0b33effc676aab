import type { SendEvents } from "../lib/inngest/events.ts";

/** Counts of deliveries since the process started. */
export interface DeliveryCounts {
  /** Answered 2xx. */
  accepted: number;
  /** Accepted deliveries that became events. */
  captured: number;
  /** Answered 4xx: malformed, too large, or with a wrong signature. */
  refused: number;
  /** Answered 5xx. GitHub's delivery log shows them as failed. */
  failed: number;
}

export function createDeliveryCounts(): DeliveryCounts {
  return { accepted: 0, captured: 0, refused: 0, failed: 0 };
}

/** Counts a delivery by its answer. */
export function countAnswer(counts: DeliveryCounts, status: number): void {
  counts[status < 400 ? "accepted" : status < 500 ? "refused" : "failed"]++;
}

/** Counts a delivery as captured when its events are accepted. */
export function counted(send: SendEvents, counts: DeliveryCounts): SendEvents {
  return async (events) => {
    await send(events);
    counts.captured++;
  };
}
