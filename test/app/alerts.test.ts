import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { InngestEngine } from "../../src/lib/embedded/inngest-engine.ts";
import { createAlertFailures } from "../../src/lib/inngest/functions/alert-failures.ts";
import { createGitHub } from "../../src/lib/github/client.ts";
import { createLogger } from "../../src/logger.ts";
import { createLooks, type Looks } from "../../src/lib/inngest/looks.ts";
import { failJob } from "../../src/lib/store/jobs.ts";
import { createClock, startEngine } from "../lib/embedded/engine-harness.ts";
import { inPayload } from "../lib/store/observations.ts";
import { openStore, type TestStore } from "../lib/store/open-store.ts";

const log = createLogger("silent");
let db: TestStore;
let engine: InngestEngine;
let looks: Looks;
const clock = createClock("2030-01-01T00:01:00Z");

/** The channel that receives alerts, in Slack's format. */
let channel: Server;
let alerts: string[];
let isDown: boolean;

async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { text } = (await json(request)) as { text: string };
  if (!isDown) alerts.push(text);
  response.writeHead(isDown ? 500 : 200).end();
}

beforeAll(async () => {
  db = await openStore();
  channel = createServer((request, response) => void receive(request, response));
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
  looks = createLooks({
    store: db.store,
    github: createGitHub({ apiUrl: "http://127.0.0.1:9", app: null, token: null, log: log }),
    send: async (events) => void (await started.inngest.send([...events])),
    log: log,
    handles: () => false,
    jobRetentionDays: 30,
    alerts: true,
    now: clock.now,
  });
});
afterEach(() => engine.stop());
afterAll(async () => {
  channel.close();
  await db.close();
});

async function fail(message: string, number = 7): Promise<void> {
  const error = { name: "Error", message, stack: null };
  await failJob(db.store, inPayload(1, { job: { number } }), { error, event: {} });
  await db.database.query("update capture.jobs set finished_at = $1 where finished_at < '2029-01-01'", [
    new Date(clock.now()),
  ]);
}

async function fiveMinutesLater(): Promise<void> {
  clock.advance(5 * 60);
  await looks.runDue();
  await engine.idle();
}

test("a thousand failures are one alert, grouped by their errors", async () => {
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

test("an alert reports each failure once, and there is none when nothing failed", async () => {
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

test("an alert that could not be sent is sent the next time", async () => {
  isDown = true;
  await fail("first");
  await fiveMinutesLater();
  isDown = false;
  await fiveMinutesLater();
  expect(alerts).toHaveLength(1);
});
