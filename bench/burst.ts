/**
 * Sends a burst of webhooks, all that the connections carry, and measures how many are captured a second with the embedded queue: from the
 * first request until every job is completed. The webhooks carry what is stored, so the captures need no requests to GitHub.
 *
 * Then it lets the server rest, and compares its resident memory with that before the burst. Runs with the embedded database, and with a
 * database on the Postgres server that TEST_DATABASE_URL names.
 *
 * `-- --webhooks N` sets the size of the burst (3,000), `-- --rest N` the seconds of rest (60).
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
import { paths } from "../src/http/routes.ts";
import { print } from "../src/testing/print.ts";
import { printTable } from "../src/testing/print-table.ts";
import { webhookSecret } from "../src/testing/test-config.ts";
import { createDatabaseOn } from "./support/bench-databases.ts";
import { appEnvironment } from "./support/credentials.ts";
import { playObservedWebhooks } from "./support/observed-webhooks.ts";
import { residentMb } from "./support/resident-memory.ts";
import { startProcess, type AppProcess } from "./support/start-process.ts";

const { values } = parseArgs({
  options: { webhooks: { type: "string", default: "3000" }, rest: { type: "string", default: "60" } },
});
const webhooks = Number(values.webhooks);
const restSeconds = Number(values.rest);
const connections = 50;
const goals = { pglite: { perSecond: 300, idleMb: 330 }, postgres: { perSecond: 400, idleMb: 140 } };
const maxMemoryGrowth = 1.3;

interface Measured {
  perSecond: number;
  idleMb: number;
  restedMb: number;
}

async function measure(database: Record<string, string>): Promise<Measured> {
  const github = createFakeGitHub({ appId: Number(appEnvironment["APP_ID"]), webhookSecret, seed: 1 });
  const githubServer = await serveGitHub(github);
  const folder = await mkdtemp(join(tmpdir(), "pr-capture-burst-"));
  const server = await startProcess(new URL("../src/server.ts", import.meta.url), {
    environment: { ...appEnvironment, ...database, GITHUB_API_URL: githubServer.url, DATA_DIR: folder },
    folder,
  });
  try {
    await pause(restSeconds * 1000);
    const idleMb = await residentMb(server.pid);
    const { opened, observed } = playObservedWebhooks(github, webhooks);
    const requests = observed.map(sign);
    await send(server, opened.map(sign)); // a warm-up
    await untilCaptured(server, opened.length);

    const begin = performance.now();
    await send(server, requests);
    await untilCaptured(server, opened.length + webhooks);
    const seconds = (performance.now() - begin) / 1000;
    await pause(restSeconds * 1000);
    return { perSecond: webhooks / seconds, idleMb, restedMb: await residentMb(server.pid) };
  } finally {
    await server.stop();
    await githubServer.close();
    await rm(folder, { recursive: true });
  }
}

function sign(delivery: WebhookDelivery) {
  return signDelivery(webhookSecret, delivery);
}

async function send({ url }: AppProcess, requests: ReturnType<typeof sign>[]): Promise<void> {
  const waiting = requests.values();
  const connect = async () => {
    for (const request of waiting) {
      const response = await fetch(`${url}${paths.webhooks}`, { method: "POST", ...request });
      await response.body?.cancel();
      if (!response.ok) throw new Error(`A webhook was answered ${response.status}.`);
    }
  };
  await Promise.all(Array.from({ length: connections }, connect));
}

async function untilCaptured({ url }: AppProcess, count: number): Promise<void> {
  for (;;) {
    const { jobs } = (await (await fetch(`${url}${paths.health}`)).json()) as {
      jobs: { completed: number; failed: number };
    };
    if (jobs.failed > 0) throw new Error(`${jobs.failed} captures failed.`);
    if (jobs.completed >= count) return;
    await pause(200); // more often would take a part of the time that is measured
  }
}

const pglite = await measure({});
const postgresServer = process.env["TEST_DATABASE_URL"];
const database = postgresServer ? await createDatabaseOn(postgresServer) : null;
const postgres = database && (await measure({ DATABASE_URL: database.url }));
await database?.close();

print(
  `A burst of ${webhooks} webhooks over ${connections} connections, and ${restSeconds} s of rest before and after`,
);
const row = (name: string, { perSecond, idleMb, restedMb }: Measured, goal: (typeof goals)["pglite"]) => [
  name,
  perSecond.toFixed(0),
  `${goal.perSecond}`,
  idleMb.toFixed(0),
  `${goal.idleMb}`,
  restedMb.toFixed(0),
  `${(restedMb / idleMb).toFixed(2)} x`,
];
printTable(
  ["", "captures/s", "goal", "idle, MB", "goal", "after, MB", "to idle"],
  [row("PGlite", pglite, goals.pglite), ...(postgres ? [row("Postgres", postgres, goals.postgres)] : [])],
);
print(`Goal for the memory after a rest: at most ${maxMemoryGrowth} x idle.`);
if (!postgres) print("Set TEST_DATABASE_URL=postgres://user@host/postgres to measure that Postgres too.");
