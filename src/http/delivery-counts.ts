import type { SendEvents } from "../lib/inngest/events.ts";

/** What became of this process's deliveries, since its start. */
export interface DeliveryCounts {
  /** Well signed and well formed, and answered 2xx. */
  accepted: number;
  /** Of the accepted, those that asked for a capture. The others are about what is not captured. */
  captured: number;
  /** Badly signed or malformed: 400 and 401. */
  refused: number;
  /** Not accepted by Inngest, or failed otherwise: 5xx. GitHub's log shows them as failed. */
  failed: number;
}

export function createDeliveryCounts(): DeliveryCounts {
  return { accepted: 0, captured: 0, refused: 0, failed: 0 };
}

/** Counts a delivery as captured once its events are accepted. */
export function counted(send: SendEvents, counts: DeliveryCounts): SendEvents {
  return async (events) => {
    await send(events);
    counts.captured++;
  };
}
