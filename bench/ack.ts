/**
 * Measures how fast webhooks are acknowledged: pr-capture's server and a plain Probot app that awaits one `inngest.send` for each.
 *
 * The servers and the load generator run in separate processes and send to the same event endpoint, which takes 2 ms. To use a real Inngest
 * server, set INNGEST_BASE_URL, and INNGEST_EVENT_KEY and INNGEST_SIGNING_KEY if it needs them. The plain app runs twice: with the payload in
 * its events, which pr-capture's captures need too, and with names only. The servers take turns, and a warm-up does not count. Figures are
 * medians over the rounds, and ratios compare the same round, so that a slow phase of the machine affects all servers.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { percentile } from "../src/testing/percentile.ts";
import { print } from "../src/testing/print.ts";
import { printTable } from "../src/testing/print-table.ts";
import { appEnvironment } from "./support/credentials.ts";
import type { Round, RoundResult } from "./support/load-generator.ts";
import { startProcess } from "./support/start-process.ts";

const connections = 50;
const warmUpSeconds = 5;
const roundSeconds = 3;
const rounds = 5;
const goals = { requestsPerSecond: 2.2, p50: 0.5 };

const folder = mkdtempSync(join(tmpdir(), "pr-capture-bench-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
const inngestUrl = process.env["INNGEST_BASE_URL"];
const here = (path: string) => new URL(path, import.meta.url);
const endpoint = inngestUrl
  ? null
  : await startProcess(here("support/event-endpoint.ts"), { environment: appEnvironment, folder });
const environment: Record<string, string> = {
  ...appEnvironment,
  DATA_DIR: folder,
  ...(endpoint && { INNGEST_DEV: endpoint.url }),
  ...(inngestUrl && {
    INNGEST_BASE_URL: inngestUrl,
    INNGEST_EVENT_KEY: process.env["INNGEST_EVENT_KEY"] ?? "bench",
    INNGEST_SIGNING_KEY: process.env["INNGEST_SIGNING_KEY"] ?? `signkey-test-${"0".repeat(64)}`,
  }),
};
const plain = here("support/plain-app.ts");
const servers = {
  withPayload: await startProcess(plain, { environment, folder }),
  withNames: await startProcess(plain, { environment, folder, argument: "names" }),
  prCapture: await startProcess(here("../src/server.ts"), { environment, folder }),
};
type App = keyof typeof servers;
const apps: App[] = ["withPayload", "withNames", "prCapture"];
const generator = fork(fileURLToPath(here("support/load-generator.ts")));

async function fire(app: App, seconds: number): Promise<RoundResult> {
  const round: Round = { url: servers[app].url, connections, seconds };
  generator.send(round);
  const [result] = (await once(generator, "message")) as [RoundResult];
  if (result.failed > 0) throw new Error(`${result.failed} requests to ${app} were not answered with 2xx.`);
  return result;
}

async function fireAtAll(seconds: number): Promise<Record<App, RoundResult>> {
  return {
    withPayload: await fire("withPayload", seconds),
    withNames: await fire("withNames", seconds),
    prCapture: await fire("prCapture", seconds),
  };
}

try {
  const target = inngestUrl ?? "a local endpoint that takes 2 ms";
  print(`${connections} connections, payloads of 21 to 27 kB, events to ${target}`);
  await fireAtAll(warmUpSeconds);
  const results: Record<App, RoundResult>[] = [];
  for (let round = 0; round < rounds; round++) results.push(await fireAtAll(roundSeconds));

  type Figure = Exclude<keyof RoundResult, "failed">;
  const median = (of: (result: Record<App, RoundResult>) => number) => percentile(results.map(of), 0.5);
  const ratio = (app: App, figure: Figure) =>
    median((result) => result.prCapture[figure] / result[app][figure]);
  const line = (name: string, figure: Figure, digits: number) => [
    name,
    ...apps.map((app) => median((result) => result[app][figure]).toFixed(digits)),
    `${ratio("withPayload", figure).toFixed(2)} x`,
    `${ratio("withNames", figure).toFixed(2)} x`,
  ];
  printTable(
    ["", "plain, payload", "plain, names", "pr-capture", "to payload", "to names"],
    [line("requests/s", "requestsPerSecond", 0), line("p50, ms", "p50", 1), line("p99, ms", "p99", 1)],
  );
  const meets = (app: App) =>
    ratio(app, "requestsPerSecond") >= goals.requestsPerSecond && ratio(app, "p50") <= goals.p50;
  print(
    `Goal: at least ${goals.requestsPerSecond} x the requests/s of a plain app and at most ${goals.p50} x its p50: ` +
      `${meets("withPayload") ? "met" : "missed"} with the payload, ${meets("withNames") ? "met" : "missed"} with names only.`,
  );
} finally {
  generator.disconnect();
  await Promise.all([...apps.map((app) => servers[app].stop()), endpoint?.stop()]);
}
