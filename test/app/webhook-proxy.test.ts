import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import type { SqlDatabase } from "../../src/lib/embedded/sql-database.ts";
import { startWebhookProxy, type WebhookProxy } from "../../src/webhook-proxy.ts";
import { openTestDatabase } from "../support/database.ts";
import { keepLog } from "../support/log-lines.ts";
import { webhookHeaders } from "../support/send-webhook.ts";
import { serverTest } from "../support/server-test.ts";
import { startApp, type TestApp } from "../support/start-app.ts";
import { patience } from "../support/patience.ts";

/** Webhooks through a smee.io channel. */

const payload = { zen: "Keep it logically awesome." };

/** Opens a channel as smee.io serves it. It can be down. */
async function openChannel() {
  const connections = new Set<ServerResponse>();
  const channel = { url: "", isDown: false, connected: 0 };
  const server = createServer((_, response) => {
    if (channel.isDown) return void response.writeHead(502).end();
    channel.connected++;
    response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
    connections.add(response);
    response.on("close", () => connections.delete(response));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  channel.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/channel`;
  return Object.assign(channel, {
    /** Sends a ping once a client is connected. */
    async ping(id: string) {
      await vi.waitFor(() => expect(connections.size).toBe(1), patience);
      const event = { ...webhookHeaders("ping", id, JSON.stringify(payload)), body: payload, query: {} };
      for (const connection of connections) connection.write(`data: ${JSON.stringify(event)}\n\n`);
    },
    disconnect: () => connections.forEach((connection) => void connection.destroy()),
    close() {
      server.closeAllConnections();
      server.close();
    },
  });
}

serverTest("the server accepts webhooks of a channel that is down at first", async ({ start }) => {
  const channel = await openChannel();
  channel.isDown = true;
  const server = await start({ WEBHOOK_PROXY_URL: channel.url, LOG_LEVEL: "trace" });
  await vi.waitFor(
    () => expect(server.output.join()).toContain("Could not connect to WEBHOOK_PROXY_URL"),
    patience,
  );
  channel.isDown = false;
  await channel.ping("first");
  const health = async () => (await fetch(`${server.url}/healthz`)).json();
  await vi.waitFor(
    async () => expect(await health()).toMatchObject({ deliveries: { accepted: 1 } }),
    patience,
  );
  expect(server.output.join()).not.toContain(channel.url); // whoever knows it reads every webhook
  channel.close();
});

let database: SqlDatabase;
let app: TestApp;
let channel: Awaited<ReturnType<typeof openChannel>>;
let proxy: WebhookProxy;
let lines: Record<string, unknown>[];

beforeAll(async () => {
  database = await openTestDatabase();
});
beforeEach(async () => {
  app = await startApp(database);
  channel = await openChannel();
  const kept = keepLog();
  ({ lines } = kept);
  proxy = startWebhookProxy(channel.url, `${app.url}/api/github/webhooks`, kept.log, 20);
  await channel.ping("before");
  await vi.waitFor(() => expect(app.services.counts.accepted).toBe(1), patience);
});
afterEach(async () => {
  await proxy.stop();
  channel.close();
  await app.close();
});
afterAll(() => database.close());

const warning = {
  level: 40,
  msg: expect.stringContaining("Could not connect to WEBHOOK_PROXY_URL. Retrying"),
};

test("the proxy reconnects to a channel that closes the connection, with one warning", async () => {
  channel.disconnect();
  await vi.waitFor(() => expect(channel.connected).toBe(2), patience);
  await channel.ping("after");
  await vi.waitFor(() => expect(app.services.counts.accepted).toBe(2), patience);
  expect(lines).toEqual([warning]);
});

test("the proxy retries a channel that answers 502 until webhooks arrive", async () => {
  channel.isDown = true;
  channel.disconnect();
  await vi.waitFor(() => expect(lines).toEqual([warning, warning, warning]), patience);
  channel.isDown = false;
  await channel.ping("after");
  await vi.waitFor(() => expect(app.services.counts.accepted).toBe(2), patience);
});
