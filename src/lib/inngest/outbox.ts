/**
 * What Inngest does not take is kept in the database, and sent on once Inngest takes events again. So a delivery is lost to neither
 * of them being down, and only both together are answered 503.
 */
import type { Logger } from "inngest";
import type { DueEvent } from "../store/functions.ts";
import { forgetEvents, getDueEvents, keepEvents, postponeEvents } from "../store/outbox.ts";
import type { Store } from "../store/store.ts";
import type { CaptureEvent, SendEvents } from "./events.ts";
import { NotAcceptedError } from "./send-events.ts";

export interface Outbox {
  /** Gives the events to Inngest, or keeps them. Rejects with a `NotAcceptedError` only where they could not be kept either. */
  send: SendEvents;
  /** Sends what is due. Returns how many events Inngest has taken. Two drains at once send some twice, which their ids make harmless. */
  drain(): Promise<number>;
  /** Drains again and again, until `stop`. */
  start(): void;
  /** Resolves when no drain is under way any more. */
  stop(): Promise<void>;
}

export interface OutboxOptions {
  store: Store;
  /** Rejects with a `NotAcceptedError` where Inngest does not take the events. */
  send: SendEvents;
  log: Logger;
  drainEveryMs?: number;
  /** How long, after Inngest has failed, events are kept without asking it: an outage is not to slow every acknowledgement. */
  restMs?: number;
}

/** So many events are sent together. */
const drainedAtOnce = 200;

/** Refused so often, an event is sent by itself: it may be what Inngest refuses the others for. */
const attemptsTogether = 3;

export function createOutbox({
  store,
  send,
  log,
  drainEveryMs = 5_000,
  restMs = 5_000,
}: OutboxOptions): Outbox {
  let restUntil = 0;
  let draining: Promise<unknown> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;

  async function keep(events: readonly CaptureEvent[], why: string): Promise<void> {
    try {
      await keepEvents(store, events, why);
    } catch (cause) {
      log.error({ error: describe(cause) }, "Neither Inngest nor the outbox took the events");
      throw new NotAcceptedError(`${why} They could not be kept for later either.`, { cause });
    }
  }

  /** Whether Inngest took them. */
  async function sendOn(due: readonly DueEvent[]): Promise<boolean> {
    const ids = due.map(({ id }) => id);
    try {
      await send(due.map(({ event }) => event));
    } catch (error) {
      await postponeEvents(store, ids, describe(error));
      return false;
    }
    await forgetEvents(store, ids);
    return true;
  }

  async function drain(): Promise<number> {
    let sent = 0;
    let failures = 0;
    for (;;) {
      const due = await getDueEvents(store, drainedAtOnce);
      if (due.length === 0) return sent;
      for (const group of toGroups(due)) {
        if (await sendOn(group)) sent += group.length;
        else failures++;
        if (failures > 1) return sent; // one may be the event's fault, two are Inngest's
      }
    }
  }

  function scheduleDrain(): void {
    timer = setTimeout(() => {
      draining = drain()
        .then((sent) => sent > 0 && log.info({ events: sent }, "Inngest took what the outbox had kept"))
        .catch((error: unknown) => log.warn({ error: describe(error) }, "The outbox could not be drained"))
        .finally(() => timer && scheduleDrain());
    }, drainEveryMs);
    timer.unref();
  }

  return {
    async send(events) {
      if (Date.now() < restUntil) return keep(events, "Inngest did not accept events a moment ago.");
      try {
        await send(events);
      } catch (error) {
        if (!(error instanceof NotAcceptedError)) throw error;
        restUntil = Date.now() + restMs;
        log.warn({ error: describe(error.cause ?? error), events: events.length }, "Events go to the outbox");
        await keep(events, error.message);
      }
    },
    drain,
    start: scheduleDrain,
    async stop() {
      clearTimeout(timer);
      timer = undefined;
      await draining;
    },
  };
}

/** Those that were not refused often together, every other by itself. */
function toGroups(due: readonly DueEvent[]): DueEvent[][] {
  const together = due.filter(({ attempts }) => attempts < attemptsTogether);
  const alone = due.filter(({ attempts }) => attempts >= attemptsTogether);
  return [...(together.length > 0 ? [together] : []), ...alone.map((event) => [event])];
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
