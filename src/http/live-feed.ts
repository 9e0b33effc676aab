import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "pino";
import type { LiveChange } from "../api/console-contract.ts";
import type { Job } from "../api/contract.ts";
import { getJobs, getQueueStats, listChangedJobs } from "../lib/store/jobs.ts";
import type { Store } from "../lib/store/store.ts";

export interface LiveFeed {
  /**
   * Calls `onChange` with the present counts, and then whenever jobs change, until the returned function is called. Returns null when the feed
   * is closed or has its maximum number of subscribers.
   */
  subscribe(subscriber: Subscriber): (() => void) | null;
  /** Ends all subscriptions. */
  close(): void;
}

export interface Subscriber {
  onChange: (change: LiveChange) => void;
  onClose: () => void;
}

export interface LiveFeedOptions {
  store: Store;
  log: Logger;
  pollEveryMs?: number;
  maxSubscribers?: number;
}

/** Each read repeats the last seconds of the previous one, because a transaction becomes visible only when it commits. */
const overlapMs = 5_000;

/** The maximum number of jobs in one change. The counts include the others. */
const maxJobs = 200;

/** The maximum number of changed jobs that one read compares with the previous one. */
const maxChanges = 2_000;

/** Deleting jobs changes the counts, but shows in no changed job. */
const recountEveryMs = 10_000;

/** Polling takes at most this share of the time, whatever the number of jobs. */
const maxShare = 0.1;

/**
 * Notifies subscribers of changed jobs. One loop reads the database for all of them, only while there are any, and retries when the database does
 * not answer.
 */
export function createLiveFeed({
  store,
  log,
  pollEveryMs = 400,
  maxSubscribers = 50,
}: LiveFeedOptions): LiveFeed {
  const subscribers = new Set<Subscriber>();
  let closing = new AbortController();
  let isClosed = false;
  let stats: LiveChange["stats"] | null = null;

  /** Creates a function that returns the jobs that changed since its last call: the newest `maxJobs`, newest first. */
  function createReader() {
    let since: string | null = null;
    let seen = new Map<number, string>();
    return async (): Promise<Job[]> => {
      const start = since ?? new Date(Date.now() - overlapMs).toISOString();
      const { now, changes } = await listChangedJobs(store, start, maxChanges);
      const isFirst = since === null;
      since = new Date(Date.parse(now) - overlapMs).toISOString();
      const changed = changes.filter(({ id, changed_at }) => seen.get(id) !== changed_at);
      seen = new Map(changes.map(({ id, changed_at }) => [id, changed_at]));
      if (isFirst || changed.length === 0) return [];
      return getJobs(
        store,
        changed.slice(0, maxJobs).map(({ id }) => id),
      );
    };
  }

  async function poll({ signal }: AbortController): Promise<void> {
    const readChanged = createReader();
    let countedAt = 0;
    let isFailing = false;
    while (!signal.aborted) {
      const begin = performance.now();
      try {
        const jobs = await readChanged();
        if (jobs.length > 0 || Date.now() - countedAt > recountEveryMs) {
          const before = stats;
          stats = await getQueueStats(store);
          countedAt = Date.now();
          if (jobs.length > 0 || JSON.stringify(before) !== JSON.stringify(stats)) publish(jobs, stats);
        }
        isFailing = false;
      } catch (err) {
        if (!isFailing) log.warn({ err }, "Could not read what changed. Retrying");
        isFailing = true;
      }
      const took = performance.now() - begin;
      await delay(Math.max(pollEveryMs, took / maxShare), null, { signal, ref: false }).catch(() => {});
    }
  }

  function publish(jobs: Job[], counts: LiveChange["stats"]): void {
    const change = { at: new Date().toISOString(), stats: counts, jobs };
    for (const { onChange } of subscribers) onChange(change);
  }

  return {
    subscribe(subscriber) {
      if (isClosed || subscribers.size >= maxSubscribers) return null;
      subscribers.add(subscriber);
      if (subscribers.size === 1) {
        closing = new AbortController();
        stats = null;
        void poll(closing);
      } else if (stats) subscriber.onChange({ at: new Date().toISOString(), stats, jobs: [] });
      return () => {
        subscribers.delete(subscriber);
        if (subscribers.size === 0) closing.abort();
      };
    },
    close() {
      isClosed = true;
      closing.abort();
      for (const { onClose } of subscribers) onClose();
      subscribers.clear();
    },
  };
}
