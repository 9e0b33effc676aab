import { existsSync } from "node:fs";
import { run } from "probot";
import { SmeeClient } from "smee-client";
import { ConfigError, hasNoCredentials, parseConfig, type Config } from "./config.ts";
import { paths } from "./http/routes.ts";
import { listen } from "./http/server.ts";
import { createLogger } from "./logger.ts";
import { createServices, openRows } from "./services.ts";

/** How long a stop waits for what runs, and returns the rest; hosts kill a process some time after they ask it to end. */
const stopTimeoutMs = 10_000;

async function main(): Promise<void> {
  if (existsSync(".env")) process.loadEnvFile(".env");
  if (hasNoCredentials(process.env)) {
    console.log(
      "No GitHub App is configured yet. Open the page below to register one; it writes .env for the next start.",
    );
    await run(() => {}, { SmeeClient });
    return;
  }
  await start(parseConfig(process.env));
}

async function start(config: Config): Promise<void> {
  const log = createLogger(config.logLevel);
  const rows = await openRows(config);
  const services = await createServices(config, log, rows);
  const server = await listen(services, config);
  services.outbox.start();

  log.info(`Listening on ${server.url}`);
  log.info(`Rows go to ${services.description.database}`);
  log.info(`Captures run on ${services.description.inngest}`);

  if (config.inngest.kind === "dev-server") await register(server.url, log);
  const proxy = config.webhookProxyUrl
    ? new SmeeClient({ source: config.webhookProxyUrl, target: `${server.url}${paths.webhooks}` })
    : null;
  await proxy?.start();

  const stop = async (signal: string) => {
    log.info(`${signal}: finishing what runs`);
    const deadline = Date.now() + stopTimeoutMs;
    const left = () => Math.max(0, deadline - Date.now());
    await proxy?.stop();
    await server.close(left());
    await services.close(left());
    await rows?.close();
    log.info("Stopped");
    process.exit(0);
  };
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => void stop(signal));
}

/** Tells the Dev Server which functions there are, so that it need not be told where to look. */
async function register(url: string, log: ReturnType<typeof createLogger>): Promise<void> {
  const response = await fetch(`${url}${paths.inngest}`, { method: "PUT" });
  if (response.ok) log.info("The functions are registered with the Dev Server");
  else log.warn("The Dev Server does not answer yet. Start it with: npm run dev:inngest");
}

try {
  await main();
} catch (error) {
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  console.error(error instanceof ConfigError ? message : (stack ?? message));
  process.exit(1);
}
