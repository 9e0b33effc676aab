/**
 * Sends 10,000 hostile requests to pr-capture's webhook endpoint and queue API. pr-capture runs in a child process with the embedded database
 * and queue.
 *
 * It checks that the server never crashes, never answers 5xx, and answers every client that waits; that the capture of every acknowledged
 * delivery ends, and fails only because of GitHub; that a correct delivery is captured afterwards; and that memory does not grow by a quarter
 * or more from the first fifth of the requests, which is the warm-up, to the end. `-- --requests N --seed N` sets the number of requests and
 * the seed. A finding names its request; the same seed finds it again.
 */
import fc from "fast-check";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { serveGitHub } from "../src/fake-github/index.ts";
import { print } from "../src/testing/print.ts";
import { printTable } from "../src/testing/print-table.ts";
import { openPglite } from "../src/lib/embedded/open-pglite.ts";
import { appEnvironment } from "./support/credentials.ts";
import { answerAsEmptyGitHub } from "../src/testing/empty-github.ts";
import { findFaultOfAnswer, findFaultsOfJobs, jobsQuery } from "../src/testing/hostile-faults.ts";
import {
  correctDelivery,
  correctReviewId,
  hostileDelivery,
  hostileQueueRequest,
  type HostileRequest,
} from "../src/testing/hostile-requests.ts";
import { sendRaw } from "../src/testing/raw-request.ts";
import { residentMb } from "./support/resident-memory.ts";
import { startProcess } from "./support/start-process.ts";
import { webhookSecret } from "../src/testing/test-config.ts";

const { values } = parseArgs({
  options: { requests: { type: "string", default: "10000" }, seed: { type: "string", default: "1" } },
});
const requests = Number(values.requests);
const connections = 16;
const generationBatchSize = 100;
const adminToken = "admin token of the fuzzer";
const maxGrowth = 1.25;
/** When no run has ended for this long, the others wait for a retry. */
const quietMs = 75_000; // an observation from the future waits for a minute

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
  await idle();
  const end = await residentMb(server.pid);

  const status = await send(correctDelivery());
  if (status !== 200) findings.push(`Afterwards, a correct delivery is answered ${status}.`);
  await idle();
  const code = await server.stop();
  if (code !== 0) findings.push(`The server ended with ${code}:\n${server.output.slice(-20).join("\n")}`);
  await checkDatabase();

  printTable(
    ["answer", "requests"],
    [...answers].toSorted(([a], [b]) => a - b).map(([each, count]) => [each || "none", count]),
  );
  print(`${acknowledged.length} deliveries that need a capture were acknowledged.`);
  print(`Resident memory: ${warm.toFixed(0)} MB after the first fifth, ${end.toFixed(0)} MB at the end.`);
  if (end > warm * maxGrowth) findings.push("Memory grows too much.");
} finally {
  await server.stop();
  await github.close();
  await rm(folder, { recursive: true });
}
for (const finding of findings.slice(0, 50)) print(`  ${finding}`);
print(`Goal: no findings: ${findings.length === 0 ? "met" : `missed, ${findings.length} findings`}.`);
process.exitCode = findings.length === 0 ? 0 : 1;

/** Sends requests until `until` have been sent in total. */
async function attack(until: number): Promise<void> {
  const hostile = fc.oneof(
    { weight: 3, arbitrary: hostileDelivery },
    { weight: 1, arbitrary: hostileQueueRequest(adminToken) },
  );
  while (sent < until) {
    const batch = fc.sample(hostile, { numRuns: generationBatchSize, seed: Number(values.seed) + sent });
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

/** Resolves when the engine has finished all runs except those that wait. */
async function idle(): Promise<void> {
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

/** Checks the captures of the acknowledged deliveries. */
async function checkDatabase(): Promise<void> {
  const database = await openPglite(folder);
  findings.push(...findFaultsOfJobs(acknowledged, await database.query(jobsQuery)));
  const [row] = await database.query("select from github.reviews where id = $1", [correctReviewId]);
  await database.close();
  if (!row) findings.push("Afterwards, a correct delivery is not captured.");
}
