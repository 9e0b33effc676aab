import { rm } from "node:fs/promises";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { compareRows } from "../../src/demo/compare-rows.ts";
import { seedPullRequests } from "../../src/demo/github/index.ts";
import { toTruth } from "../../src/demo/truth.ts";
import { openPglite } from "../../src/lib/embedded/open-pglite.ts";
import { createDataFolder } from "../support/data-folder.ts";
import { openGitHub, type TestGitHub } from "../support/open-github.ts";
import { runCli } from "../support/run-cli.ts";
import { sendWebhook } from "../support/send-webhook.ts";
import { startServer, type ServerProcess } from "../support/start-server.ts";

const adminToken = "a token of the administrators";

let folder: string;
let github: TestGitHub;
let started: ServerProcess[];

beforeEach(async () => {
  folder = await createDataFolder();
  github = await openGitHub({ latency: 20 });
  started = [];
});
afterEach(async () => {
  await Promise.all(started.map((server) => server.end("SIGKILL")));
  await github.close();
  await rm(folder, { recursive: true });
});

async function start(environment: Record<string, string> = {}): Promise<ServerProcess> {
  const server = await startServer({
    DATA_DIR: folder,
    GITHUB_API_URL: github.url,
    ADMIN_TOKEN: adminToken,
    ...environment,
  });
  started.push(server);
  return server;
}

/** The GUIDs of the deliveries whose captures have ended well. */
async function capturedBy(server: ServerProcess): Promise<Set<string>> {
  const response = await fetch(`${server.url}/api/queue/jobs?state=completed&limit=1000`, {
    headers: { authorization: `Bearer ${adminToken}` },
  });
  const jobs = (await response.json()) as { event_id: string }[];
  return new Set(jobs.flatMap(({ event_id }) => /^([^:]+):[^:]+$/.exec(event_id)?.[1] ?? []));
}

test("kill -9 in a burst of 300 deliveries loses none that was acknowledged, and doubles none", async () => {
  const ann = github.createAccount({ login: "ann" });
  const acme = github.createOrganization({ login: "acme", members: [ann] });
  const repository = github.createRepository({ owner: acme, name: "web" });
  github.install({ account: acme });
  github.deliveries.length = 0;
  const pullRequests = github.after(0, () =>
    Array.from({ length: 20 }, () => github.openPullRequest({ repository, author: ann })),
  );
  const written = Array.from({ length: 280 }, (_, index) => `Comment ${index}`);
  for (const [index, body] of written.entries()) {
    const on = pullRequests[index % pullRequests.length];
    if (on) github.after(10 + index, () => github.createIssueComment({ on, author: ann, body }));
  }

  const waiting = [...github.deliveries];
  const acknowledged = new Set<string>();
  let server = await start();
  await expect(start()).rejects.toThrow(/in use by another process/);
  for (const killAfter of [40, 170, Infinity]) {
    const target = server;
    let killed: Promise<number | null> | undefined;
    // Twenty senders. A delivery whose sending the kill cut off is sent again later, as by GitHub's redelivery.
    const senders = Array.from({ length: 20 }, async () => {
      while (!killed) {
        const next = waiting.shift();
        if (!next) return;
        const status = await sendWebhook(target.url, next).catch(() => null);
        if (status === 200) acknowledged.add(next.id);
        else waiting.push(next);
        if (acknowledged.size >= killAfter) killed ??= target.end("SIGKILL");
      }
    });
    await Promise.all(senders);
    await killed;
    if (killed) server = await start();
  }
  expect(acknowledged.size).toBe(300);
  await vi.waitFor(async () => expect(await capturedBy(server)).toEqual(acknowledged), {
    timeout: 60_000,
    interval: 100,
  });
  expect(await server.end("SIGTERM")).toBe(0);

  const database = await openPglite(folder);
  const comments = await database.query<{ body: string }>("select body from github.comments");
  const failed = await database.query("select * from capture.jobs where state = 'failed'");
  await database.close();
  expect(failed).toEqual([]);
  const bodies = comments.map((comment) => comment.body);
  expect(written.filter((body) => !bodies.includes(body))).toEqual([]);
  expect(bodies).toHaveLength(written.length);
}, 120_000);

test("a backfill outlasts three kill -9: it asks nothing twice that it has kept, and its rows are GitHub's", async () => {
  const acme = github.createOrganization({ login: "acme", members: [] });
  const repository = github.createRepository({ owner: acme, name: "web" });
  github.install({ account: acme });
  seedPullRequests(github, { repository, count: 300, longTails: true });
  // A process keeps its tokens in memory only.
  const asked = () =>
    github.requests
      .filter(({ path }) => !path.endsWith("/access_tokens"))
      .map(({ method, path, query, variables }) => JSON.stringify([method, path, query, variables]));

  let server = await start();
  const { url } = server;
  const followed = runCli({ url, adminToken }, ["backfill", "acme/web", "--all"]);
  for (const killAfter of [8, 19, 30]) {
    await vi.waitFor(() => expect(asked().length).toBeGreaterThanOrEqual(killAfter), {
      timeout: 30_000,
      interval: 5,
    });
    await server.end("SIGKILL");
    server = await start({ PORT: new URL(url).port });
  }
  expect(await followed).toMatchObject({ code: 0, out: expect.stringContaining("Captured 300 of 300") });
  expect(await server.end("SIGTERM")).toBe(0);
  const all = asked();
  const repeated = all.flatMap((request, index) => (all.indexOf(request) < index ? [index] : []));
  // The one that a kill cut off is asked again at once, and no other.
  expect(repeated.length).toBeLessThanOrEqual(3);
  expect(repeated.filter((index) => all[index] !== all[index - 1])).toEqual([]);

  const database = await openPglite(folder);
  const differences = await compareRows(toTruth(github), (table) =>
    database.query(`select * from github.${table}`),
  );
  await database.close();
  expect(differences).toEqual([]);
}, 60_000);
