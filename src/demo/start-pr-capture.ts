import { generateKeyPairSync } from "node:crypto";
import { parseConfig } from "../config.ts";
import { paths } from "../http/routes.ts";
import { listen } from "../http/server.ts";
import type { SqlDatabase } from "../lib/embedded/sql-database.ts";
import { createLogger } from "../logger.ts";
import { createServices, openRows, type Services } from "../services.ts";
import { watchWrites } from "./watch-writes.ts";

/** The App that the stand-in GitHub and pr-capture both know. */
export const demoApp = { id: 1234, webhookSecret: "a secret that GitHub and pr-capture share" } as const;

export interface RunningPrCapture {
  /** Where the webhooks go. */
  webhooksUrl: string;
  services: Services;
  rows: SqlDatabase;
  /** Resolves when nothing is left to do; what sleeps or is to be tried again counts when due within that time. */
  idle(dueWithinMs: number): Promise<void>;
  close(): Promise<void>;
}

/**
 * pr-capture as `npm start` runs it, on the embedded pair, its database in memory, with a GitHub at that URL. `onWrite` hears of each
 * delivery once its row is committed.
 */
export async function startPrCapture(
  githubUrl: string,
  onWrite: (delivery: string) => void = () => {},
): Promise<RunningPrCapture> {
  const { privateKey } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  const config = parseConfig({
    APP_ID: String(demoApp.id),
    PRIVATE_KEY: privateKey,
    WEBHOOK_SECRET: demoApp.webhookSecret,
    GITHUB_API_URL: githubUrl,
    DATA_DIR: "memory://",
    HOST: "127.0.0.1",
    PORT: "0",
    LOG_LEVEL: "fatal", // what goes wrong is told at the end, from the jobs
  });
  const rows = await openRows(config);
  if (!rows) throw new Error("The embedded database did not open.");
  const written = watchWrites(rows, onWrite);
  const services = await createServices(config, createLogger(config.logLevel), written, { crons: false });
  const server = await listen(services, config);
  return {
    webhooksUrl: `${server.url}${paths.webhooks}`,
    services,
    rows,
    idle: async (dueWithinMs) => services.engine?.idle(dueWithinMs),
    close: async () => {
      await server.close(5_000);
      await services.close(5000);
      await rows.close();
    },
  };
}
