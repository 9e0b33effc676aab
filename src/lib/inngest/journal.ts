/**
 * The journal of accepted events. An external queue can accept an event and lose it, so the journal keeps each accepted event until its job
 * begins, and `resend-lost-events.ts` resends the lost ones.
 *
 * It is a middleware of the Inngest client, so it covers events of webhooks, of the queue manager and of functions.
 */
import { Middleware, type Logger } from "inngest";
import type { JournalEntry } from "../store/event-types.ts";
import { journalEvents } from "../store/journal.ts";
import { StoreError, type Store } from "../store/store.ts";
import { describeError } from "./describe-error.ts";
import { isResendId, toJobEventId, toPreviousRunId } from "./events/event-ids.ts";
import { eventNamesWithJob } from "./events.ts";
import { withoutObserved } from "./events/observed.ts";

export interface Journal {
  /** Middleware for the Inngest client. */
  middleware: Middleware.Class;
  /** Entries that are not in the database: waiting for the next write, or dropped since the process started. */
  stats(): { unwritten: number; dropped: number };
  /** Writes waiting entries. Resolves when they are written, or the database refused them. */
  flush(): Promise<void>;
}

export interface JournalOptions {
  store: Store;
  log: Logger;
  /**
   * How long entries are collected before they are written together. The sender does not wait: the event is durable once Inngest accepts it,
   * and an entry is lost only if the process is killed within this time. 0: the sender waits for the write, on hosts that freeze the process
   * after each request.
   */
  lagMs?: number;
}

const writeBatchSize = 500;

/** The most entries to keep while the database is down. An entry has about 300 bytes. */
const maxUnwritten = 20_000;

const retryMs = 1_000;

/** Data exceptions are permanent: https://www.postgresql.org/docs/current/errcodes-appendix.html */
const isRefused = (error: unknown) => error instanceof StoreError && !!error.code?.startsWith("22");

export function createJournal({ store, log, lagMs = 100 }: JournalOptions): Journal {
  let unwritten: JournalEntry[] = [];
  let dropped = 0;
  let isFailing = false;
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> = Promise.resolve();

  async function write(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    while (unwritten.length > 0) {
      const batch = unwritten.splice(0, writeBatchSize);
      try {
        await journalEvents(store, batch);
        if (isFailing) log.info({}, "Writing the journal works again");
        isFailing = false;
      } catch (error) {
        if (isRefused(error)) {
          dropped += batch.length;
          log.error(
            { error: describeError(error), events: batch.length },
            "The database refused journal entries",
          );
          continue;
        }
        unwritten = [...batch, ...unwritten];
        if (!isFailing) log.warn({ error: describeError(error) }, "Could not write the journal. Retrying");
        isFailing = true;
        schedule(retryMs);
        return;
      }
    }
  }

  /** One write at a time. */
  function flush(): Promise<void> {
    writing = writing.then(write);
    return writing;
  }

  function schedule(delayMs: number): void {
    timer ??= setTimeout(() => void flush(), delayMs).unref();
  }

  async function record(events: readonly SentEvent[]): Promise<void> {
    unwritten.push(...events.flatMap((event) => toEntry(event) ?? []));
    const excess = unwritten.length - maxUnwritten;
    if (excess > 0) {
      unwritten.splice(0, excess);
      dropped += excess;
    }
    if (unwritten.length === 0) return;
    if (lagMs === 0) await flush();
    else schedule(isFailing ? retryMs : lagMs);
  }

  class JournalMiddleware extends Middleware.BaseMiddleware {
    readonly id = "pr-capture:journal";

    /** The events before another middleware encrypts them. */
    #events: Middleware.TransformSendEventArgs["events"] = [];

    override transformSendEvent(arg: Middleware.TransformSendEventArgs) {
      this.#events = arg.events;
      return arg;
    }

    override async wrapSendEvent({ next }: Middleware.WrapSendEventArgs) {
      const sent = await next();
      await record(this.#events);
      return sent;
    }
  }

  return {
    middleware: JournalMiddleware,
    stats: () => ({ unwritten: unwritten.length, dropped }),
    flush,
  };
}

interface SentEvent {
  readonly id?: string | undefined;
  readonly name: string;
  readonly data?: Readonly<Record<string, unknown>> | undefined;
}

/** Null for an event without a job, and for a resent event, which the journal has already. */
function toEntry({ id, name, data = {} }: SentEvent): JournalEntry | null {
  if (!id || !eventNamesWithJob.includes(name) || isResendId(id)) return null;
  const entry = { id, name, data: withoutObserved({ name, data }) };
  const continued: unknown = Object(data["from"]).job;
  const sender = toPreviousRunId(id);
  if (typeof continued === "string" && sender)
    return { ...entry, job_event_id: toJobEventId(continued), after_run_id: sender };
  const job = toJobEventId(id); // another one if a resent event's run sent this event
  return job === id ? entry : { ...entry, job_event_id: job };
}
