/**
 * Measures 1, 2 and 4 server processes on one Postgres, with an event endpoint that answers in 2 ms in place of Inngest:
 *
 *   deliveries/s   signed webhooks that are acknowledged, over 48 connections in all
 *   captures/s     captures of observed webhooks, called as Inngest calls them, 32 at a time
 *
 * The requests go to the servers in turn. The load, the servers and Postgres share the machine's cores, so the figures of several servers
 * show what they cost each other, not how far they scale on machines of their own.
 */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { print } from "../src/testing/print.ts";
import { printTable } from "../src/testing/print-table.ts";
import { createDatabaseOn } from "./support/bench-databases.ts";
import { callFunctions } from "./support/call-functions.ts";
import { appEnvironment } from "./support/credentials.ts";
import type { Round, RoundResult } from "./support/load-generator.ts";
import { startProcess, type AppProcess } from "./support/start-process.ts";

const counts = [1, 2, 4];
const connections = 48;
const warmUpSeconds = 3;
const seconds = 6;
const captures = 2_000;
const atOnce = 32;

const postgresServer = process.env["TEST_DATABASE_URL"];
if (!postgresServer) {
  console.error(
    "Set TEST_DATABASE_URL=postgres://user@host/postgres: several servers need a Postgres server.",
  );
  process.exit(1);
}
const here = (path: string) => new URL(path, import.meta.url);

async function acknowledge(servers: readonly AppProcess[], forSeconds: number): Promise<number> {
  const generators = servers.map(() => fork(fileURLToPath(here("support/load-generator.ts"))));
  const results = await Promise.all(
    servers.map(({ url }, index) => {
      const round = { url, connections: connections / servers.length, seconds: forSeconds };
      return fire(generators[index], round);
    }),
  );
  for (const generator of generators) generator.disconnect();
  return results.reduce((sum, { requestsPerSecond }) => sum + requestsPerSecond, 0);
}

async function fire(generator: ChildProcess | undefined, round: Round): Promise<RoundResult> {
  if (!generator) throw new Error("Every server has a generator.");
  generator.send(round);
  const [result] = (await once(generator, "message")) as [RoundResult];
  if (result.failed > 0) throw new Error(`${result.failed} requests were not answered with 2xx.`);
  return result;
}

async function measure(count: number) {
  const database = await createDatabaseOn(postgresServer ?? "");
  const folder = await mkdtemp(join(tmpdir(), "pr-capture-scale-"));
  const endpoint = await startProcess(here("support/event-endpoint.ts"), {
    environment: appEnvironment,
    folder,
  });
  const environment = {
    ...appEnvironment,
    DATABASE_URL: database.url,
    DATA_DIR: folder,
    INNGEST_DEV: endpoint.url,
  };
  const servers: AppProcess[] = [];
  try {
    for (let index = 0; index < count; index++)
      servers.push(await startProcess(here("../src/server.ts"), { environment, folder }));
    await acknowledge(servers, warmUpSeconds);
    const deliveries = await acknowledge(servers, seconds);
    const perSecond = await callFunctions({ servers, captures, atOnce });
    return { deliveries, captures: perSecond };
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
    await endpoint.stop();
    await rm(folder, { recursive: true });
    await database.close();
  }
}

const rows: (string | number)[][] = [];
let one: Awaited<ReturnType<typeof measure>> | null = null;
for (const count of counts) {
  const measured = await measure(count);
  one ??= measured;
  rows.push([
    count,
    measured.deliveries.toFixed(0),
    `${(measured.deliveries / one.deliveries).toFixed(2)} x`,
    measured.captures.toFixed(0),
    `${(measured.captures / one.captures).toFixed(2)} x`,
  ]);
}
print(`Servers on one Postgres and ${availableParallelism()} cores, which also run Postgres and the load`);
printTable(["servers", "deliveries/s", "to one", "captures/s", "to one"], rows);
