/**
 * From the start of a signed request to its row being found by a query, at 50 requests a second on the embedded pair.
 *
 * pr-capture runs in a process of its own. PGlite serves one process, so the query is made there: after every merge, for the row
 * that its webhook should have led to, and only then. Polling would take turns away from what is measured; this costs one small query a
 * webhook, and whatever that one waits for counts as part of the latency. Both processes read the machine's monotonic clock.
 * The first seconds are for warming up and do not count.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { createGitHub, serveGitHub, signDelivery, type Delivery } from "../src/demo/github/index.ts";
import { percentile } from "../src/demo/percentile.ts";
import { print } from "../src/demo/print.ts";
import { printTable } from "../src/demo/print-table.ts";
import { demoApp } from "../src/demo/start-pr-capture.ts";
import { playBusyTeam } from "./support/busy-team.ts";
import { rowOf, type Expectation } from "./support/row-of.ts";
import type { Sighting } from "./support/visibility-server.ts";

const perSecond = 50;
const warmUpPullRequests = 30;
const pullRequests = 111; // of 9 webhooks each: 999, for 20 s
const goalMs = 40;
const patienceMs = 10_000;

interface Sent {
  delivery: Delivery;
  at: bigint;
  answeredAt: bigint;
}

const github = createGitHub({ appId: demoApp.id, webhookSecret: demoApp.webhookSecret, seed: 1 });
const standIn = await serveGitHub(github);
const server = fork(fileURLToPath(new URL("support/visibility-server.ts", import.meta.url)), [standIn.url]);
const [{ webhooksUrl }] = (await once(server, "message")) as [{ webhooksUrl: string }];
const seenAt = new Map<string, bigint>();
server.on("message", ({ delivery, at }: Sighting) => {
  if (!seenAt.has(delivery)) seenAt.set(delivery, BigInt(at));
});

await sendAll(playBusyTeam(github, warmUpPullRequests));
const sent = await sendAll(playBusyTeam(github, pullRequests));
server.disconnect();
await standIn.close();

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
print(`Signed request to row visible, ${perSecond} a second, in ms`);
printTable(
  ["", "webhooks", "p50", "p99", "longest"],
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

/** Sends at an even pace, whatever the answers take, and resolves when every row has been seen. */
async function sendAll(deliveries: Iterable<Delivery>): Promise<Sent[]> {
  const begin = performance.now();
  const answers: Promise<Sent>[] = [];
  for (const delivery of deliveries) {
    await pause(Math.max(0, begin + (answers.length * 1000) / perSecond - performance.now()));
    answers.push(send(delivery));
  }
  const all = await Promise.all(answers);
  const deadline = performance.now() + patienceMs;
  while (all.some(({ delivery }) => !seenAt.has(delivery.id))) {
    if (performance.now() > deadline) throw new Error("Not every webhook has become a row.");
    await pause(50);
  }
  return all;
}

async function send(delivery: Delivery): Promise<Sent> {
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
