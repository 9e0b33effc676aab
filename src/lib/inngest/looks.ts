/**
 * Looks: what the server checks on a timer, outside of Inngest. A look runs a reconciler in this process, up to the first change that it would
 * make. Then it sends the event that starts the same reconciler on Inngest, where each step is durable. A quiet repository therefore costs no
 * execution on Inngest.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "inngest";
import { moveCheckpoint, summarizeFailures } from "../store/failures.ts";
import { failLostRuns, pruneJobs } from "../store/jobs.ts";
import { pruneJournal } from "../store/journal.ts";
import { claimLook } from "../store/reconciling.ts";
import type { Store } from "../store/store.ts";
import { describeError } from "./describe-error.ts";
import {
  createEvent,
  deliveriesReconcile,
  failuresAlert,
  installationReconcile,
  repositoriesReconcile,
  type CaptureEvent,
  type SendEvents,
} from "./events.ts";
import { createDeliveriesReconciler, type DeliveryDependencies } from "./reconcile/deliveries.ts";
import { createInstallationReconciler, type InstallationRun } from "./reconcile/installation.ts";
import { createLookTools, WorkFoundError } from "./reconcile/look-tools.ts";
import { reconcilingData, type ReconcilingRun, type ReconcilingTools } from "./reconcile/reconcile.ts";
import { createRepositoriesReconciler } from "./reconcile/repositories.ts";

export interface Looks {
  /** Runs each look when it is due, until `stop`. */
  start(): void;
  /** Runs the looks that are due and that no other process has claimed. For hosts that run a function every minute. */
  runDue(): Promise<void>;
  stop(): Promise<void>;
}

export interface LooksOptions extends DeliveryDependencies {
  /** Resolves once the events are durable. */
  send: SendEvents;
  log: Logger;
  jobRetentionDays: number;
  /** True if failures are posted somewhere. */
  alerts: boolean;
  /** Milliseconds since 1970, by GitHub's clock: the local one may be wrong. */
  now: () => number;
}

interface Schedule {
  name: string;
  everyMs: number;
  /** Milliseconds after midnight UTC. */
  offsetMs: number;
  look: (dueAt: Date, deadline: number) => Promise<void>;
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** The longest look. A durable run takes over when it is exceeded. Netlify ends a scheduled function after 30 seconds. */
const maxLookMs = 20_000;

/** Journal entries are checked within minutes. Those that are a day old belong to another configuration. */
const journalKeptMs = dayMs;

/** Retries end after some 8 hours, and a run that waits for a rate limit goes on every hour. */
const lostAfterMs = 2 * dayMs;

/** A job's time is that of its transaction's beginning, so a failure can become visible some seconds later. */
const commitMs = 10_000;

export function createLooks(options: LooksOptions): Looks {
  const { store, send, log, jobRetentionDays, alerts, now } = options;
  const reconcileDeliveries = createDeliveriesReconciler(options);
  const reconcileRepositories = createRepositoriesReconciler(options);
  const reconcileInstallation = createInstallationReconciler(options);

  /** Runs a reconciler in this process. When it would change something, or fails, its event is sent instead. */
  async function look<Run extends ReconcilingRun & { event: CaptureEvent }>(
    run: Run,
    deadline: number,
    reconcile: (run: Run, tools: ReconcilingTools) => Promise<void>,
  ): Promise<void> {
    try {
      await reconcile(run, createLookTools(store, run, { now, deadline }));
    } catch (error) {
      if (!(error instanceof WorkFoundError))
        log.info(
          { error: describeError(error), reconciler: run.event.name },
          "A look failed; its reconciler runs instead",
        );
      await send([run.event]);
    }
  }

  async function lookAtInstallation(event: CaptureEvent, deadline: number): Promise<void> {
    const data = installationReconcile.schema.parse(event.data);
    const run: InstallationRun & { event: CaptureEvent } = {
      event: { ...event, data },
      runId: event.id,
      attempt: 0,
    };
    await look(run, deadline, reconcileInstallation);
  }

  const schedules: Schedule[] = [
    {
      name: deliveriesReconcile.name,
      everyMs: 10 * minuteMs,
      offsetMs: 0,
      look: (dueAt, deadline) => look(toRun(deliveriesReconcile, dueAt), deadline, reconcileDeliveries),
    },
    {
      name: repositoriesReconcile.name,
      everyMs: hourMs,
      offsetMs: 23 * minuteMs,
      look: (dueAt, deadline) =>
        look(toRun(repositoriesReconcile, dueAt), deadline, (run, tools) =>
          reconcileRepositories(run, {
            ...tools,
            reconcileInstallations: async (_id, events) => {
              for (const event of events) await lookAtInstallation(event, deadline);
            },
          }),
        ),
    },
    {
      name: "prune-jobs",
      everyMs: dayMs,
      offsetMs: 3 * hourMs + 17 * minuteMs,
      look: async () => {
        await failLostRuns(store, new Date(now() - lostAfterMs));
        await pruneJournal(store, new Date(now() - journalKeptMs));
        await pruneJobs(store, new Date(now() - jobRetentionDays * dayMs));
      },
    },
    ...(alerts ? [createFailureSchedule(store, send)] : []),
  ];

  /** The times of the schedules that this process has tried to claim. */
  const tried = new Map<string, number>();
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();

  /** The last time of a schedule. */
  const lastTime = ({ everyMs, offsetMs }: Pick<Schedule, "everyMs" | "offsetMs">) =>
    Math.floor((now() - offsetMs) / everyMs) * everyMs + offsetMs;

  async function runIfDue({ name, everyMs, offsetMs, look: run }: Schedule): Promise<void> {
    const dueAt = lastTime({ everyMs, offsetMs });
    if (tried.get(name) === dueAt) return;
    tried.set(name, dueAt);
    try {
      if (await claimLook(store, name, new Date(dueAt))) await run(new Date(dueAt), now() + maxLookMs);
    } catch (error) {
      log.warn(
        { error: describeError(error), look: name },
        "A scheduled look failed; the next one tries again",
      );
    }
  }

  async function runDue(): Promise<void> {
    await Promise.all(schedules.map(runIfDue));
  }

  function schedule(): void {
    const next = Math.min(...schedules.map((each) => lastTime(each) + each.everyMs));
    timer = setTimeout(
      () => {
        running = runDue().finally(() => timer && schedule());
      },
      Math.max(0, next - now()),
    );
    timer.unref();
  }

  return {
    start() {
      // Not the one before the start, except for what a server that only runs by day would never do.
      for (const each of schedules) if (each.everyMs < dayMs) tried.set(each.name, lastTime(each));
      schedule();
    },
    runDue,
    async stop() {
      clearTimeout(timer);
      timer = undefined;
      await Promise.race([running, delay(maxLookMs, null, { ref: false })]);
    },
  };
}

/** Every five minutes, requests an alert if captures failed since the last one. */
function createFailureSchedule(store: Store, send: SendEvents): Schedule {
  const name = "alert-failures";
  const everyMs = 5 * minuteMs;
  return {
    name,
    everyMs,
    offsetMs: 0,
    look: async (dueAt) => {
      const until = new Date(dueAt.getTime() - commitMs).toISOString();
      const since = new Date(dueAt.getTime() - dayMs).toISOString();
      const { total } = await summarizeFailures(store, { name, without: since, until, max_reasons: 0 });
      if (total === 0) await moveCheckpoint(store, name, until);
      else await send([createEvent(failuresAlert, toLookId(name, dueAt), { since, until })]);
    },
  };
}

function toRun(type: typeof deliveriesReconcile | typeof repositoriesReconcile, dueAt: Date) {
  const id = toLookId(type.name, dueAt);
  return {
    event: { ...createEvent(type, id, reconcilingData), data: reconcilingData },
    runId: id,
    attempt: 0,
  };
}

function toLookId(name: string, dueAt: Date): string {
  return `look:${dueAt.toISOString()}:${name}`;
}
