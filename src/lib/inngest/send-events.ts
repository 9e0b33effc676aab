import type { Inngest } from "inngest";
import type { CaptureEvent, SendEvents } from "./events.ts";

/** Inngest has not accepted the events in time, or has refused them. They may still have arrived: their ids make a second sending harmless. */
export class NotAcceptedError extends Error {
  override readonly name = "NotAcceptedError";
}

export interface SendOptions {
  /** How long events are gathered before they are sent together. */
  windowMs?: number;
  /** The most events in one request; Inngest takes 5,000. */
  maxEvents?: number;
  /** The largest request. Inngest takes 256 KiB on its free plan, and adds something to what it is sent. https://www.inngest.com/docs/usage-limits/inngest */
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
 * Sends the events of concurrent callers together: one request to Inngest for all that come within a few milliseconds.
 * Every caller waits for its own; a request that fails fails for all that were in it, with a `NotAcceptedError`.
 * An event that is too large goes without what was observed, and its capture asks GitHub.
 */
export function createSendEvents(
  inngest: Inngest,
  { windowMs = 4, maxEvents = 200, maxBytes = 250 * 1024, timeoutMs = 8_000 }: SendOptions = {},
): SendEvents {
  let waiting: Waiting[] = [];
  let bytes = 0;
  let timer: NodeJS.Timeout | undefined;

  async function flush(): Promise<void> {
    clearTimeout(timer);
    const batch = waiting;
    waiting = [];
    bytes = 0;
    timer = undefined;
    try {
      await inngest.send(batch.map(({ event }) => event));
      for (const { accepted } of batch) accepted();
    } catch (error) {
      for (const { refused } of batch)
        refused(new NotAcceptedError("Inngest refused the events.", { cause: error }));
    }
  }

  const enqueue = (whole: CaptureEvent) =>
    new Promise<void>((accepted, refused) => {
      const { event, size } = toSendable(whole, maxBytes);
      if (waiting.length > 0 && bytes + size > maxBytes) void flush();
      waiting.push({ event, accepted, refused });
      bytes += size;
      if (waiting.length >= maxEvents) void flush();
      else timer ??= setTimeout(() => void flush(), windowMs);
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

/** The event as it fits into a request, and its size in bytes. */
function toSendable(event: CaptureEvent, maxBytes: number): { event: CaptureEvent; size: number } {
  const size = Buffer.byteLength(JSON.stringify(event));
  if (size <= maxBytes || !("observed" in event.data)) return { event, size };
  const { observed: _, ...data } = event.data;
  return toSendable({ ...event, data }, maxBytes);
}
