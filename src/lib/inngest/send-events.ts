import type { Inngest } from "inngest";
import type { CaptureEvent, SendEvents } from "./events.ts";
import { maxRequestBytes, sizeOf } from "./events/batches.ts";
import { withoutObserved } from "./events/observed.ts";

/** Inngest refused the events, or did not accept them in time. They may have arrived anyway; their ids deduplicate them. */
export class NotAcceptedError extends Error {
  override readonly name = "NotAcceptedError";
}

export interface SendOptions {
  /** How long events are collected while a request is under way. Otherwise they are sent at the end of this turn of the event loop. */
  windowMs?: number;
  /** The most events in one request. */
  maxEvents?: number;
  /** The largest request. */
  maxBytes?: number;
  /** How long a caller waits for Inngest. GitHub gives a delivery 10 s. */
  timeoutMs?: number;
}

interface Waiting {
  event: CaptureEvent;
  accepted: () => void;
  refused: (error: Error) => void;
}

/**
 * Sends the events of concurrent callers together: at once, or one request every few milliseconds under load. Each caller waits for its own events.
 * If a request fails, its callers get a `NotAcceptedError`. An event that is too large loses its `observed`, and its capture asks GitHub.
 */
export function createSendEvents(
  inngest: Inngest,
  { windowMs = 4, maxEvents = 200, maxBytes = maxRequestBytes, timeoutMs = 8_000 }: SendOptions = {},
): SendEvents {
  let waiting: Waiting[] = [];
  let bytes = 0;
  let underWay = 0;
  /** Counts the requests, so that a plan for one that was sent earlier does nothing. */
  let requests = 0;
  let isPlanned = false;

  function plan(): void {
    if (isPlanned) return;
    isPlanned = true;
    const planned = requests;
    const run = () => void (planned === requests && flush());
    if (underWay === 0) setImmediate(run);
    else setTimeout(run, windowMs);
  }

  async function flush(): Promise<void> {
    const batch = waiting;
    waiting = [];
    bytes = 0;
    requests++;
    isPlanned = false;
    underWay++;
    try {
      await inngest.send(batch.map(({ event }) => event));
      for (const { accepted } of batch) accepted();
    } catch (error) {
      for (const { refused } of batch)
        refused(new NotAcceptedError("Inngest refused the events.", { cause: error }));
    } finally {
      underWay--;
    }
  }

  const enqueue = (whole: CaptureEvent) =>
    new Promise<void>((accepted, refused) => {
      const { event, size } = toSendable(whole, maxBytes);
      if (waiting.length > 0 && bytes + size > maxBytes) void flush();
      waiting.push({ event, accepted, refused });
      bytes += size;
      if (waiting.length >= maxEvents) void flush();
      else plan();
    });

  return (events) =>
    new Promise((resolve, reject) => {
      const timeout = setTimeout(
        () => reject(new NotAcceptedError(`Inngest did not accept the events within ${timeoutMs / 1000} s.`)),
        timeoutMs,
      );
      Promise.all(events.map(enqueue))
        .finally(() => clearTimeout(timeout))
        .then(() => resolve(), reject);
    });
}

/** Returns the event with its size, without `observed` if it would be too large for a request. */
function toSendable(event: CaptureEvent, maxBytes: number): { event: CaptureEvent; size: number } {
  const size = sizeOf(event);
  const data = withoutObserved(event);
  if (size <= maxBytes || !("observed" in event.data) || "observed" in data) return { event, size };
  return toSendable({ ...event, data }, maxBytes);
}
