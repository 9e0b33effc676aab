import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { openPglite } from "../../src/lib/embedded/open-pglite.ts";
import { openGitHub, type TestGitHub } from "../support/open-github.ts";
import { sendWebhook } from "../support/send-webhook.ts";
import { startServer, type ServerProcess } from "../support/start-server.ts";

let folder: string;
let github: TestGitHub;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "pr-capture-kill-"));
  github = await openGitHub();
});
afterAll(async () => {
  await github.close();
  await rm(folder, { recursive: true });
});

const started: ServerProcess[] = [];
afterEach(() => Promise.all(started.splice(0).map((server) => server.end("SIGKILL"))));

async function start(): Promise<ServerProcess> {
  const server = await startServer({ DATA_DIR: folder, GITHUB_API_URL: github.url });
  started.push(server);
  return server;
}

async function jobsOf(server: ServerProcess): Promise<unknown> {
  const response = await fetch(`${server.url}/healthz`);
  const { jobs } = (await response.json()) as { jobs: unknown };
  return jobs;
}

test("kill -9 in a burst of 500 deliveries loses none that was acknowledged, and doubles none", async () => {
  const ann = github.createAccount({ login: "ann" });
  const acme = github.createOrganization({ login: "acme", members: [ann] });
  const repository = github.createRepository({ owner: acme, name: "web" });
  github.install({ account: acme });
  github.deliveries.length = 0;
  const pullRequests = github.after(0, () =>
    Array.from({ length: 20 }, () => github.openPullRequest({ repository, author: ann })),
  );
  const written = Array.from({ length: 480 }, (_, index) => `Comment ${index}`);
  for (const [index, body] of written.entries()) {
    const on = pullRequests[index % pullRequests.length];
    if (on) github.after(10 + index, () => github.createIssueComment({ on, author: ann, body }));
  }

  const waiting = [...github.deliveries];
  const acknowledged = new Set<string>();
  let server = await start();
  for (const killAfter of [40, 170, 330, Infinity]) {
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
  expect(acknowledged.size).toBe(500);
  await vi.waitFor(async () => expect(await jobsOf(server)).toMatchObject({ completed: 500, total: 500 }), {
    timeout: 60_000,
    interval: 100,
  });
  expect(await server.end("SIGTERM")).toBe(0);

  const database = await openPglite(folder);
  const comments = await database.query<{ body: string }>("select body from github.comments");
  const jobs = await database.query<{ event_id: string }>(
    "select event_id from capture.jobs where state = 'completed'",
  );
  const [unfinished] = await database.query("select from capture.jobs where state <> 'completed'");
  await database.close();
  expect(unfinished).toBeUndefined();
  const completed = new Set(jobs.map((job) => job.event_id.split(":", 1)[0]));
  expect([...acknowledged].filter((id) => !completed.has(id))).toEqual([]);
  const bodies = comments.map((comment) => comment.body);
  expect(written.filter((body) => !bodies.includes(body))).toEqual([]);
  expect(bodies).toHaveLength(written.length);
}, 120_000);

test("a second process on the same folder is refused with a sentence", async () => {
  const server = await start();
  await expect(start()).rejects.toThrow(/in use by another process/);
  await server.end("SIGTERM");
});
