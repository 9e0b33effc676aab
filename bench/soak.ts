/**
 * 10 minutes of 50 deliveries a second, with pr-capture as a process of its own on the embedded pair: does its memory, or the time it takes
 * to acknowledge, grow?
 *
 * Deliveries are sent at an even pace, whatever the answers take. The first minute warms up; of a shorter soak (`-- --seconds N`), the first
 * third, which is too little for memory: it settles in about two minutes. Memory is that which is resident, seen every second, and level
 * when a straight line through it (least squares) rises by less than `goals.mbPerMinute`: twice what the rows themselves take, which Postgres
 * keeps in its 128 MB of buffers until those are full. Latency is level when the 99th percentile of the last span is less than
 * `goals.p99Growth` times that of the first one that counts. A soak of ten minutes has spans of one, a shorter one ten spans in all.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { createGitHub, serveGitHub, signDelivery, type Delivery } from "../src/demo/github/index.ts";
import { percentile } from "../src/demo/percentile.ts";
import { print } from "../src/demo/print.ts";
import { printTable } from "../src/demo/print-table.ts";
import { paths } from "../src/http/routes.ts";
import { playBusyTeam } from "./support/busy-team.ts";
import { appEnvironment, webhookSecret } from "./support/credentials.ts";
import { residentMb } from "./support/resident-memory.ts";
import { startProcess } from "./support/start-process.ts";

const { values } = parseArgs({ options: { seconds: { type: "string", default: "600" } } });
const seconds = Number(values.seconds);
const perSecond = 50;
const warmUpSeconds = Math.min(60, seconds / 3);
const spanSeconds = Math.min(60, seconds / 10);
const pullRequestsAtOnce = 111; // of 9 webhooks each: 999, for 20 s
const goals = { mbPerMinute: 10, p99Growth: 2 };

/** All times are in milliseconds since the beginning. */
interface Answer {
  sentAt: number;
  tookMs: number;
  status: number;
}

const github = createGitHub({ appId: Number(appEnvironment["APP_ID"]), webhookSecret, seed: 1 });
const standIn = await serveGitHub(github);
const folder = await mkdtemp(join(tmpdir(), "pr-capture-soak-"));
const server = await startProcess(new URL("../src/server.ts", import.meta.url), {
  environment: { ...appEnvironment, GITHUB_API_URL: standIn.url, DATA_DIR: folder },
  folder,
});
const begin = performance.now();
const answers: Answer[] = [];
const memory: { at: number; mb: number }[] = [];

try {
  await Promise.all([sendAll(), watchMemory()]);
} finally {
  await server.stop();
  await standIn.close();
  await rm(folder, { recursive: true });
}
report();

async function sendAll(): Promise<void> {
  const sending: Promise<void>[] = [];
  for (const delivery of playOn()) {
    await pause(Math.max(0, begin + (sending.length * 1000) / perSecond - performance.now()));
    if (isOver()) break;
    sending.push(send(delivery));
  }
  await Promise.all(sending);
}

/** Team after team; what the stand-in remembers of the last one's webhooks is let go. */
function* playOn(): Generator<Delivery> {
  for (;;) {
    yield* playBusyTeam(github, pullRequestsAtOnce);
    github.deliveries.length = 0;
    github.requests.length = 0;
  }
}

async function send(delivery: Delivery): Promise<void> {
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
    goal(`p99 at the end less than ${goals.p99Growth} times`, growth < goals.p99Growth, growth.toFixed(2)),
  ];
  process.exitCode = reached.every(Boolean) ? 0 : 1;
}

/** MB a millisecond, by least squares. */
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
