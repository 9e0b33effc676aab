import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { createServer as createTcpServer, type AddressInfo, type Socket } from "node:net";
import { join } from "node:path";
import { expect, vi } from "vitest";
import { openPglite } from "../../src/lib/embedded/open-pglite.ts";
import { webhookHeaders } from "../support/send-webhook.ts";
import { serverTest } from "../support/server-test.ts";
import { webhookSecret } from "../../src/testing/test-config.ts";
import { patience } from "../support/patience.ts";

/** The server on hosts with unusual or broken environments. */

const test = serverTest.concurrent;

const hasIpv6 =
  spawnSync(process.execPath, [
    "-e",
    "require('net').createServer().listen(0,'::1',()=>process.exit(0)).on('error',()=>process.exit(1))",
  ]).status === 0;
if (!hasIpv6) console.log("Without IPv6 the server is not started on ::1.");

const portOf = (server: Server | ReturnType<typeof createTcpServer>) =>
  (server.address() as AddressInfo).port;

test.for(hasIpv6 ? ["::", "::1", "0.0.0.0"] : ["0.0.0.0"])(
  "the server listens on HOST=%s, and registers an address that the Dev Server can reach",
  async (HOST, { start }) => {
    const server = await start({ HOST, INNGEST_DEV: "http://127.0.0.1:9" });
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
    expect(new URL(server.url).hostname).toBe(HOST === "::1" ? "[::1]" : "localhost");
    await vi.waitFor(() => expect(server.output.join()).toContain("npm run dev:inngest"), patience);
  },
);

test("a port in use ends the start with one sentence that names PORT", async ({ start }) => {
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  const taken = start({ PORT: String(portOf(other)) });
  await expect(taken).rejects.toThrow(/set PORT/);
  await expect(taken).rejects.not.toThrow(/ at .*\.ts:/);
  other.close();
});

test("an unreadable .env ends the start with one sentence that names it", async ({ spawnServer, folder }) => {
  await mkdir(join(folder, ".env"));
  const { listening } = spawnServer({}, folder);
  await expect(listening).rejects.toThrow(/^The server ended:\nCould not read the file \.env: .+$/);
});

test("the server runs without its database, and reports that it is not healthy", async ({ start }) => {
  const server = await start({ DATABASE_URL: "postgres://nobody@127.0.0.1:9/none" });
  const response = await fetch(`${server.url}/healthz`);
  expect(response.status).toBe(503);
  expect(await response.json()).toMatchObject({
    problems: [expect.stringContaining("Could not connect to DATABASE_URL")],
  });
});

test("a misspelled variable is reported", async ({ start }) => {
  const server = await start({ DATABSE_URL: "postgres://db/x" });
  expect(server.output.join("\n")).toContain("DATABSE_URL is set, but unknown. Did you mean DATABASE_URL?");
});

test("a webhook sent as a form is accepted by the signature of its raw body", async ({ start }) => {
  const server = await start({ WEBHOOK_SECRET: `${webhookSecret}\n` });
  const body = new URLSearchParams({ payload: JSON.stringify({ zen: "ping & pong" }) }).toString();
  const headers = {
    ...webhookHeaders("ping", "a-guid", body),
    "content-type": "application/x-www-form-urlencoded",
  };
  const response = await fetch(`${server.url}/api/github/webhooks`, { method: "POST", body, headers });
  expect(response.status).toBe(200);
});

test("SIGTERM while the start waits for GitHub ends the server with code 0 and frees the data folder", async ({
  spawnServer,
  folder,
}) => {
  const asked = Promise.withResolvers<unknown>();
  const silent = createServer(asked.resolve).listen(0, "127.0.0.1");
  await once(silent, "listening");
  const server = spawnServer({ GITHUB_API_URL: `http://127.0.0.1:${portOf(silent)}` });
  await asked.promise;
  const sentAt = performance.now();
  expect(await server.end("SIGTERM")).toBe(0);
  expect(performance.now() - sentAt).toBeLessThan(9_000); // a shutdown gives up after 10 s
  expect(server.output.join("\n")).not.toContain("Listening");
  await (await openPglite(folder)).close();
  silent.close();
});

test("SIGTERM while the start waits for Postgres ends the server with code 0", async ({ spawnServer }) => {
  const connected = Promise.withResolvers<Socket>();
  const silent = createTcpServer(connected.resolve).listen(0, "127.0.0.1");
  await once(silent, "listening");
  const server = spawnServer({ DATABASE_URL: `postgres://nobody@127.0.0.1:${portOf(silent)}/none` });
  const socket = await connected.promise;
  const sentAt = performance.now();
  expect(await server.end("SIGTERM")).toBe(0);
  expect(performance.now() - sentAt).toBeLessThan(9_000); // a shutdown gives up after 10 s
  socket.destroy();
  silent.close();
});
