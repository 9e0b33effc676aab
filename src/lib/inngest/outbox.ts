/**
 * The outbox stores events that Inngest does not accept, and sends them when it does. A delivery fails only if both Inngest and the database
 * are down.
 */
import type { Logger } from "inngest";
import type { DueEvent } from "../store/event-types.ts";
import { deleteEvents, getDueEvents, storeEvents, postponeEvents } from "../store/outbox.ts";
import type { Store } from "../store/store.ts";
import { describeError } from "./describe-error.ts";
import type { CaptureEvent, SendEvents } from "./events.ts";
import { resendLostEvents } from "./resend-lost-events.ts";
import { NotAcceptedError } from "./send-events.ts";

export interface Outbox {
  /** Sends events to Inngest, or stores them. Rejects with a `NotAcceptedError` if both fail. */
  send: SendEvents;
  /** Sends due events. Returns how many Inngest accepted. Concurrent drains may send an event twice; its id deduplicates it. */
  drain(): Promise<number>;
  /** Resends events that Inngest accepted and lost. Returns how many. */
  resendLost(): Promise<number>;
  /** Drains and resends lost events on timers, until `stop`. */
  start(): void;
  /** Resolves when nothing is being sent. */
  stop(): Promise<void>;
}

export interface OutboxOptions {
  store: Store;
  /** Rejects with a `NotAcceptedError` if Inngest does not accept the events. */
  send: SendEvents;
  log: Logger;
  drainEveryMs?: number;
  /** How often the journal is checked for lost events. */
  checkEveryMs?: number;
  /** How long events go straight to the outbox after Inngest failed, so that an outage does not slow down every delivery. */
  restMs?: number;
}

const drainBatchSize = 200;

/** After this many attempts, an event is sent by itself: it may be why Inngest refuses the batch. */
const maxAttemptsInBatch = 3;

export function createOutbox({
  store,
  send,
  log,
  drainEveryMs = 5_000,
  checkEveryMs = 60_000,
  restMs = 5_000,
}: OutboxOptions): Outbox {
  let restUntil = 0;
  let nextCheckAt = Date.now() + checkEveryMs;
  let draining: Promise<unknown> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;

  async function storeInstead(events: readonly CaptureEvent[], why: string): Promise<void> {
    try {
      await storeEvents(store, events, why);
    } catch (cause) {
      log.error(
        { error: describeError(cause) },
        "Could neither send the events nor store them in the outbox",
      );
      throw new NotAcceptedError(`${why} The outbox could not store them either.`, { cause });
    }
  }

  /** True if Inngest accepted them. */
  async function sendOn(due: readonly DueEvent[]): Promise<boolean> {
    const ids = due.map(({ id }) => id);
    try {
      await send(due.map(({ event }) => event));
    } catch (error) {
      await postponeEvents(store, ids, describeError(error));
      return false;
    }
    await deleteEvents(store, ids);
    return true;
  }

  async function drain(): Promise<number> {
    let sent = 0;
    let failures = 0;
    for (;;) {
      const due = await getDueEvents(store, drainBatchSize);
      if (due.length === 0) return sent;
      for (const group of toGroups(due)) {
        if (await sendOn(group)) sent += group.length;
        else failures++;
        if (failures > 1) return sent; // one failure may be the event's, two are Inngest's
      }
    }
  }

  const resendLost = () => resendLostEvents({ store, send, log });

  async function drainOnTimer(): Promise<void> {
    try {
      const sent = await drain();
      if (sent > 0) log.info({ events: sent }, "Sent events from the outbox");
    } catch (error) {
      log.warn({ error: describeError(error) }, "Could not drain the outbox");
    }
  }

  async function checkOnTimer(): Promise<void> {
    if (Date.now() < nextCheckAt) return;
    nextCheckAt = Date.now() + checkEveryMs;
    try {
      await resendLost();
    } catch (error) {
      log.warn({ error: describeError(error) }, "Could not resend lost events");
    }
  }

  function scheduleDrain(): void {
    timer = setTimeout(() => {
      draining = drainOnTimer()
        .then(checkOnTimer)
        .finally(() => timer && scheduleDrain());
    }, drainEveryMs);
    timer.unref();
  }

  return {
    async send(events) {
      if (Date.now() < restUntil) return storeInstead(events, "Inngest failed a moment ago.");
      try {
        await send(events);
      } catch (error) {
        if (!(error instanceof NotAcceptedError)) throw error;
        restUntil = Date.now() + restMs;
        log.warn(
          { error: describeError(error.cause ?? error), events: events.length },
          "Inngest did not accept events; storing them in the outbox",
        );
        await storeInstead(events, error.message);
      }
    },
    drain,
    resendLost,
    start: scheduleDrain,
    async stop() {
      clearTimeout(timer);
      timer = undefined;
      await draining;
    },
  };
}

/** One batch, and each event that failed often by itself. */
function toGroups(due: readonly DueEvent[]): DueEvent[][] {
  const together = due.filter(({ attempts }) => attempts < maxAttemptsInBatch);
  const alone = due.filter(({ attempts }) => attempts >= maxAttemptsInBatch);
  return [...(together.length > 0 ? [together] : []), ...alone.map((event) => [event])];
}
