import { listen } from "../../src/http/server.ts";
import type { SqlDatabase } from "../../src/lib/embedded/sql-database.ts";
import { createLogger, type Logger } from "../../src/logger.ts";
import { createServices } from "../../src/server-services.ts";
import type { Services } from "../../src/services.ts";
import { testConfig } from "../../src/testing/test-config.ts";
import { withoutProvenance } from "./without-provenance.ts";
import { sendWebhook, type Webhook } from "./send-webhook.ts";

export interface TestApp {
  url: string;
  services: Services;
  /** Sends a signed delivery over HTTP. Returns the status of the answer. */
  deliver(this: void, webhook: Webhook): Promise<number>;
  /** Resolves when no run is due. */
  idle(this: void): Promise<void>;
  /** Resolves when no run is due within that time. Moves the engine's clock ahead instead of waiting, and calls `onSkip` before each move. */
  skipPauses(this: void, upToMs: number, onSkip?: (skippedMs: number) => void): Promise<void>;
  /** Moves the clock of the engine and of sessions ahead. */
  passTime(this: void, ms: number): void;
  /** All rows of a table, such as `github.reviews` or `capture.jobs`, in the order of its key, without their provenance. */
  rows(this: void, table: string): Promise<Record<string, unknown>[]>;
  /** A second call has no effect. */
  close(this: void): Promise<void>;
}

export interface AppOptions {
  log?: Logger | undefined;
  /** The timeout of requests to GitHub. */
  requestTimeoutMs?: number | undefined;
}

/** Starts the app as `npm start` does, on a test database and the embedded engine. Its schedules do not run. */
export async function startApp(
  database: SqlDatabase,
  environment: Record<string, string> = {},
  { log, requestTimeoutMs }: AppOptions = {},
): Promise<TestApp> {
  const config = testConfig(environment);
  let aheadMs = 0;
  const now = () => Date.now() + aheadMs;
  const services = await createServices(config, log ?? createLogger(config.logLevel), database, {
    requestTimeoutMs,
    now,
  });
  const server = await listen(services, config);
  services.outbox.start();
  let closing: Promise<void> | null = null;
  const close = async () => {
    await server.close(5_000);
    await services.close(5_000);
  };
  return {
    url: server.url,
    services,
    deliver: (webhook) => sendWebhook(server.url, webhook),
    idle: async () => services.engine?.idle(),
    skipPauses: async (upToMs, onSkip = () => {}) => {
      const { engine } = services;
      if (!engine) return;
      for (;;) {
        await engine.idle();
        const [next] = await database.query<{ due_at: number }>(
          "select due_at from embedded_inngest.requests where lane is null and due_at <= $1 order by due_at limit 1",
          [Math.min(now() + upToMs, Number.MAX_SAFE_INTEGER)],
        );
        if (!next) return;
        const skippedMs = Math.max(next.due_at - now(), 0);
        onSkip(skippedMs);
        aheadMs += skippedMs;
      }
    },
    passTime: (ms) => void (aheadMs += ms),
    rows: async (table) => withoutProvenance(await database.query(`select * from ${table} order by 1, 2`)),
    close: () => (closing ??= close()),
  };
}
