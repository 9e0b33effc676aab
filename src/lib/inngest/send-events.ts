import type { Inngest } from "inngest";
import type { CaptureEvent, SendEvents } from "./events.ts";

/** Inngest has not accepted the events in time, or has refused them. They may still have arrived: their ids make a second sending harmless. */
export class NotAcceptedError extends Error {
  override readonly name = "NotAcceptedError";
}

export interface SendOptions {
  /** How long events are gathered before they are sent together. */
  windowMs?: number;
  /** The most events and bytes in one request; Inngest takes 5,000 events. https://www.inngest.com/docs/usage-limits/inngest */
  maxEvents?: number;
  maxBytes?: number;
  /** How long a caller waits for Inngest. GitHub gives a delivery 10 s. */
  timeoutMs?: number;
}

interface Waiting {
  events: readonly CaptureEvent[];
  accepted: () => void;
  refused: (error: Error) => void;
}

/**
 * Sends the events of concurrent callers together: one request to Inngest for all that come within a few milliseconds.
 * Every caller waits for its own; a request that fails fails for all that were in it, with a `NotAcceptedError`.
 */
export function createSendEvents(
  inngest: Inngest,
  { windowMs = 4, maxEvents = 200, maxBytes = 3_000_000, timeoutMs = 8_000 }: SendOptions = {},
): SendEvents {
  let waiting: Waiting[] = [];
  let events = 0;
  let bytes = 0;
  let timer: NodeJS.Timeout | undefined;

  async function flush(): Promise<void> {
    clearTimeout(timer);
    const batch = waiting;
    waiting = [];
    events = 0;
    bytes = 0;
    timer = undefined;
    try {
      await inngest.send(batch.flatMap((caller) => caller.events));
      for (const caller of batch) caller.accepted();
    } catch (error) {
      for (const caller of batch)
        caller.refused(new NotAcceptedError("Inngest refused the events.", { cause: error }));
    }
  }

  return (sent) =>
    new Promise((resolve, reject) => {
      const timeout = setTimeout(
        () => reject(new NotAcceptedError(`Inngest did not accept the events within ${timeoutMs / 1000} s.`)),
        timeoutMs,
      );
      const size = Buffer.byteLength(JSON.stringify(sent));
      if (waiting.length > 0 && (events + sent.length > maxEvents || bytes + size > maxBytes)) void flush();
      waiting.push({
        events: sent,
        accepted: () => {
          clearTimeout(timeout);
          resolve();
        },
        refused: (error) => {
          clearTimeout(timeout);
          reject(error);
        },
      });
      events += sent.length;
      bytes += size;
      if (events >= maxEvents) void flush();
      else timer ??= setTimeout(() => void flush(), windowMs);
    });
}
