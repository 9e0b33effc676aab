import { serve } from "inngest/edge";
import type { Inngest } from "inngest";
import { resolve } from "node:path";
import { createApp, listWebhooks } from "./app.ts";
import type { Config, DatabaseConfig, InngestConfig } from "./config.ts";
import { counted, createDeliveryCounts, type DeliveryCounts } from "./http/delivery-counts.ts";
import { createReceiveDelivery, type ReceiveDelivery } from "./http/webhook-endpoint.ts";
import { createInngestEngine, type InngestEngine } from "./lib/embedded/inngest-engine.ts";
import { migrate } from "./lib/embedded/migrate.ts";
import { openPglite } from "./lib/embedded/open-pglite.ts";
import { openPostgres } from "./lib/embedded/open-postgres.ts";
import type { SqlDatabase } from "./lib/embedded/sql-database.ts";
import { createSupabaseFetch } from "./lib/embedded/supabase-fetch.ts";
import { createGitHub } from "./lib/github/client.ts";
import { createInngest } from "./lib/inngest/client.ts";
import { createFunctions } from "./lib/inngest/functions/index.ts";
import { createOutbox, type Outbox } from "./lib/inngest/outbox.ts";
import { createQueueManager, type QueueManager } from "./lib/inngest/queue-manager.ts";
import { createSendEvents } from "./lib/inngest/send-events.ts";
import { createStore, type Store } from "./lib/store/store.ts";
import type { Logger } from "./logger.ts";
import { createProbot } from "./probot.ts";

/** The parts of pr-capture, put together as the configuration says. */
export interface Services {
  receive: ReceiveDelivery;
  counts: DeliveryCounts;
  inngest: Inngest;
  /** What Inngest calls to run the functions. */
  serveInngest: (request: Request) => Promise<Response>;
  store: Store;
  queue: QueueManager;
  outbox: Outbox;
  adminToken: string | null;
  log: Logger;
  /** Null where Inngest runs the functions. */
  engine: InngestEngine | null;
  /** What is in use, in words without secrets. */
  description: { inngest: string; database: string };
  /** Finishes what runs, within that time, and returns the rest to the queue. */
  close(timeoutMs: number): Promise<void>;
}

/**
 * The database for the rows, its schema brought up to date. Null where they are Supabase's: its own tools migrate it.
 * Throws when another process uses the folder of PGlite.
 */
export async function openRows(config: Config): Promise<SqlDatabase | null> {
  if (config.database.kind === "supabase") return null;
  const { database } = config;
  const rows = database.kind === "postgres" ? openPostgres(database.url) : await openPglite(folderOf(config));
  await migrate(rows);
  return rows;
}

/**
 * Starts the embedded engine where it is the one, without its crons where they are not wanted. `rows` stays the caller's, to be closed
 * after the services.
 */
export async function createServices(
  config: Config,
  log: Logger,
  rows: SqlDatabase | null,
  { crons = true } = {},
): Promise<Services> {
  const queue = config.inngest.kind === "embedded" ? (rows ?? (await openPglite(folderOf(config)))) : null;
  const engine = queue && createInngestEngine({ db: queue, logger: log, crons });

  const store = connectStore(config.database, rows);
  const inngest = connectInngest(config.inngest, engine, log);
  const github = createGitHub({ apiUrl: config.githubApiUrl, app: config.app, token: config.githubToken });
  const { budgetReserve, jobRetentionDays, backfillDays, purgeOnUninstall } = config;
  const webhooks = listWebhooks();
  const functions = createFunctions({
    inngest,
    store,
    github,
    jobRetentionDays,
    budgetReserve,
    backfillDays,
    purgeOnUninstall,
    alertWebhookUrl: config.alertWebhookUrl,
    handles: (webhook) => webhooks.has(webhook),
  });
  const serveInngest = serve({ client: inngest, functions });

  const counts = createDeliveryCounts();
  const probot = createProbot(config, log);
  const send = createSendEvents(inngest);
  const outbox = createOutbox({ store, send, log });
  await probot.load(createApp(counted(outbox.send, counts)));
  await engine?.start(serveInngest);

  return {
    receive: createReceiveDelivery(probot, { listensTo: (event) => webhooks.has(event), counts }),
    counts,
    inngest,
    serveInngest,
    store,
    outbox,
    queue: createQueueManager({ store, send, github, backfillDays }),
    adminToken: config.adminToken,
    log,
    engine,
    description: {
      inngest: describeInngest(config.inngest),
      database: describeDatabase(config.database, rows),
    },
    close: async (timeoutMs) => {
      await outbox.stop();
      await engine?.stop({ timeoutMs });
      if (queue !== rows) await queue?.close();
    },
  };
}

function folderOf({ dataDir }: Config): string {
  return dataDir.includes("://") ? dataDir : resolve(dataDir);
}

function connectStore(config: DatabaseConfig, rows: SqlDatabase | null): Store {
  if (config.kind === "supabase") return createStore(config);
  if (!rows) throw new Error("The database is not open.");
  return createStore({
    url: "http://embedded",
    serviceRoleKey: "embedded",
    fetch: createSupabaseFetch(rows),
  });
}

function connectInngest(config: InngestConfig, engine: InngestEngine | null, logger: Logger): Inngest {
  if (engine) return createInngest({ isDev: true, checkpointing: false, fetch: engine.fetch, logger });
  if (config.kind === "inngest") {
    const { eventKey, signingKey, baseUrl } = config;
    return createInngest({ isDev: false, eventKey, signingKey, logger, ...(baseUrl && { baseUrl }) });
  }
  const baseUrl = config.kind === "dev-server" && config.baseUrl;
  return createInngest({ isDev: true, logger, ...(baseUrl && { baseUrl }) });
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
