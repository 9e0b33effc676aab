import { listen } from "../../src/http/server.ts";
import type { SqlDatabase } from "../../src/lib/embedded/sql-database.ts";
import { createLogger } from "../../src/logger.ts";
import { createServices, type Services } from "../../src/services.ts";
import { sendWebhook, type Webhook } from "./send-webhook.ts";
import { testConfig } from "./test-config.ts";

export interface TestApp {
  url: string;
  services: Services;
  /** Sends a signed delivery over HTTP. Returns the status of the answer. */
  deliver(webhook: Webhook): Promise<number>;
  /** Resolves when every accepted event has been worked off. */
  settled(): Promise<void>;
  /** All rows of a table, `github.reviews` or `capture.jobs`, in the order of its key. */
  rows(table: string): Promise<Record<string, unknown>[]>;
  close(): Promise<void>;
}

/** The whole of pr-capture as `npm start` runs it, on a test database and the embedded engine, but for what runs by the clock. GitHub is where `githubApiUrl` says. */
export async function startApp(
  database: SqlDatabase,
  environment: Record<string, string> = {},
): Promise<TestApp> {
  const config = testConfig(environment);
  const services = await createServices(config, createLogger(config.logLevel), database, { crons: false });
  const server = await listen(services, config);
  services.outbox.start();
  return {
    url: server.url,
    services,
    deliver: (webhook) => sendWebhook(server.url, webhook),
    settled: async () => services.engine?.idle(),
    rows: (table) => database.query(`select * from ${table} order by 1, 2`),
    close: async () => {
      await server.close(5_000);
      await services.close(5_000);
    },
  };
}
