/**
 * Measures cold starts of Netlify's webhook function: the time from the start of a process to the answer to a signed webhook. Beside it, a plain
 * Probot function that awaits one `inngest.send` starts: as Netlify bundles it, with its dependencies in a folder, and in one file, as
 * pr-capture's build bundles its functions.
 *
 * Inngest and Supabase are an endpoint that takes 2 ms. The functions take turns, one process at a time, and the first round does not count. Netlify's own code,
 * which is the same for every function, is left out.
 */
import { zipFunction } from "@netlify/zip-it-and-ship-it";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundleFunctions, bundleModule } from "../scripts/bundle-functions.ts";
import { percentile } from "../src/testing/percentile.ts";
import { print } from "../src/testing/print.ts";
import { printTable } from "../src/testing/print-table.ts";
import { appEnvironment } from "./support/credentials.ts";
import { startProcess } from "./support/start-process.ts";
import { webhookRequests } from "./support/webhook-requests.ts";

const rounds = 20;
const goalMs = 300;

const here = (path: string) => new URL(path, import.meta.url);
const folder = mkdtempSync(join(tmpdir(), "pr-capture-cold-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));

const requestFile = join(folder, "request.json");
const request = webhookRequests.find(({ headers }) => headers?.["x-github-event"] === "pull_request");
const headers = { ...request?.headers, "x-github-delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958" };
writeFileSync(requestFile, JSON.stringify({ headers, body: String(request?.body) }));

const plain = fileURLToPath(here("support/plain-function.ts"));
const root = fileURLToPath(here(".."));
await zipFunction(plain, join(folder, "netlify"), { archiveFormat: "none", basePath: root });
await bundleModule(plain, join(folder, "plain.mjs"));
await bundleFunctions(join(folder, "functions"));
const functions = {
  asNetlifyBundles: join(folder, "netlify/plain-function/bench/support/plain-function.mjs"),
  inOneFile: join(folder, "plain.mjs"),
  prCapture: join(folder, "functions/github-webhooks/bundle.mjs"),
};
type Function = keyof typeof functions;

interface Start {
  /** Milliseconds from the start of the process to its answer. */
  elapsed: number;
  /** How many of them a processor worked, with two processors up to two for each. */
  processor: number;
}

type Round = Record<Function, Start>;

const endpoint = await startProcess(here("support/event-endpoint.ts"), {
  environment: appEnvironment,
  folder,
});
const environment = {
  ...appEnvironment,
  INNGEST_DEV: endpoint.url,
  SUPABASE_URL: endpoint.url,
  SUPABASE_SERVICE_ROLE_KEY: "bench",
};

function start(name: Function): Start {
  const script = fileURLToPath(here("support/answer-once.js"));
  const args = [script, functions[name], requestFile];
  const output = execFileSync(process.execPath, args, { env: environment, encoding: "utf8" });
  const [measured = ""] = /\{"elapsed":[^}]+\}/.exec(output) ?? []; // among the lines of the log
  return JSON.parse(measured) as Start;
}

function startAll(): Round {
  return {
    asNetlifyBundles: start("asNetlifyBundles"),
    inOneFile: start("inOneFile"),
    prCapture: start("prCapture"),
  };
}

try {
  startAll();
  const results = Array.from({ length: rounds }, startAll);
  const median = (of: (round: Round) => number) => percentile(results.map(of), 0.5);
  const line = (title: string, figure: keyof Start) => [
    title,
    median((round) => round.asNetlifyBundles[figure]).toFixed(0),
    median((round) => round.inOneFile[figure]).toFixed(0),
    median((round) => round.prCapture[figure]).toFixed(0),
    median((round) => round.prCapture[figure] / round.asNetlifyBundles[figure]).toFixed(2),
    median((round) => round.prCapture[figure] / round.inOneFile[figure]).toFixed(2),
  ];
  print(`From the start of a process to the answer, medians of ${rounds} rounds`);
  printTable(
    ["", "plain, as Netlify bundles it", "plain, in one file", "pr-capture", "to Netlify's", "to one file"],
    [line("ms", "elapsed"), line("processor ms", "processor")],
  );
  const isMet = median((round) => round.prCapture.elapsed) <= goalMs;
  print(`Goal: at most ${goalMs} ms: ${isMet ? "met" : "missed"}.`);
} finally {
  await endpoint.stop();
}
