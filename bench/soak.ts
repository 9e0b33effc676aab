/**
 * Sends 50 deliveries a second for 10 minutes and checks that memory and the time to acknowledge do not grow. pr-capture runs in a child
 * process with the embedded database and queue.
 *
 * The rate is constant, whatever the answers take. The first minute is a warm-up, or the first third of a shorter soak (`-- --seconds N`),
 * which is too short for memory: it needs about two minutes to become stable. Resident memory is read every second. It is stable when a line
 * through it (least squares) rises by less than `goals.mbPerMinute` a minute, which is twice the size of the rows: Postgres keeps them in its
 * 128 MB of buffers until those are full. Latency is stable when the 99th percentile of the last span is less than `goals.p99Growth` times
 * that of the first one after the warm-up. A span is a minute, or a tenth of a shorter soak.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import {
  createFakeGitHub,
  serveGitHub,
  signDelivery,
  type WebhookDelivery,
} from "../src/fake-github/index.ts";
import { percentile } from "../src/testing/percentile.ts";
import { print } from "../src/testing/print.ts";
import { printTable } from "../src/testing/print-table.ts";
import { paths } from "../src/http/routes.ts";
import { createBusyTeam, playBusyTeam } from "./support/busy-team.ts";
import { appEnvironment } from "./support/credentials.ts";
import { residentMb } from "./support/resident-memory.ts";
import { startProcess } from "./support/start-process.ts";
import { webhookSecret } from "../src/testing/test-config.ts";

const { values } = parseArgs({ options: { seconds: { type: "string", default: "600" } } });
const seconds = Number(values.seconds);
const perSecond = 50;
const warmUpSeconds = Math.min(60, seconds / 3);
const spanSeconds = Math.min(60, seconds / 10);
const pullRequestBatchSize = 111; // of 9 webhooks each: 999, for 20 s
const goals = { mbPerMinute: 10, p99Growth: 2 };

/** Times are in milliseconds since the start. */
interface Answer {
  sentAt: number;
  tookMs: number;
  status: number;
}

const github = createFakeGitHub({ appId: Number(appEnvironment["APP_ID"]), webhookSecret, seed: 1 });
const githubServer = await serveGitHub(github);
const folder = await mkdtemp(join(tmpdir(), "pr-capture-soak-"));
const server = await startProcess(new URL("../src/server.ts", import.meta.url), {
  environment: { ...appEnvironment, GITHUB_API_URL: githubServer.url, DATA_DIR: folder },
  folder,
});
const begin = performance.now();
const answers: Answer[] = [];
const memory: { at: number; mb: number }[] = [];

try {
  await Promise.all([sendAll(), watchMemory()]);
} finally {
  await server.stop();
  await githubServer.close();
  await rm(folder, { recursive: true });
}
report();

async function sendAll(): Promise<void> {
  const sending: Promise<void>[] = [];
  for (const delivery of playTeams()) {
    await pause(Math.max(0, begin + (sending.length * 1000) / perSecond - performance.now()));
    if (isOver()) break;
    sending.push(send(delivery));
  }
  await Promise.all(sending);
}

/** Plays one team after another, and deletes the recorded webhooks and requests of the previous one. */
function* playTeams(): Generator<WebhookDelivery> {
  for (;;) {
    yield* playBusyTeam(github, createBusyTeam(github), pullRequestBatchSize);
    github.deliveries.length = 0;
    github.requests.length = 0;
  }
}

async function send(delivery: WebhookDelivery): Promise<void> {
  const sentAt = performance.now() - begin;
  const response = await fetch(`${server.url}${paths.webhooks}`, {
    method: "POST",
    ...signDelivery(webhookSecret, delivery),
  });
  await response.body?.cancel();
  answers.push({ sentAt, tookMs: performance.now() - begin - sentAt, status: response.status });
}

async function watchMemory(): Promise<void> {
  while (!isOver()) {
    memory.push({ at: performance.now() - begin, mb: await residentMb(server.pid) });
    await pause(1000);
  }
}

function isOver(): boolean {
  return performance.now() - begin >= seconds * 1000;
}

function report(): void {
  const spans = Array.from({ length: Math.ceil(seconds / spanSeconds) }, (_, index) => {
    const from = index * spanSeconds;
    const isWithin = (at: number) => at >= from * 1000 && at < (from + spanSeconds) * 1000;
    const within = answers.filter(({ sentAt }) => isWithin(sentAt));
    const took = within.map(({ tookMs }) => tookMs);
    return {
      from,
      count: within.length,
      mb: memory.findLast(({ at }) => isWithin(at))?.mb ?? Number.NaN,
      p50: percentile(took, 0.5),
      p99: percentile(took, 0.99),
    };
  });
  print(`${perSecond} deliveries a second for ${seconds} s`);
  printTable(
    ["from second", "deliveries", "resident, MB", "p50, ms", "p99, ms"],
    spans.map(({ from, count, mb, p50, p99 }) => [
      from,
      count,
      mb.toFixed(0),
      p50.toFixed(1),
      p99.toFixed(1),
    ]),
  );

  const rise = slopeOf(memory.filter(({ at }) => at >= warmUpSeconds * 1000)) * 60_000;
  const counting = spans.filter(({ from }) => from >= warmUpSeconds);
  const growth = (counting.at(-1)?.p99 ?? Number.NaN) / (counting[0]?.p99 ?? Number.NaN);
  const refused = answers.filter(({ status }) => status !== 200).length;
  const reached = [
    goal("every delivery acknowledged", refused === 0, `${refused} were not`),
    goal(
      `memory rises by less than ${goals.mbPerMinute} MB a minute`,
      rise < goals.mbPerMinute,
      `${rise.toFixed(1)} MB`,
    ),
    goal(
      `p99 grows by a factor of less than ${goals.p99Growth}`,
      growth < goals.p99Growth,
      growth.toFixed(2),
    ),
  ];
  process.exitCode = reached.every(Boolean) ? 0 : 1;
}

/** Returns the slope in MB per millisecond, by least squares. */
function slopeOf(points: readonly { at: number; mb: number }[]): number {
  const mean = (of: (point: { at: number; mb: number }) => number) =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const at = mean((point) => point.at);
  const mb = mean((point) => point.mb);
  return mean((point) => (point.at - at) * (point.mb - mb)) / mean((point) => (point.at - at) ** 2);
}

function goal(name: string, isMet: boolean, figure: string): boolean {
  print(`Goal: ${name}: ${isMet ? "met" : "missed"} (${figure}).`);
  return isMet;
}
