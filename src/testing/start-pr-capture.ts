import { generateKeyPairSync, randomBytes } from "node:crypto";
import { parseConfig } from "../config.ts";
import { paths } from "../http/routes.ts";
import { listen } from "../http/server.ts";
import type { CallSdk, SdkRequest, SdkResponse } from "../lib/embedded/serve-in-process.ts";
import type { SqlDatabase } from "../lib/embedded/sql-database.ts";
import { createLogger } from "../logger.ts";
import { createServices, openRows } from "../server-services.ts";
import type { Services } from "../services.ts";
import { watchWrites } from "./watch-writes.ts";

/** The App of the fake GitHub and pr-capture. */
export const demoApp = { id: 1234, webhookSecret: "a secret that GitHub and pr-capture share" } as const;

export interface RunningPrCapture {
  url: string;
  adminToken: string;
  /** The URL for webhooks. */
  webhooksUrl: string;
  services: Services;
  rows: SqlDatabase;
  /** Resolves when no capture runs. It also waits for sleeps and retries that are due within `dueWithinMs`. */
  idle(dueWithinMs: number): Promise<void>;
  close(): Promise<void>;
}

interface StartOptions {
  /** The folder of the database, by default in memory. */
  dataDir?: string;
  /** Called with each delivery's GUID once its row is committed. */
  onWrite?: (delivery: string) => void;
  /** Calls a function in place of the queue, to count its calls. */
  callFunction?: (request: SdkRequest, next: CallSdk) => Promise<SdkResponse>;
}

/** Starts pr-capture like `npm start`, with the embedded queue and database. */
export async function startPrCapture(
  githubUrl: string,
  {
    dataDir = "memory://",
    onWrite = () => {},
    callFunction = (request, next) => next(request),
  }: StartOptions = {},
): Promise<RunningPrCapture> {
  const { privateKey } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  const adminToken = randomBytes(16).toString("hex");
  const config = parseConfig({
    ADMIN_TOKEN: adminToken,
    APP_ID: String(demoApp.id),
    PRIVATE_KEY: privateKey,
    WEBHOOK_SECRET: demoApp.webhookSecret,
    GITHUB_API_URL: githubUrl,
    DATA_DIR: dataDir,
    HOST: "127.0.0.1",
    PORT: "0",
    LOG_LEVEL: "fatal", // failures are reported at the end, from the jobs
  });
  const rows = await openRows(config);
  if (!rows) throw new Error("The embedded database did not open.");
  const written = watchWrites(rows, onWrite);
  const services = await createServices(config, createLogger(config.logLevel), written, { started: false });
  await services.start((callSdk) => (request) => callFunction(request, callSdk));
  const server = await listen(services, config);
  return {
    url: server.url,
    adminToken,
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
