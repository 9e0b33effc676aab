/**
 * Measures the time from the start of a signed request until a query finds its row, at 50 requests a second with the embedded database and
 * queue.
 *
 * pr-capture runs in a child process. Its database is in memory, so the query runs there: once after every merge, for the row of its
 * webhook. Polling would disturb the measurement; this costs one small query for each webhook, and its waiting time counts as latency. Both
 * processes read the machine's monotonic clock. The first seconds are a warm-up and do not count.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import {
  createFakeGitHub,
  serveGitHub,
  signDelivery,
  type WebhookDelivery,
} from "../src/fake-github/index.ts";
import { percentile } from "../src/testing/percentile.ts";
import { print } from "../src/testing/print.ts";
import { printTable } from "../src/testing/print-table.ts";
import { demoApp } from "../src/testing/start-pr-capture.ts";
import { playBusyTeam } from "./support/busy-team.ts";
import { rowOf, type Expectation } from "./support/row-of.ts";
import type { Sighting } from "./support/visibility-server.ts";

const perSecond = 50;
const warmUpPullRequests = 30;
const pullRequests = 111; // of 9 webhooks each: 999, for 20 s
const goalMs = 40;
const maxWaitMs = 10_000;

interface Sent {
  delivery: WebhookDelivery;
  at: bigint;
  answeredAt: bigint;
}

const github = createFakeGitHub({ appId: demoApp.id, webhookSecret: demoApp.webhookSecret, seed: 1 });
const githubServer = await serveGitHub(github);
const server = fork(fileURLToPath(new URL("support/visibility-server.ts", import.meta.url)), [
  githubServer.url,
]);
const [{ webhooksUrl }] = (await once(server, "message")) as [{ webhooksUrl: string }];
const seenAt = new Map<string, bigint>();
server.on("message", ({ delivery, at }: Sighting) => {
  if (!seenAt.has(delivery)) seenAt.set(delivery, BigInt(at));
});

await sendAll(playBusyTeam(github, warmUpPullRequests));
const sent = await sendAll(playBusyTeam(github, pullRequests));
server.disconnect();
await githubServer.close();

const answered = sent.map(({ at, answeredAt }) => toMs(answeredAt - at));
const visible = sent.map(({ delivery, at }) => ({
  name: delivery.name,
  ms: toMs((seenAt.get(delivery.id) ?? 0n) - at),
}));
const row = (name: string, values: readonly number[]) => [
  name,
  values.length,
  ...[0.5, 0.99, 1].map((share) => percentile(values, share).toFixed(1)),
];
print(`Milliseconds from a signed request to its visible row, at ${perSecond} requests a second`);
printTable(
  ["", "webhooks", "p50", "p99", "max"],
  [
    row("answered", answered),
    row(
      "row visible",
      visible.map(({ ms }) => ms),
    ),
    ...[...new Set(visible.map(({ name }) => name))].map((name) =>
      row(
        `  ${name}`,
        visible.filter((each) => each.name === name).map(({ ms }) => ms),
      ),
    ),
  ],
);
const p50 = percentile(
  visible.map(({ ms }) => ms),
  0.5,
);
print(`Goal: half of the rows visible within ${goalMs} ms: ${p50 < goalMs ? "met" : "missed"}.`);

/** Sends at a constant rate, whatever the answers take, and resolves when every row is visible. */
async function sendAll(deliveries: Iterable<WebhookDelivery>): Promise<Sent[]> {
  const begin = performance.now();
  const answers: Promise<Sent>[] = [];
  for (const delivery of deliveries) {
    await pause(Math.max(0, begin + (answers.length * 1000) / perSecond - performance.now()));
    answers.push(send(delivery));
  }
  const all = await Promise.all(answers);
  const deadline = performance.now() + maxWaitMs;
  while (all.some(({ delivery }) => !seenAt.has(delivery.id))) {
    if (performance.now() > deadline) throw new Error("The row of a webhook is missing.");
    await pause(50);
  }
  return all;
}

async function send(delivery: WebhookDelivery): Promise<Sent> {
  const request = signDelivery(demoApp.webhookSecret, delivery);
  const expectation: Expectation = { delivery: delivery.id, row: rowOf(delivery) };
  server.send(expectation);
  const at = process.hrtime.bigint();
  const response = await fetch(webhooksUrl, { method: "POST", ...request });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`${delivery.name} was answered ${response.status}.`);
  return { delivery, at, answeredAt: process.hrtime.bigint() };
}

function toMs(nanoseconds: bigint): number {
  return Number(nanoseconds) / 1e6;
}
