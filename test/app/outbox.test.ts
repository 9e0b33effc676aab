import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { openPostgres } from "../../src/lib/embedded/open-postgres.ts";
import type { SqlDatabase } from "../../src/lib/embedded/sql-database.ts";
import type { CaptureEvent } from "../../src/lib/inngest/events.ts";
import { createOutbox } from "../../src/lib/inngest/outbox.ts";
import { NotAcceptedError } from "../../src/lib/inngest/send-events.ts";
import { storeEvents } from "../../src/lib/store/outbox.ts";
import { createLogger } from "../../src/logger.ts";
import { openTestDatabase, resetDatabase } from "../support/database.ts";
import { startApp, type TestApp } from "../support/start-app.ts";
import { exampleOf } from "../support/webhook-examples.ts";

let database: SqlDatabase;
let app: TestApp;

/** An Inngest's event endpoint, which can be down. */
let inngest: Server;
let inngestUrl: string;
let isDown: boolean;
let taken: string[];

async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const ids = ((await json(request)) as { id: string }[]).map(({ id }) => id);
  if (!isDown) taken.push(...ids);
  response
    .writeHead(isDown ? 500 : 200)
    .end(JSON.stringify(isDown ? { error: "down", status: 500 } : { ids, status: 200 }));
}

beforeAll(async () => {
  database = await openTestDatabase();
  inngest = createServer((request, response) => void take(request, response));
  inngest.listen(0, "127.0.0.1");
  await once(inngest, "listening");
  inngestUrl = `http://127.0.0.1:${(inngest.address() as AddressInfo).port}`;
});
beforeEach(async () => {
  isDown = false;
  taken = [];
  app = await startApp(database, { INNGEST_DEV: inngestUrl });
});
afterEach(async () => {
  await app.close();
  await resetDatabase(database);
});
afterAll(async () => {
  inngest.close();
  await database.close();
});

const review = exampleOf("pull_request_review", "submitted");
const deliver = (id: string, to = app) => to.deliver({ name: "pull_request_review", payload: review, id });
const eventIds = (ids: string[]) => ids.map((id) => `${id}:capture/pr.reviews`);

test("events that Inngest refuses are stored, acknowledged, and sent later in their order", async () => {
  isDown = true;
  const statuses: number[] = [];
  for (const id of ["a", "b", "c"]) statuses.push(await deliver(id));
  expect(statuses).toEqual([200, 200, 200]);
  expect(await app.rows("capture.outbox")).toMatchObject(
    eventIds(["a", "b", "c"]).map((id) => ({ event_id: id })),
  );
  const health = await fetch(`${app.url}/healthz`);
  expect(await health.json()).toMatchObject({
    status: "ok",
    outbox: { waiting: 3, oldest_age_seconds: expect.any(Number) },
  });

  isDown = false;
  expect(await app.services.outbox.drain()).toBe(3);
  expect(taken).toEqual(eventIds(["a", "b", "c"]));
  expect(await app.rows("capture.outbox")).toEqual([]);
});

test("events that were stored before a restart are sent after it", async () => {
  isDown = true;
  await deliver("a");
  isDown = false;
  const outbox = createOutbox({
    store: app.services.store,
    send: async (events) => void taken.push(...events.map(({ id }) => id)),
    log: createLogger("silent"),
    drainEveryMs: 5,
  });
  outbox.start();
  await expect.poll(() => taken).toEqual(eventIds(["a"]));
  await outbox.stop();
});

test("deliveries after a refusal are stored without a request to Inngest", async () => {
  isDown = true;
  await deliver("a");
  isDown = false;
  await deliver("b");
  expect(taken).toEqual([]);
  expect(await app.rows("capture.outbox")).toHaveLength(2);
});

test("a delivery that neither Inngest nor the database accepts is answered 503", async () => {
  isDown = true;
  const nowhere = openPostgres("postgres://user@127.0.0.1:1/nowhere");
  const other = await startApp(nowhere, { INNGEST_DEV: inngestUrl });
  expect(await deliver("a", other)).toBe(503);
  expect(other.services.counts).toMatchObject({ accepted: 0, failed: 1 });
  await other.close();
  await nowhere.close();
});

test("an event that Inngest always refuses does not block the others", async () => {
  const { store } = app.services;
  const events = ["a", "poison", "b"].map((id) => ({ id, name: "capture/pr.reviews", data: {} }));
  await storeEvents(store, events, "down");
  const outbox = createOutbox({
    store,
    send: async (some: readonly CaptureEvent[]) => {
      if (some.some(({ id }) => id === "poison")) throw new NotAcceptedError("Inngest refused the events.");
      taken.push(...some.map(({ id }) => id));
    },
    log: createLogger("silent"),
  });
  for (let round = 0; round < 6; round++) {
    await outbox.drain();
    await database.query("update capture.outbox set next_attempt_at = now()"); // the wait is over
  }
  expect(taken).toEqual(["a", "b"]);
  expect(await app.rows("capture.outbox")).toMatchObject([
    { event_id: "poison", error: "Inngest refused the events." },
  ]);
});
