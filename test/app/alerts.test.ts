import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { InngestEngine } from "../../src/lib/embedded/inngest-engine.ts";
import { createAlertFailures } from "../../src/lib/inngest/functions/alert-failures.ts";
import { failJob } from "../../src/lib/store/jobs.ts";
import { createClock, startEngine } from "../lib/embedded/engine-harness.ts";
import { inPayload } from "../lib/store/observations.ts";
import { openStore, type TestStore } from "../lib/store/open-store.ts";

let db: TestStore;
let engine: InngestEngine;
const clock = createClock(new Date().toISOString());

/** Whoever is told, in Slack's format. */
let channel: Server;
let alerts: string[];
let isDown: boolean;

async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { text } = (await json(request)) as { text: string };
  if (!isDown) alerts.push(text);
  response.writeHead(isDown ? 500 : 200).end();
}

beforeAll(async () => {
  db = await openStore();
  channel = createServer((request, response) => void take(request, response));
  channel.listen(0, "127.0.0.1");
  await once(channel, "listening");
});
beforeEach(async () => {
  await db.clear();
  alerts = [];
  isDown = false;
  const url = `http://127.0.0.1:${(channel.address() as AddressInfo).port}/secret`;
  const started = await startEngine({ db: db.database, now: clock.now }, (inngest) => [
    createAlertFailures({ inngest, store: db.store }, url),
  ]);
  engine = started.engine;
});
afterEach(() => engine.stop());
afterAll(async () => {
  channel.close();
  await db.close();
});

async function fail(message: string, number = 7): Promise<void> {
  const error = { name: "Error", message, stack: null };
  await failJob(db.store, inPayload(1, { job: { number } }), { error, event: {} });
}

async function fiveMinutesLater(): Promise<void> {
  clock.advance(5 * 60);
  await engine.idle();
}

test("a thousand failures are one message, by what they failed of", async () => {
  for (let count = 1; count <= 1_000; count++)
    await fail(`GitHub answered 500 to GET /repos/acme/web/pulls/${count}`);
  await fail("No <!channel> & `code`", 8);
  await fiveMinutesLater();
  expect(alerts).toHaveLength(1);
  expect(alerts[0]).toContain("1001 captures failed");
  expect(alerts[0]).toContain("1000 × capture/pr.details: GitHub answered # to GET /repos/acme/web/pulls/#");
  expect(alerts[0]).toContain("1 × capture/pr.details: No &lt;!channel&gt; &amp; 'code'");
  expect(alerts[0]).toMatch(/job \d+ of acme\/web#8/);
  expect(alerts[0]?.length).toBeLessThan(3_000);
});

test("what was told is not told again, and where nothing failed nobody is told", async () => {
  await fiveMinutesLater();
  expect(alerts).toEqual([]);
  await fail("first");
  await fiveMinutesLater();
  await fiveMinutesLater();
  expect(alerts).toHaveLength(1);
  await fail("second");
  await fiveMinutesLater();
  expect(alerts).toHaveLength(2);
  expect(alerts[1]).not.toContain("first");
});

test("what could not be told is told the next time", async () => {
  isDown = true;
  await fail("first");
  await fiveMinutesLater();
  isDown = false;
  await fiveMinutesLater();
  expect(alerts).toHaveLength(1);
});
