import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { vi } from "vitest";
import { patience } from "./patience.ts";

/** A real Inngest server. */
export interface InngestServer {
  /** The environment of a pr-capture server that uses it. */
  environment: Record<string, string>;
  /** Null: it is not ours to stop. */
  restart: { stop(): Promise<void>; start(): Promise<void> } | null;
  close(): Promise<void>;
}

const {
  INNGEST_TEST_URL: url,
  INNGEST_TEST_EVENT_KEY: eventKey,
  INNGEST_TEST_SIGNING_KEY: signingKey,
} = process.env;

const isInstalled = !url && spawnSync("inngest", ["version"]).status === 0;

/**
 * True where a real Inngest server is: the one at INNGEST_TEST_URL, which must reach this machine at 127.0.0.1, or the CLI's Dev Server. A
 * self-hosted one also needs INNGEST_TEST_EVENT_KEY and INNGEST_TEST_SIGNING_KEY.
 */
export const hasInngestServer = Boolean(url) || isInstalled;

/** Opens it for the functions at `serveUrl`. */
export async function openInngestServer(serveUrl: string, folder: string): Promise<InngestServer> {
  if (url) {
    const environment: Record<string, string> =
      eventKey && signingKey
        ? { INNGEST_BASE_URL: url, INNGEST_EVENT_KEY: eventKey, INNGEST_SIGNING_KEY: signingKey }
        : { INNGEST_DEV: url };
    return { environment, restart: null, close: async () => {} };
  }
  const port = await freePort();
  const devUrl = `http://127.0.0.1:${port}`;
  let child: ChildProcess | null = null;
  const start = async () => {
    const args = ["dev", "--no-discovery", "--port", String(port), "--sdk-url", serveUrl];
    child = spawn("inngest", args, { cwd: folder, stdio: "ignore" });
    await vi.waitUntil(async () => (await fetch(devUrl).catch(() => null))?.ok, patience);
  };
  const stop = async () => {
    if (!child) return;
    const exit = once(child, "exit");
    child.kill("SIGKILL");
    await exit;
    child = null;
  };
  await start();
  return { environment: { INNGEST_DEV: devUrl }, restart: { start, stop }, close: stop };
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
