import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import type { Job } from "../../src/api/contract.ts";
import { createQueueClient, type QueueClient } from "../../src/client/queue-client.ts";
import { failures, seedPullRequests, type Account, type Repository } from "../../src/fake-github/index.ts";
import { startServer, type ServerProcess } from "../../src/testing/start-server.ts";
import { freePort, hasInngestServer, inngestServers, type InngestServer } from "../support/inngest-server.ts";
import { openGitHub, type TestGitHub } from "../support/open-github.ts";
import { sendWebhook } from "../support/send-webhook.ts";

/** The functions on real Inngest servers. Skipped where there is none: see test/support/inngest-server.ts. */

if (!hasInngestServer) {
  console.log(
    "Without an Inngest server the functions are not run on a real one. Set INNGEST_TEST_URL, or install the CLI: npm install --global inngest-cli",
  );
}

const adminToken = "a token of the administrators";

/** A server that is not ours retries what a restart interrupted after up to a minute, and after up to a minute and a half the second time. */
const retryPatience = { timeout: 170_000, interval: 250 };
const timeout = 400_000;

describe.skipIf(!hasInngestServer).for(inngestServers)("on $name", { timeout }, ({ open }) => {
  let folder: string;
  let github: TestGitHub;
  let inngest: InngestServer;
  let server: ServerProcess;
  let client: QueueClient;
  let ann: Account;
  let acme: Account;
  let repositories = 0;

  let port: number;
  const start = async () => {
    server = await startServer({
      DATA_DIR: join(folder, "data"),
      GITHUB_API_URL: github.url,
      ADMIN_TOKEN: adminToken,
      PORT: String(port),
      ...inngest.environment,
    });
    // The server registers its functions itself. This one waits for it.
    await vi.waitUntil(
      async () => (await fetch(`${server.url}/api/inngest`, { method: "PUT" })).ok,
      retryPatience,
    );
    client = createQueueClient({ url: server.url, adminToken });
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "pr-capture-inngest-"));
    github = await openGitHub({ seed: Date.now() }); // Inngest ignores ids that it has seen in a day
    ann = github.createAccount({ login: "ann" });
    acme = github.createOrganization({ login: "acme", members: [ann] });
    github.install({ account: acme });
    port = await freePort();
    inngest = await open(`http://127.0.0.1:${port}/api/inngest`, folder);
    await start();
  }, timeout);
  afterEach(() => github.clearInterceptors());
  afterAll(async () => {
    await server?.end("SIGTERM");
    await inngest?.close();
    await github?.close();
    await rm(folder, { recursive: true });
  });

  /** A new repository for each test, because all share the servers. */
  function createRepository(pullRequests = 0): Repository {
    const repository = github.createRepository({ owner: acme, name: `web-${++repositories}` });
    if (pullRequests > 0) seedPullRequests(github, { repository, count: pullRequests });
    github.deliveries.length = 0;
    return repository;
  }

  async function deliverAll(): Promise<void> {
    for (const delivery of github.deliveries.splice(0))
      expect(await sendWebhook(server.url, delivery)).toBe(200);
  }

  /** Waits until the newest jobs of a repository are in these states, in any order. */
  async function expectStates({ owner, name }: Repository, states: Job["state"][]): Promise<Job[]> {
    const list = () => client.listJobs({ repository: `${owner.login}/${name}`, limit: 100 });
    await vi.waitFor(async () => {
      const jobs = await list();
      expect(jobs.map(({ state }) => state).toSorted()).toEqual(states.toSorted());
    }, retryPatience);
    return list();
  }

  async function waitForJob(id: number, state: Job["state"]): Promise<Job> {
    await vi.waitFor(async () => expect(await client.getJob(id)).toMatchObject({ state }), retryPatience);
    return client.getJob(id);
  }

  async function backfill({ owner, name }: Repository): Promise<Job> {
    const { job } = await client.queueBackfill(`${owner.login}/${name}`, { all: true });
    if (!job) throw new Error("No job was queued.");
    return job;
  }

  async function expectComplete({ owner, name }: Repository, count: number): Promise<void> {
    const { total, gaps } = await client.analyze(`${owner.login}/${name}`);
    expect(total.pull_requests).toMatchObject({ captured: count, github: count });
    expect(gaps).toEqual([]);
  }

  test("the deliveries of a pull request are captured", async () => {
    const repository = createRepository();
    const pullRequest = github.after(0, () => github.openPullRequest({ repository, author: ann }));
    github.after(10, () => github.submitReview({ pullRequest, author: ann, comments: [{ body: "Why?" }] }));
    github.after(20, () => github.createIssueComment({ on: pullRequest, author: ann, body: "Because" }));
    const count = github.deliveries.length;
    await deliverAll();
    expect(await expectStates(repository, Array(count).fill("completed"))).toHaveLength(count);
  });

  test("a backfill completes", async () => {
    const repository = createRepository(30);
    const job = await backfill(repository);
    expect(await waitForJob(job.id, "completed")).toMatchObject({ done: 30, total: 30, error: null });
    await expectComplete(repository, 30);
  });

  test("a run that fails for good is a failed job with its reason, and its replay completes", async () => {
    const repository = createRepository();
    const stop = github.intercept(failures.matching(/files/, failures.refused(451, "Gone")));
    github.after(0, () => github.openPullRequest({ repository, author: ann }));
    await deliverAll();
    const [failed] = await expectStates(repository, ["failed"]);
    expect(failed?.error?.message).toContain("451");
    stop();
    await client.replay(failed?.id ?? 0);
    await expectStates(repository, ["cancelled", "completed"]);
  });

  test("a cancelled run stores nothing more, and the next backfill completes", async () => {
    const repository = createRepository(5);
    const stop = github.intercept(failures.matching(/graphql/, failures.secondaryLimited(20)));
    const job = await backfill(repository);
    await waitForJob(job.id, "retrying");
    expect(await client.cancelJob(job.id)).toEqual({ cancelled: 1 });
    const { rows_written } = await client.getJob(job.id);
    stop();
    const next = await backfill(repository);
    expect(next.id).not.toBe(job.id);
    await waitForJob(next.id, "completed");
    expect(await client.getJob(job.id)).toMatchObject({ state: "cancelled", rows_written });
    await expectComplete(repository, 5);
  });

  test("a backfill goes on after the server was killed", async () => {
    const repository = createRepository(5);
    const stop = github.intercept(failures.matching(/graphql/, failures.secondaryLimited(5)));
    const job = await backfill(repository);
    await waitForJob(job.id, "retrying");
    await server.end("SIGKILL");
    stop();
    await start();
    expect(await waitForJob(job.id, "completed")).toMatchObject({ total: 5, error: null });
    await expectComplete(repository, 5);
  });

  test("deliveries while Inngest is down are captured when it is back", async ({ skip }) => {
    if (!inngest.restart) return skip("This server cannot be restarted.");
    const repository = createRepository();
    await inngest.restart.stop();
    github.after(0, () => github.openPullRequest({ repository, author: ann }));
    await deliverAll();
    const health = async () =>
      (await (await fetch(`${server.url}/healthz`)).json()) as { outbox: { waiting: number } };
    expect((await health()).outbox.waiting).toBeGreaterThan(0);
    await inngest.restart.start();
    await expectStates(repository, ["completed"]);
    await vi.waitFor(async () => expect((await health()).outbox.waiting).toBe(0), retryPatience);
  });
});
