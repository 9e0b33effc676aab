import { serve } from "inngest/edge";
import type { ClientOptions, Inngest } from "inngest";
import { resolve } from "node:path";
import { createApp, listWebhooks } from "./app.ts";
import type { Config, DatabaseConfig, InngestConfig } from "./config.ts";
import { createActivityRecorder, type ActivityRecorder } from "./http/activity-recorder.ts";
import { counted, createDeliveryCounts, type DeliveryCounts } from "./http/delivery-counts.ts";
import { isSignedRecently } from "./http/inngest-signature.ts";
import type { IsAuthorized } from "./http/require-token.ts";
import { createSessions, type Sessions } from "./http/sessions.ts";
import { createLiveFeed, type LiveFeed } from "./http/live-feed.ts";
import { createReceiveDelivery, type ReceiveDelivery } from "./http/webhook-endpoint.ts";
import {
  createInngestEngine,
  engineCheckpointing,
  type InngestEngine,
} from "./lib/embedded/inngest-engine.ts";
import { migrate } from "./lib/embedded/migrate.ts";
import { openPostgres } from "./lib/embedded/open-postgres.ts";
import { createQueryCopy } from "./lib/embedded/query-copy.ts";
import type { SqlDatabase } from "./lib/embedded/sql-database.ts";
import { createSupabaseFetch } from "./lib/embedded/supabase-fetch.ts";
import { createInngestDashboard } from "./inngest-dashboard.ts";
import { createGitHub, type GitHub } from "./lib/github/client.ts";
import { toWebUrl } from "./lib/github/web-url.ts";
import { createInngest } from "./lib/inngest/client.ts";
import { createFunctions } from "./lib/inngest/functions/index.ts";
import { createRecordAttempts } from "./lib/inngest/record-attempts.ts";
import { createLooks, type Looks } from "./lib/inngest/looks.ts";
import { createJournal, type Journal } from "./lib/inngest/journal.ts";
import { createOutbox, type Outbox } from "./lib/inngest/outbox.ts";
import { createQueueManager, type QueueManager } from "./lib/inngest/queue-manager.ts";
import { createSendEvents } from "./lib/inngest/send-events.ts";
import { createRefusals, type Refusals } from "./lib/store/watch-refusals.ts";
import { createStore, type Store } from "./lib/store/store.ts";
import type { Logger } from "./logger.ts";
import { createProbot } from "./probot.ts";

/** The parts of pr-capture, assembled from the configuration. */
export interface Services {
  receive: ReceiveDelivery;
  counts: DeliveryCounts;
  activity: ActivityRecorder;
  live: LiveFeed;
  inngest: Inngest;
  /** Answers Inngest's requests to run functions. */
  serveInngest: (request: Request) => Promise<Response>;
  store: Store;
  /** Where queries of people run: the store, or a copy of it. */
  queries: Store;
  github: GitHub;
  /** Starts the embedded engine. A failed start can be repeated. */
  start(): Promise<void>;
  /** Problems of the setup, one sentence for each subject. The server is unhealthy while there are any. */
  problems: Map<string, string>;
  refusals: Refusals;
  queue: QueueManager;
  outbox: Outbox;
  looks: Looks;
  /** Null with the embedded engine, which stores events in the database itself. */
  journal: Journal | null;
  /** Of GitHub's pages. */
  webUrl: string;
  isAuthorized: IsAuthorized;
  sessions: Sessions;
  log: Logger;
  /** Null if Inngest runs the functions. */
  engine: InngestEngine | null;
  /** The database and queue in use, without secrets. */
  description: { inngest: string; database: string };
  /** Inngest's dashboard; null with the embedded engine. */
  dashboardUrl: string | null;
  /** Finishes running functions within that time, and returns the others to the queue. */
  close(timeoutMs: number): Promise<void>;
}

/**
 * Opens and migrates the database of the rows. Null for Supabase, which its own tools migrate. Throws if another process uses PGlite's folder.
 */
export async function openRows(config: Config): Promise<SqlDatabase | null> {
  const rows = await connectRows(config);
  if (rows) await migrate(rows);
  return rows;
}

/** Like `openRows`, without migrating. Does not throw while Postgres is down. `warn` gets what goes wrong with PGlite later. */
export async function connectRows(
  config: Config,
  warn?: (sentence: string) => void,
): Promise<SqlDatabase | null> {
  if (config.database.kind === "supabase") return null;
  const { database } = config;
  if (database.kind === "postgres") return openPostgres(database.url);
  return openFolder(config, warn);
}

/** Imported when it is used: other databases never load it. */
async function openFolder({ dataDir }: Config, warn?: (sentence: string) => void): Promise<SqlDatabase> {
  const { openPglite } = await import("./lib/embedded/open-pglite.ts");
  return openPglite(dataDir.includes("://") ? dataDir : resolve(dataDir), { warn });
}

/**
 * Creates the services, and starts the embedded engine if it is configured. With `started: false` the caller calls `start`. The caller closes
 * `rows` after the services. `journalLagMs` is 0 on hosts that freeze the process between requests.
 * `requestTimeoutMs` limits GitHub's answers. `now` is the clock of the embedded engine and of sessions.
 */
export async function createServices(
  config: Config,
  log: Logger,
  rows: SqlDatabase | null,
  {
    started = true,
    journalLagMs,
    requestTimeoutMs,
    now,
  }: {
    started?: boolean;
    journalLagMs?: number;
    requestTimeoutMs?: number | undefined;
    now?: () => number;
  } = {},
): Promise<Services> {
  const queue =
    config.inngest.kind === "embedded"
      ? (rows ?? (await openFolder(config, (sentence) => log.warn(sentence))))
      : null;
  const engine = queue && createInngestEngine({ db: queue, logger: log, ...(now && { now }) });

  const refusals = createRefusals();
  const store = connectStore(config.database, rows, refusals);
  const copy = rows?.createCopy ? createQueryCopy(rows.createCopy()) : null;
  const journal = engine
    ? null
    : createJournal({ store, log, ...(journalLagMs !== undefined && { lagMs: journalLagMs }) });
  const inngest = connectInngest(config.inngest, engine, {
    internalLogger: log,
    middleware: [createRecordAttempts({ store, log }), ...(journal ? [journal.middleware] : [])],
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
  const activity = createActivityRecorder({ store, log, counts, listBudgets: () => github.budgets() });
  const { budgetReserve, jobRetentionDays, backfillDays, purgeOnUninstall } = config;
  const webhooks = listWebhooks();
  const handles = (webhook: string) => webhooks.has(webhook);
  const functions = createFunctions({
    inngest,
    store,
    log,
    github,
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
  const serveInngest = async (request: Request) =>
    isSignedRecently(request, github.now())
      ? answerInngest(request)
      : Response.json({ message: "Unauthorized" }, { status: 401 });

  const dashboard = createInngestDashboard(config.inngest);
  const sessions = createSessions({
    adminToken: config.adminToken,
    privateKey: config.app.privateKey,
    log,
    ...(now && { now }),
  });
  const probot = createProbot(config, log);
  const send = createSendEvents(inngest);
  const outbox = createOutbox({ store, send, log });
  const looks = createLooks({
    store,
    github,
    send: outbox.send,
    log,
    handles,
    jobRetentionDays,
    alerts: config.alertWebhookUrl !== null,
    ...(now && { now }),
  });
  await probot.load(createApp(counted(outbox.send, counts), () => github.now()));
  const start = async () => engine?.start(serveInngest);
  if (started) await start();

  return {
    start,
    github,
    problems: new Map(),
    refusals,
    receive: createReceiveDelivery(probot, {
      listensTo: handles,
      counts,
      onAnswered: () => activity.note(),
    }),
    counts,
    activity,
    live: createLiveFeed({ store, log }),
    inngest,
    serveInngest,
    store,
    queries: copy ? createEmbeddedStore(copy.fetch) : store,
    outbox,
    looks,
    journal,
    queue: createQueueManager({ store, send, github, backfillDays, toRunUrl: dashboard.toRunUrl }),
    webUrl: toWebUrl(config.githubApiUrl),
    isAuthorized: sessions.isValid,
    sessions,
    log,
    engine,
    description: {
      inngest: describeInngest(config.inngest),
      database: describeDatabase(config.database, rows),
    },
    dashboardUrl: dashboard.url,
    close: async (timeoutMs) => {
      await looks.stop();
      await outbox.stop();
      await journal?.flush();
      await copy?.close();
      await activity.flush();
      await engine?.stop({ timeoutMs });
      if (queue !== rows) await queue?.close();
    },
  };
}

function connectStore(config: DatabaseConfig, rows: SqlDatabase | null, { watch }: Refusals): Store {
  if (config.kind === "supabase") return createStore({ ...config, fetch: watch(fetch) });
  if (!rows) throw new Error("The database is not open.");
  return createEmbeddedStore(watch(createSupabaseFetch(rows)));
}

/** A store whose `fetch` answers in this process. */
function createEmbeddedStore(answer: typeof fetch): Store {
  return createStore({ url: "http://embedded", serviceRoleKey: "embedded", fetch: answer });
}

function connectInngest(
  config: InngestConfig,
  engine: InngestEngine | null,
  options: Pick<ClientOptions, "internalLogger" | "middleware">,
): Inngest {
  if (engine)
    return createInngest({
      ...options,
      isDev: true,
      checkpointing: engineCheckpointing,
      fetch: engine.fetch,
    });
  if (config.kind === "inngest") {
    const { eventKey, signingKey, signingKeyFallback, baseUrl, env } = config;
    return createInngest({
      ...options,
      isDev: false,
      eventKey,
      signingKey,
      ...(signingKeyFallback && { signingKeyFallback }),
      ...(baseUrl && { baseUrl }),
      ...(env && { env }),
    });
  }
  const baseUrl = config.kind === "dev-server" && config.baseUrl;
  return createInngest({ ...options, isDev: true, ...(baseUrl && { baseUrl }) });
}

function describeInngest(config: InngestConfig): string {
  if (config.kind === "embedded") return "the embedded engine";
  if (config.kind === "dev-server")
    return `the Inngest Dev Server at ${config.baseUrl ?? "http://localhost:8288"}`;
  return config.baseUrl ? `Inngest at ${new URL(config.baseUrl).host}` : "Inngest Cloud";
}

function describeDatabase(config: DatabaseConfig, rows: SqlDatabase | null): string {
  return config.kind === "supabase" ? `Supabase at ${new URL(config.url).host}` : (rows?.description ?? "");
}
