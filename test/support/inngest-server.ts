import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { openSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { vi } from "vitest";
import { patience } from "./patience.ts";

/** A real Inngest server. */
export interface InngestServer {
  /** The environment of a pr-capture server that uses it. */
  environment: Record<string, string>;
  /** Null: it is not ours to stop, or it forgets its functions when it stops. */
  restart: { stop(): Promise<void>; start(): Promise<void> } | null;
  close(): Promise<void>;
}

export interface InngestServerKind {
  name: string;
  /** Opens it for the functions at `serveUrl`. */
  open(this: void, serveUrl: string, folder: string): Promise<InngestServer>;
}

const {
  INNGEST_TEST_URL: url,
  INNGEST_TEST_EVENT_KEY: eventKey,
  INNGEST_TEST_SIGNING_KEY: signingKey,
} = process.env;

const isInstalled = !url && spawnSync("inngest", ["version"]).status === 0;

export const hasInngestServer = Boolean(url) || isInstalled;

/**
 * The real Inngest servers to test on: the one at INNGEST_TEST_URL, which must reach this machine at 127.0.0.1, or the Dev Server and the self-hosted
 * server of the `inngest` CLI. A self-hosted one at INNGEST_TEST_URL also needs INNGEST_TEST_EVENT_KEY and INNGEST_TEST_SIGNING_KEY.
 */
export const inngestServers: readonly InngestServerKind[] = url
  ? [{ name: `the Inngest server at ${url}`, open: async (serveUrl) => useServer(url, serveUrl) }]
  : [
      { name: "the Dev Server", open: openDevServer },
      { name: "a self-hosted server", open: openSelfHosted },
    ];

function useServer(baseUrl: string, serveUrl: string): InngestServer {
  const environment: Record<string, string> =
    eventKey && signingKey
      ? toSelfHosted(baseUrl, serveUrl, { eventKey, signingKey })
      : { INNGEST_DEV: baseUrl };
  return { environment, restart: null, close: async () => {} };
}

function toSelfHosted(baseUrl: string, serveUrl: string, keys: { eventKey: string; signingKey: string }) {
  return {
    INNGEST_BASE_URL: baseUrl,
    INNGEST_EVENT_KEY: keys.eventKey,
    INNGEST_SIGNING_KEY: keys.signingKey,
    INNGEST_SERVE_ORIGIN: new URL(serveUrl).origin,
  };
}

async function openDevServer(serveUrl: string, folder: string): Promise<InngestServer> {
  const { baseUrl, stop } = await launch(["dev", "--no-discovery", "--sdk-url", serveUrl], folder);
  return { environment: { INNGEST_DEV: baseUrl }, restart: null, close: stop };
}

/** It keeps its functions and its queue in SQLite. */
async function openSelfHosted(serveUrl: string, folder: string): Promise<InngestServer> {
  const keys = { eventKey: "0e7e", signingKey: "51640123456789ab" };
  const data = join(folder, "inngest");
  await mkdir(data);
  const flags = ["--event-key", keys.eventKey, "--signing-key", keys.signingKey, "--sqlite-dir", data];
  const { baseUrl, start, stop } = await launch(["start", "--sdk-url", serveUrl, ...flags], folder);
  return { environment: toSelfHosted(baseUrl, serveUrl, keys), restart: { start, stop }, close: stop };
}

/** Starts the CLI, on ports that no other server of Inngest uses. */
async function launch(command: string[], folder: string) {
  const port = await freePort();
  const baseUrl = `http://127.0.0.1:${port}`;
  const ports = ["connect-gateway-port", "connect-gateway-grpc-port", "connect-executor-grpc-port"];
  const flags = ["--host", "127.0.0.1", "--port", String(port), "--retry-interval", "5"]; // by default it retries after a minute
  for (const name of ports) flags.push(`--${name}`, String(await freePort()));
  const logFile = join(folder, `inngest-${command[0]}.log`);
  const log = openSync(logFile, "a");
  let child: ChildProcess | null = null;

  async function start(): Promise<void> {
    const started = spawn("inngest", [...command, ...flags], { cwd: folder, stdio: ["ignore", log, log] });
    child = started;
    await vi.waitUntil(async () => {
      if (started.exitCode !== null)
        throw new Error(`inngest ${command[0]} ended:\n${await readFile(logFile, "utf8")}`);
      return (await fetch(`${baseUrl}/health`).catch(() => null))?.ok;
    }, patience);
  }

  /** With SIGTERM, a self-hosted server stores its queue. */
  async function stop(): Promise<void> {
    if (!child) return;
    const exit = once(child, "exit");
    child.kill("SIGTERM");
    await exit;
    child = null;
  }

  await start();
  return { baseUrl, start, stop };
}

/** A port that nothing listens to now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
