import { resolve } from "node:path";
import type { Config } from "./config.ts";
import { connectPostgres } from "./connect-postgres.ts";
import type { InngestEngine } from "./lib/embedded/inngest-engine.ts";
import { migrate } from "./lib/embedded/migrate.ts";
import { createQueryCopy } from "./lib/embedded/query-copy.ts";
import type { SqlDatabase } from "./lib/embedded/sql-database.ts";
import type { Logger } from "./logger.ts";
import { assembleServices, type Services, type ServicesOptions } from "./services.ts";

const maxQueueConnections = 4;

/**
 * Opens and migrates the database of the rows. Null for Supabase, which its own tools migrate. Throws if another process uses PGlite's folder.
 */
export async function openRows(config: Config): Promise<SqlDatabase | null> {
  const rows = await connectRows(config);
  if (rows) await migrate(rows);
  return rows;
}

/** Like `openRows`, without migrating. Does not throw while Postgres is down. `warn` receives what goes wrong with PGlite later. */
export async function connectRows(
  config: Pick<Config, "database" | "dataDir">,
  warn?: (sentence: string) => void,
): Promise<SqlDatabase | null> {
  if (config.database.kind === "supabase") return null;
  const { database } = config;
  if (database.kind === "postgres") return connectPostgres(database.url);
  return openFolder(config, warn);
}

/** Imports PGlite only when it is used: servers on another database never load it. */
async function openFolder(
  { dataDir }: Pick<Config, "dataDir">,
  warn?: (sentence: string) => void,
): Promise<SqlDatabase> {
  const { openPglite } = await import("./lib/embedded/open-pglite.ts");
  return openPglite(dataDir.includes("://") ? dataDir : resolve(dataDir), { warn });
}

/** Creates the services of a server, and starts the embedded engine if it is configured. The caller closes `rows` after the services. */
export async function createServices(
  config: Config,
  log: Logger,
  rows: SqlDatabase | null,
  options: ServicesOptions = {},
): Promise<Services> {
  const queue = config.inngest.kind === "embedded" ? await openQueue(config, log, rows) : null;
  const engine = queue && (await createEngine(queue, log, options));
  const copy = rows?.createCopy ? createQueryCopy(rows.createCopy()) : null;
  const parts = { engine, queryFetch: copy?.fetch ?? null };
  const services = await assembleServices(config, log, rows, parts, options);
  return {
    ...services,
    close: async (timeoutMs) => {
      await copy?.close();
      await services.close(timeoutMs);
      if (queue !== rows) await queue?.close();
    },
  };
}

/**
 * Opens the database of the embedded queue. On Postgres it has connections of its own, so that webhooks are accepted while all captures wait, for
 * example for an index that somebody creates.
 */
async function openQueue(config: Config, log: Logger, rows: SqlDatabase | null): Promise<SqlDatabase> {
  if (config.database.kind === "postgres")
    return connectPostgres(config.database.url, { maxConnections: maxQueueConnections });
  return rows ?? openFolder(config, (sentence) => log.warn(sentence));
}

/** Imports the engine only when it is used: with Inngest, the server never loads it. */
async function createEngine(
  db: SqlDatabase,
  logger: Logger,
  { now }: ServicesOptions,
): Promise<InngestEngine> {
  const { createInngestEngine } = await import("./lib/embedded/inngest-engine.ts");
  return createInngestEngine({ db, logger, ...(now && { now }) });
}
