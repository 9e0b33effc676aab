/**
 * Measures the time from the start of a signed request until a query finds its row, at a constant rate with the embedded database and queue.
 * `-- --rate N` sets the requests a second (50), `-- --busy` keeps one core busy with another process.
 *
 * pr-capture runs in a child process, and the query runs there too: once after every merge, for the row of its
 * webhook. Polling would disturb the measurement; this costs one small query for each webhook, and its waiting time counts as latency. A thread of
 * its own sends the requests. All read the machine's monotonic clock. The first seconds are a warm-up and do not count.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
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
import { createBusyTeam, playBusyTeam } from "./support/busy-team.ts";
import { rowOf, type Expectation } from "./support/row-of.ts";
import type { TimedAnswer, TimedRequest } from "./support/sender.ts";
import type { Sighting } from "./support/visibility-server.ts";

const { values: given } = parseArgs({
  options: { rate: { type: "string", default: "50" }, busy: { type: "boolean", default: false } },
});
const perSecond = Number(given.rate);
const webhooksOfPullRequest = 9;
const warmUpPullRequests = Math.ceil((perSecond * 5) / webhooksOfPullRequest);
const pullRequests = Math.ceil((perSecond * 20) / webhooksOfPullRequest);
/** The goals in milliseconds. */
const goals = given.busy
  ? { visibleP99: 45 }
  : perSecond > 50
    ? { visibleP99: 60 }
    : { visibleP99: 25, visibleMax: 60, answeredP99: 15 };
const maxWaitMs = 10_000;

interface Sent {
  delivery: WebhookDelivery;
  at: bigint;
  answeredAt: bigint;
}

const github = createFakeGitHub({ appId: demoApp.id, webhookSecret: demoApp.webhookSecret, seed: 1 });
const githubServer = await serveGitHub(github);
const busy = given.busy ? new Worker("for (;;);", { eval: true }) : null;
const sender = new Worker(new URL("support/sender.ts", import.meta.url));
const answers = new Map<string, (answer: TimedAnswer) => void>();
sender.on("message", (answer: TimedAnswer) => answers.get(answer.id)?.(answer));
const folder = await mkdtemp(join(tmpdir(), "pr-capture-latency-"));
const server = fork(fileURLToPath(new URL("support/visibility-server.ts", import.meta.url)), [
  githubServer.url,
  folder,
]);
const [{ webhooksUrl }] = (await once(server, "message")) as [{ webhooksUrl: string }];
const seenAt = new Map<string, bigint>();
server.on("message", ({ delivery, at }: Sighting) => {
  if (!seenAt.has(delivery)) seenAt.set(delivery, BigInt(at));
});

const team = createBusyTeam(github);
await sendAll(playBusyTeam(github, team, warmUpPullRequests));
const sent = await sendAll(playBusyTeam(github, team, pullRequests));
server.disconnect();
await once(server, "exit");
await rm(folder, { recursive: true });
await githubServer.close();
await sender.terminate();
await busy?.terminate();

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
print(
  `Milliseconds from a signed request to its visible row, at ${perSecond} requests a second${busy ? ", with one core busy" : ""}`,
);
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
const measured = {
  visibleP99: percentile(
    visible.map(({ ms }) => ms),
    0.99,
  ),
  visibleMax: Math.max(...visible.map(({ ms }) => ms)),
  answeredP99: percentile(answered, 0.99),
};
const names = {
  visibleP99: "row visible, p99",
  visibleMax: "row visible, max",
  answeredP99: "answered, p99",
};
for (const name of ["visibleP99", "visibleMax", "answeredP99"] as const) {
  const goal = goals[name];
  if (goal) print(`Goal: ${names[name]} at most ${goal} ms: ${measured[name] <= goal ? "met" : "missed"}.`);
}

/** Sends at a constant rate, whatever the answers take, and resolves when every row is visible. */
async function sendAll(deliveries: Iterable<WebhookDelivery>): Promise<Sent[]> {
  const begin = performance.now();
  const sending: Promise<Sent>[] = [];
  for (const delivery of deliveries) {
    await pause(Math.max(0, begin + (sending.length * 1000) / perSecond - performance.now()));
    sending.push(send(delivery));
  }
  const all = await Promise.all(sending);
  const deadline = performance.now() + maxWaitMs;
  while (all.some(({ delivery }) => !seenAt.has(delivery.id))) {
    if (performance.now() > deadline) throw new Error("The row of a webhook is missing.");
    await pause(50);
  }
  return all;
}

async function send(delivery: WebhookDelivery): Promise<Sent> {
  const { id, name } = delivery;
  const expectation: Expectation = { delivery: id, row: rowOf(delivery) };
  server.send(expectation);
  const request: TimedRequest = { id, url: webhooksUrl, ...signDelivery(demoApp.webhookSecret, delivery) };
  const answering = new Promise<TimedAnswer>((resolve) => void answers.set(id, resolve));
  sender.postMessage(request); // oxlint-disable-line unicorn/require-post-message-target-origin -- between threads there are no origins
  const { status, at, answeredAt } = await answering;
  if (status !== 200) throw new Error(`${name} was answered ${status}.`);
  return { delivery, at, answeredAt };
}

function toMs(nanoseconds: bigint): number {
  return Number(nanoseconds) / 1e6;
}
