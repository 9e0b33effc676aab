import { once } from "node:events";
import { text } from "node:stream/consumers";
import { createServer } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { expect, test, vi } from "vitest";
import { createNodeWebhookListener } from "../../src/http/node-webhook-listener.ts";
import { openServer } from "../../src/http/server.ts";
import type { Acknowledgement } from "../../src/http/webhook-endpoint.ts";
import { patience } from "../support/patience.ts";

test.each([
  ["deliveries", { deliveries: 3, bytes: 1_000_000 }, "{}"],
  ["bytes", { deliveries: 100, bytes: 3_500 }, "x".repeat(1_000)],
])(
  "too many %s in flight are answered 503 with retry-after, and an answer makes room again",
  async (_, limits, body) => {
    const waiting: ((acknowledgement: Acknowledgement) => void)[] = [];
    const unread: [event: string, status: number][] = [];
    const listener = createNodeWebhookListener(() => new Promise((resolve) => waiting.push(resolve)), {
      limits,
      onUnread: ({ event, status }) => void unread.push([event, status]),
    });
    const server = createServer(listener).listen(0, "127.0.0.1");
    await once(server, "listening");
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const post = () => fetch(url, { method: "POST", body, headers: { "x-github-event": "push" } });

    const held: Promise<Response>[] = [];
    for (let count = 1; count <= 3; count++) {
      held.push(post());
      await vi.waitUntil(() => waiting.length === count, patience);
    }
    const refused = await post();
    expect(refused.status).toBe(503);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(unread).toEqual([["push", 503]]);

    for (const accept of waiting) accept({ status: 200, message: "ok" });
    for (const response of await Promise.all(held)) expect(response.status).toBe(200);
    const next = post();
    await vi.waitUntil(() => waiting.length === 4, patience);
    waiting.at(-1)?.({ status: 200, message: "ok" });
    expect((await next).status).toBe(200);

    server.closeAllConnections();
    server.close();
  },
);

test("a client that does not finish its request in time is disconnected, and makes room", async () => {
  const server = await openServer({ host: "127.0.0.1", port: 0 }, { requestTimeout: 500 });
  const limits = { deliveries: 1, bytes: 1_000 };
  const listener = createNodeWebhookListener(async () => ({ status: 200, message: "ok" }), { limits });
  server.serve(listener);
  const post = () => fetch(server.url, { method: "POST", body: "{}" });
  const slow = connect(Number(new URL(server.url).port), "127.0.0.1");
  slow.write("POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2\r\n\r\n{");
  await vi.waitFor(async () => expect((await post()).status).toBe(503), patience);

  expect(await text(slow)).toMatch(/^HTTP\/1\.1 408 /);
  await vi.waitFor(async () => expect((await post()).status).toBe(200), patience);
  await server.close(0);
});
