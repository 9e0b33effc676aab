import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { createInngest } from "../../../src/lib/inngest/client.ts";
import type { CaptureEvent } from "../../../src/lib/inngest/events.ts";
import {
  createSendEvents,
  NotAcceptedError,
  type SendOptions,
} from "../../../src/lib/inngest/send-events.ts";

/** The event endpoint of Inngest: takes what it is sent, answers as it is told. */
let endpoint: Server;
let received: { id: string }[][];
let answer: "accept" | "refuse" | "stay silent";
let send: (options?: SendOptions) => ReturnType<typeof createSendEvents>;

async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const events = (await json(request)) as { id: string }[];
  received.push(events);
  if (answer === "stay silent") return;
  const accepted = { ids: events.map((event) => event.id), status: 200 };
  response
    .writeHead(answer === "accept" ? 200 : 400)
    .end(JSON.stringify(answer === "accept" ? accepted : { error: "no" }));
}

beforeEach(async () => {
  received = [];
  answer = "accept";
  endpoint = createServer((request, response) => void take(request, response));
  endpoint.listen(0, "127.0.0.1");
  await once(endpoint, "listening");
  const { port } = endpoint.address() as AddressInfo;
  const inngest = createInngest({ isDev: true, baseUrl: `http://127.0.0.1:${port}` });
  send = (options) => createSendEvents(inngest, options);
});
afterEach(() => {
  endpoint.closeAllConnections();
  endpoint.close();
});

const event = (id: number, padding = ""): CaptureEvent => ({
  id: `delivery-${id}`,
  name: "capture/pr.details",
  data: { padding },
});
const idsOf = (events: { id: string }[]) => events.map(({ id }) => id);

test("events within the window are sent in one request, in their order", async () => {
  const sendEvents = send({ windowMs: 20 });
  await Promise.all([1, 2, 3].map((id) => sendEvents([event(id)])));
  expect(received.map(idsOf)).toEqual([["delivery-1", "delivery-2", "delivery-3"]]);
});

test("no request exceeds Inngest's limits of events and bytes", async () => {
  const sendEvents = send({ windowMs: 20, maxEvents: 3, maxBytes: 2_500 });
  await Promise.all([1, 2, 3, 4, 5, 6, 7].map((id) => sendEvents([event(id)])));
  await Promise.all([8, 9, 10].map((id) => sendEvents([event(id, "x".repeat(1_000))])));
  expect(received.map((events) => events.length)).toEqual([3, 3, 1, 2, 1]);
  expect(new Set(received.flat().map(({ id }) => id)).size).toBe(10);
});

test("the events of one caller are split too, and it waits for all of them", async () => {
  await send({ maxEvents: 3 })([1, 2, 3, 4, 5].map((id) => event(id)));
  expect(received.map((events) => events.length)).toEqual([3, 2]);
});

describe("an event with what was observed", () => {
  const observing = (body: string) => ({ ...event(1), data: { number: 1, observed: { body } } });
  const sent = async (body: string) => {
    await send()([observing(body)]);
    return received.flat();
  };

  test.each([
    ["in ASCII", "a".repeat(200_000)],
    ["in wide characters", "\u{1F648}".repeat(50_000)],
  ])("that fits goes whole: %s", async (_, body) => {
    expect(await sent(body)).toMatchObject([observing(body)]);
  });

  // Measured as JSON in UTF-8, so that neither wide nor escaped characters pass for small.
  test.each([
    ["in ASCII", "a".repeat(257_000)],
    ["in wide characters", "\u{1F648}".repeat(64_500)],
    ["in control characters", "\u0001".repeat(43_000)],
    ["in quotes", '"'.repeat(128_500)],
  ])("that is larger than Inngest takes goes without it: %s", async (_, body) => {
    const [only] = await sent(body);
    expect(only).toMatchObject({ id: "delivery-1", data: { number: 1 } });
    expect(JSON.stringify(only).length).toBeLessThan(200);
  });
});

test("a refused request rejects every caller that has an event in it", async () => {
  answer = "refuse";
  const sendEvents = send();
  const outcomes = await Promise.allSettled([sendEvents([event(1)]), sendEvents([event(2)])]);
  for (const outcome of outcomes)
    expect(outcome).toMatchObject({ status: "rejected", reason: expect.any(NotAcceptedError) });
  answer = "accept";
  await sendEvents([event(3)]);
});

test("a caller's wait for Inngest ends with the timeout", async () => {
  answer = "stay silent";
  await expect(send({ timeoutMs: 50 })([event(1)])).rejects.toThrow(
    "did not accept the events within 0.05 s",
  );
});
