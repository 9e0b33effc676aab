import { setTimeout as delay } from "node:timers/promises";
import {
  checkApp,
  checkPostgres,
  checkSupabase,
  checkToken,
  explainPostgres,
  type Check,
} from "./check-setup.ts";
import {
  hasNoCredentials,
  parseConfig,
  parseConfigBeforeSetup,
  type Config,
  type ConfigBeforeSetup,
} from "./config.ts";
import { loadEnvironmentFile } from "./environment-file.ts";
import { paths } from "./http/routes.ts";
import { openServer, serveServices, type OpenServer } from "./http/server.ts";
import { collectGarbage } from "./lib/collect-garbage.ts";
import { migrate } from "./lib/embedded/migrate.ts";
import { explainFullDisk } from "./lib/embedded/pglite/full-disk.ts";
import type { SqlDatabase } from "./lib/embedded/sql-database.ts";
import { describeInstalled, type AppDescription } from "./lib/github/app-description.ts";
import { createLogger, type Logger } from "./logger.ts";
import { findMisspelledVariables } from "./misspelled-variables.ts";
import { registerWithDevServer, registerWithInngest } from "./register-functions.ts";
import { startCheck } from "./start-check.ts";
import { connectRows, createServices } from "./server-services.ts";
import { SetupError } from "./setup-error.ts";

/** The longest shutdown. Hosts kill a process some time after SIGTERM. */
const stopTimeoutMs = 10_000;

/** The part of a shutdown that is reserved for returning unfinished runs to the queue. */
const returnMs = 2_000;

/** How long the shutdown waits for the database connections to close. */
const disconnectMs = 1_000;

/** How long the start waits for GitHub to confirm the App. Then it continues. */
const firstCheckMs = 5_000;

/** What a shutdown closes, last opened first. */
const closers: ((timeoutMs: number) => Promise<unknown> | undefined)[] = [];
const stopping = new AbortController();

async function main(): Promise<void> {
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => void stop(signal));
  loadEnvironmentFile(process.env);
  // Node asks the system for each variable that is read, and Inngest's SDK reads all of them several times in each call of a function.
  process.env = { ...process.env };
  for (const { name, meant } of findMisspelledVariables(process.env))
    console.warn(`${name} is set, but unknown. Did you mean ${meant}?`);
  const config = hasNoCredentials(process.env)
    ? parseConfigBeforeSetup(process.env)
    : parseConfig(process.env);
  await run(config).catch((error: unknown) => {
    throw config.database.kind === "postgres" ? error : explainFullDisk(error, config.dataDir);
  });
}

async function run(config: Config | ConfigBeforeSetup): Promise<void> {
  const log = createLogger(config.logLevel);
  logUncaughtErrors(log);
  // Before the setup page, because a fault of the database is better found before an App is registered.
  const rows = await connectRows(config, (sentence) => log.warn(sentence));
  closers.push(() => Promise.race([rows?.close(), delay(disconnectMs)]));
  if (rows && config.database.kind === "pglite") await migrate(rows);
  if ("app" in config) return start(config, rows);
  if (rows && config.database.kind === "postgres") {
    const problem = await checkPostgres(rows);
    if (problem) console.warn(problem);
  }
  const server = await openServer(config);
  closers.push((timeoutMs) => server.close(timeoutMs));
  const { setUp } = await import("./set-up.ts");
  const complete = await setUp(config, server, (credentials) =>
    parseConfig({ ...process.env, ...credentials }),
  );
  await start(complete, rows, server);
}

async function start(config: Config, rows: SqlDatabase | null, opened?: OpenServer): Promise<void> {
  const log = createLogger(config.logLevel);
  const services = await createServices(config, log, rows, { started: false });
  closers.push((timeoutMs) => services.close(timeoutMs));

  const prepareDatabase: Check = async () => {
    if (rows && config.database.kind === "postgres") {
      const problem = await checkPostgres(rows);
      if (problem) return problem;
    }
    try {
      await services.start();
    } catch (error) {
      if (rows && config.database.kind === "postgres") return explainPostgres(error, rows.description);
      throw error;
    }
    return config.database.kind === "supabase" ? checkSupabase(services.store) : null;
  };
  const onConfirmed = (app: AppDescription) => {
    services.app = app;
    void describeInstalled(services.github, app).then((sentence) => log.info(sentence));
  };
  const checks = [
    await startCheck("database", prepareDatabase, services, stopping.signal),
    await startCheck("app", () => checkApp(config, services.github, onConfirmed), services, stopping.signal, {
      waitMs: firstCheckMs,
      isHarmless: true,
    }),
  ];

  const server = serveServices(opened ?? (await openServer(config)), services);
  closers.push((timeoutMs) => server.close(timeoutMs));
  services.outbox.start();
  services.looks.start();
  if (!opened) log.info(`Listening on ${server.url}`);
  log.info(`Rows go to ${services.description.database}`);
  log.info(`Captures run on ${services.description.inngest}`);
  services.sessions.startLinks(server.url);
  collectGarbage();

  for (const repeat of checks) repeat().catch(fail);
  if (config.githubToken)
    void checkToken(services.github)
      .then((problem) => problem && log.warn(problem))
      .catch(() => {});
  if (config.webhookProxyUrl) {
    const { startWebhookProxy } = await import("./webhook-proxy.ts");
    const proxy = startWebhookProxy(config.webhookProxyUrl, `${server.url}${paths.webhooks}`, log);
    closers.push(() => proxy.stop());
  }
  const inngestUrl = `${server.url}${paths.inngest}`;
  if (config.inngest.kind === "dev-server") await registerWithDevServer(inngestUrl, log);
  if (config.inngest.kind === "inngest") {
    if (config.inngestServeOrigin) registerWithInngest(inngestUrl, log, stopping.signal).catch(fail);
    else
      log.warn(
        "INNGEST_SERVE_ORIGIN is not set. Set it to this server's public origin: without it, whoever can send a PUT to /api/inngest chooses the address that Inngest calls.",
      );
  }
}

/** Logs uncaught errors. A broken connection does not end the process; after any other exception its state is unknown. */
function logUncaughtErrors(log: Logger): void {
  process.on("unhandledRejection", (err) => log.error({ err }, "Unhandled rejection"));
  process.on("uncaughtException", (err) => {
    const code = "code" in err ? String(err.code) : "";
    log.error({ err }, "Uncaught exception");
    if (!/^(E[A-Z]+|UND_ERR_\w+|57P\d\d|08\w{3})$/.test(code)) process.exit(1);
  });
}

async function stop(signal: string): Promise<void> {
  if (stopping.signal.aborted) return;
  stopping.abort();
  console.log(`${signal}: shutting down`);
  const deadline = performance.now() + stopTimeoutMs;
  for (const end of closers.toReversed()) {
    const leftMs = Math.max(0, deadline - performance.now());
    const ended = Promise.resolve(end(Math.max(0, leftMs - returnMs))).catch(() => {});
    await Promise.race([ended, delay(leftMs)]);
  }
  console.log("Stopped");
  process.exit(0);
}

function fail(error: unknown): void {
  if (stopping.signal.aborted) return;
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  console.error(error instanceof SetupError ? message : (stack ?? message));
  process.exit(1);
}

await main().catch(fail);
