/**
 * 10,000 hostile requests to the webhook endpoint and the queue's API, of pr-capture as a process of its own on the embedded pair.
 *
 * Held against what was promised: no crash; no 5xx; an answer to everyone who waits for one; a capture that ends for every delivery that was
 * acknowledged, and fails for no reason of ours; a correct delivery still in its rows afterwards; memory level. Memory is that which is resident after
 * the first fifth, which warms everything up, beside that at the end: level is what has grown by less than a quarter.
 * `-- --requests N --seed N` changes how many there are, and which. A finding names its request, to be found again by the seed.
 */
import fc from "fast-check";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { serveGitHub } from "../src/demo/github/index.ts";
import { print } from "../src/demo/print.ts";
import { printTable } from "../src/demo/print-table.ts";
import { openPglite } from "../src/lib/embedded/open-pglite.ts";
import { appEnvironment } from "./support/credentials.ts";
import { answerAsEmptyGitHub } from "./support/empty-github.ts";
import { findFaultOfAnswer, findFaultsOfJobs, jobsQuery } from "./support/hostile-faults.ts";
import {
  correctDelivery,
  correctReviewId,
  hostileDelivery,
  hostileQueueRequest,
  webhookSecret,
  type HostileRequest,
} from "./support/hostile-requests.ts";
import { sendRaw } from "./support/raw-request.ts";
import { residentMb } from "./support/resident-memory.ts";
import { startProcess } from "./support/start-process.ts";

const { values } = parseArgs({
  options: { requests: { type: "string", default: "10000" }, seed: { type: "string", default: "1" } },
});
const requests = Number(values.requests);
const connections = 16;
const generatedAtOnce = 100;
const adminToken = "a token of the administrators";
const allowedGrowth = 1.25;
/** What has not ended when nothing has for so long waits for another attempt, after a failure. */
const quietMs = 75_000; // an observation from the future is waited for a minute

const folder = await mkdtemp(join(tmpdir(), "pr-capture-fuzz-"));
const github = await serveGitHub({ fetch: answerAsEmptyGitHub });
const server = await startProcess(new URL("../src/server.ts", import.meta.url), {
  environment: {
    ...appEnvironment,
    WEBHOOK_SECRET: webhookSecret,
    ADMIN_TOKEN: adminToken,
    GITHUB_API_URL: github.url,
    GITHUB_TOKEN: "reads public repositories",
    DATA_DIR: folder,
  },
  folder,
});

const findings: string[] = [];
const answers = new Map<number, number>();
const acknowledged: HostileRequest[] = [];
let sent = 0;

try {
  await attack(requests / 5);
  const warm = await residentMb(server.pid);
  await attack(requests);
  await settle();
  const end = await residentMb(server.pid);

  const status = await send(correctDelivery());
  if (status !== 200) findings.push(`A correct delivery is answered ${status} afterwards.`);
  await settle();
  const code = await server.stop();
  if (code !== 0) findings.push(`The server ended with ${code}:\n${server.output.slice(-20).join("\n")}`);
  await readDatabase();

  printTable(
    ["answer", "requests"],
    [...answers].toSorted(([a], [b]) => a - b).map(([each, count]) => [each || "none", count]),
  );
  print(`${acknowledged.length} deliveries were acknowledged that ask for a capture.`);
  print(`Resident after the first fifth ${warm.toFixed(0)} MB, at the end ${end.toFixed(0)} MB.`);
  if (end > warm * allowedGrowth) findings.push("Memory is not level.");
} finally {
  await server.stop();
  await github.close();
  await rm(folder, { recursive: true });
}
for (const finding of findings.slice(0, 50)) print(`  ${finding}`);
print(`Goal: nothing is found: ${findings.length === 0 ? "met" : `missed, ${findings.length} findings`}.`);
process.exitCode = findings.length === 0 ? 0 : 1;

/** Sends until so many have been sent in all. */
async function attack(until: number): Promise<void> {
  const hostile = fc.oneof(
    { weight: 3, arbitrary: hostileDelivery },
    { weight: 1, arbitrary: hostileQueueRequest(adminToken) },
  );
  while (sent < until) {
    const batch = fc.sample(hostile, { numRuns: generatedAtOnce, seed: Number(values.seed) + sent });
    sent += batch.length;
    await Promise.all(
      Array.from({ length: connections }, async () => {
        for (let next = batch.pop(); next; next = batch.pop()) await send(next);
      }),
    );
  }
}

async function send(request: HostileRequest): Promise<number> {
  const status = await sendRaw(server.url, request);
  answers.set(status, (answers.get(status) ?? 0) + 1);
  const fault = findFaultOfAnswer(status, request);
  if (fault) findings.push(fault);
  if (status === 200 && request.guid) acknowledged.push(request);
  return status;
}

/** Until the engine has worked off what it was given, but for what waits. */
async function settle(): Promise<void> {
  let last = -1;
  let since = performance.now();
  while (performance.now() - since < quietMs) {
    const response = await fetch(`${server.url}/healthz`);
    const { inngest } = (await response.json()) as { inngest: { embedded: Record<string, number> } };
    const { events = 0, finished = 0, executing = 0 } = inngest.embedded;
    if (executing === 0 && finished >= events) return;
    if (finished !== last) since = performance.now();
    last = finished;
    await pause(200);
  }
}

/** What has become of what was acknowledged. */
async function readDatabase(): Promise<void> {
  const database = await openPglite(folder);
  findings.push(...findFaultsOfJobs(acknowledged, await database.query(jobsQuery)));
  const [row] = await database.query("select from github.reviews where id = $1", [correctReviewId]);
  await database.close();
  if (!row) findings.push("A correct delivery does not end in its row afterwards.");
}
