import { serve } from "inngest/edge";
import type { Inngest, Middleware } from "inngest";
import { createApp, listWebhooks } from "./app.ts";
import type { Config } from "./config.ts";
import { connectInngest, describeInngest } from "./connect-inngest.ts";
import { connectStore, createEmbeddedStore, describeDatabase } from "./connect-store.ts";
import { createActivityRecorder, type ActivityRecorder } from "./http/activity-recorder.ts";
import { countAnswer, counted, createDeliveryCounts, type DeliveryCounts } from "./http/delivery-counts.ts";
import { createDeliveryTotals } from "./http/delivery-totals.ts";
import { isSignedRecently } from "./http/inngest-signature.ts";
import type { IsAuthorized } from "./http/require-token.ts";
import { isSameSecret } from "./http/secrets.ts";
import { createSessions, type Sessions } from "./http/sessions.ts";
import { createLiveFeed, type LiveFeed } from "./http/live-feed.ts";
import { traced, traceDelivery } from "./http/trace-deliveries.ts";
import { createReceiveDelivery, type OnAnswered, type ReceiveDelivery } from "./http/webhook-endpoint.ts";
import type { InngestEngine } from "./lib/embedded/inngest-engine.ts";
import { serveInProcess, type CallSdk } from "./lib/embedded/serve-in-process.ts";
import type { SqlDatabase } from "./lib/embedded/sql-database.ts";
import { createInngestDashboard } from "./inngest-dashboard.ts";
import type { AppDescription } from "./lib/github/app-description.ts";
import { createGitHub, type GitHub } from "./lib/github/client.ts";
import { toWebUrl } from "./lib/github/web-url.ts";
import { createFunctions } from "./lib/inngest/functions/index.ts";
import { createRecordAttempts } from "./lib/inngest/record-attempts.ts";
import { maxRequestBytes } from "./lib/inngest/events/batches.ts";
import { createLogCaptures } from "./lib/inngest/log-captures.ts";
import { createLooks, type Looks } from "./lib/inngest/looks.ts";
import { createTraceCaptures } from "./lib/inngest/trace-captures.ts";
import { createJournal, type Journal } from "./lib/inngest/journal.ts";
import { createOutbox, type Outbox } from "./lib/inngest/outbox.ts";
import { createQueueManager, type QueueManager } from "./lib/inngest/queue-manager.ts";
import { createSendEvents } from "./lib/inngest/send-events.ts";
import { createRefusals, type Refusals } from "./lib/store/watch-refusals.ts";
import type { Store } from "./lib/store/store.ts";
import { openTracing } from "./lib/tracing/tracing.ts";
import type { Logger } from "./logger.ts";
import { createProbot } from "./probot.ts";

/** The parts of pr-capture, assembled from the configuration. */
export interface Services {
  receive: ReceiveDelivery;
  counts: DeliveryCounts;
  /** Counts an answered delivery. */
  countDelivery: OnAnswered;
  activity: ActivityRecorder;
  live: LiveFeed;
  inngest: Inngest;
  /** False for a request that cannot be Inngest's. It is refused before its body is read. */
  isFromInngest: (request: Request) => boolean;
  /** Answers Inngest's requests to run functions, after it has verified their signature. */
  serveInngest: (request: Request) => Promise<Response>;
  store: Store;
  /** Where read-only queries run: the store, or a copy of it. */
  queries: Store;
  github: GitHub;
  /** Null until GitHub has confirmed the App. */
  app: AppDescription | null;
  /** Starts the embedded engine. A failed start can be repeated. `intercept` wraps its calls of functions. */
  start(intercept?: (callSdk: CallSdk) => CallSdk): Promise<void>;
  /** Problems of the setup, one sentence for each subject. The server is unhealthy while there are any. */
  problems: Map<string, string>;
  refusals: Refusals;
  queue: QueueManager;
  outbox: Outbox;
  looks: Looks;
  /** Null with the embedded engine, which stores events in the database itself. */
  journal: Journal | null;
  /** The base URL of GitHub's pages. */
  webUrl: string;
  isAuthorized: IsAuthorized;
  /** True for a token that may read the metrics. */
  isScraper: IsAuthorized;
  sessions: Sessions;
  log: Logger;
  /** Null if Inngest runs the functions. */
  engine: InngestEngine | null;
  /** The database and queue in use, without secrets. */
  description: { inngest: string; database: string };
  /** Inngest's dashboard; null with the embedded engine. */
  dashboardUrl: string | null;
  /** Stores pending counts and sends pending spans. For hosts that freeze the process after an answer. */
  flush(this: void): Promise<void>;
  /** Finishes running functions within that time, and returns the others to the queue. */
  close(timeoutMs: number): Promise<void>;
}

/** The parts that only a long-running process has: see `server-services.ts`. */
export interface ServerParts {
  /** Null if Inngest runs the functions. */
  engine: InngestEngine | null;
  /** Answers read-only queries from a copy of the database. Null: the database answers them. */
  queryFetch: typeof fetch | null;
}

export interface ServicesOptions {
  /** False: the caller calls `start`. */
  started?: boolean;
  /** 0 on hosts that freeze the process between requests. */
  journalLagMs?: number;
  /** The timeout of each request to GitHub. */
  requestTimeoutMs?: number | undefined;
  /** The clock of the embedded engine and of sessions. */
  now?: () => number;
}

/** Assembles the services of a server or a function. It imports neither PGlite nor the embedded engine, which functions cannot run. */
export async function assembleServices(
  config: Config,
  log: Logger,
  rows: SqlDatabase | null,
  { engine, queryFetch }: ServerParts,
  { started = true, journalLagMs, requestTimeoutMs, now }: ServicesOptions = {},
): Promise<Services> {
  const refusals = createRefusals();
  const store = connectStore(config.database, rows, refusals);
  const journal = engine
    ? null
    : createJournal({ store, log, ...(journalLagMs !== undefined && { lagMs: journalLagMs }) });
  const tracing = await openTracing({ endpoint: config.otlpEndpoint, log });
  const encryption = await openEncryption(config);
  const inngest = connectInngest(config.inngest, engine?.clientOptions ?? null, {
    internalLogger: log,
    middleware: [
      createRecordAttempts({ store, log }),
      createLogCaptures(log),
      ...(journal ? [journal.middleware] : []),
      ...(tracing ? [createTraceCaptures(tracing)] : []),
      ...encryption, // after the journal, which reads events
    ],
  });
  const github = createGitHub({
    apiUrl: config.githubApiUrl,
    app: config.app,
    token: config.githubToken,
    ...(requestTimeoutMs !== undefined && { requestTimeoutMs }),
    log,
    onBudget: () => activity.note(),
  });
  const counts = createDeliveryCounts();
  const { budgetReserve, jobRetentionDays, backfillDays, purgeOnUninstall } = config;
  const webhooks = listWebhooks();
  const handles = (webhook: string) => webhooks.has(webhook);
  const totals = createDeliveryTotals(handles);
  const activity = createActivityRecorder({
    store,
    log,
    counts,
    totals,
    listBudgets: () => github.budgets(),
  });
  const countDelivery: OnAnswered = (delivery) => {
    countAnswer(counts, delivery.status);
    totals.add(delivery.event, delivery.status, delivery.tookMs);
    activity.note();
    if (tracing) traceDelivery(tracing, delivery, handles);
  };
  const functions = createFunctions({
    inngest,
    store,
    log,
    github,
    concurrency: config.inngestConcurrency,
    budgetReserve,
    backfillDays,
    purgeOnUninstall,
    alertWebhookUrl: config.alertWebhookUrl,
    handles,
  });
  const serveOptions = {
    client: inngest,
    functions,
    ...(config.inngestServeOrigin && { serveOrigin: config.inngestServeOrigin }),
    // The SDK still verifies the signature. Its time is checked below, by GitHub's clock.
    __testingAllowExpiredSignatures: true,
  };
  const answerInngest = serve(serveOptions);
  const isFromInngest = (request: Request) =>
    config.inngest.kind !== "inngest" || isSignedRecently(request, github.now()); // the Dev Server signs nothing

  const dashboard = createInngestDashboard(config.inngest);
  const sessions = createSessions({
    adminToken: config.adminToken,
    privateKey: config.app.privateKey,
    log,
    ...(now && { now }),
  });
  const probot = createProbot(config, log);
  const send = createSendEvents(
    inngest,
    encryption.length > 0 ? { maxBytes: Math.floor(maxRequestBytes * encryptedShare) } : {},
  );
  const outbox = createOutbox({ store, send, log });
  const looks = createLooks({
    store,
    github,
    send: outbox.send,
    log,
    handles,
    jobRetentionDays,
    alerts: config.alertWebhookUrl !== null,
    now: now ?? (() => github.now()),
  });
  await probot.load(
    createApp(counted(tracing ? traced(tracing, outbox.send) : outbox.send, counts), () => github.now()),
  );
  const start: Services["start"] = async (intercept = (callSdk) => callSdk) =>
    engine?.start(intercept(serveInProcess(serveOptions)));
  if (started) await start();

  return {
    start,
    github,
    app: null,
    problems: new Map(),
    refusals,
    receive: createReceiveDelivery(probot, { listensTo: handles, onAnswered: countDelivery }),
    counts,
    countDelivery,
    activity,
    live: createLiveFeed({ store, log }),
    inngest,
    isFromInngest,
    serveInngest: async (request) =>
      isFromInngest(request)
        ? answerInngest(request)
        : Response.json({ message: "Unauthorized" }, { status: 401 }),
    store,
    queries: queryFetch ? createEmbeddedStore(queryFetch) : store,
    outbox,
    looks,
    journal,
    queue: createQueueManager({ store, send, github, backfillDays, toRunUrl: dashboard.toRunUrl }),
    webUrl: toWebUrl(config.githubApiUrl),
    isAuthorized: sessions.isValid,
    isScraper: async (token) =>
      (config.metricsToken !== null && isSameSecret(token, config.metricsToken)) || sessions.isValid(token),
    sessions,
    log,
    engine,
    description: {
      inngest: describeInngest(config.inngest),
      database: describeDatabase(config.database, rows),
    },
    dashboardUrl: dashboard.url,
    flush: async () => {
      await Promise.all([activity.flush(), tracing?.flush()]);
    },
    close: async (timeoutMs) => {
      await looks.stop();
      await outbox.stop();
      await journal?.flush();
      await activity.flush();
      await engine?.stop({ timeoutMs });
      await tracing?.close();
    },
  };
}

/** The share of Inngest's size limit that events may fill before encryption, which makes them a third larger: it writes Base64. */
const encryptedShare = 0.7;

/** Loads the encryption only when it is configured. */
async function openEncryption({ inngestEncryption }: Config): Promise<Middleware.Class[]> {
  if (inngestEncryption === null) return [];
  const { createEncryption } = await import("./lib/inngest/encrypt-events.ts");
  return createEncryption(inngestEncryption);
}
