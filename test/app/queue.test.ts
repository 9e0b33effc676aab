import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { compareRows } from "../../src/testing/compare-rows.ts";
import type { PullRequest } from "../../src/fake-github/index.ts";
import { toTruth } from "../../src/testing/truth.ts";
import type { SqlDatabase } from "../../src/lib/embedded/sql-database.ts";
import { createGitHub } from "../../src/lib/github/client.ts";
import type { CaptureEvent } from "../../src/lib/inngest/events.ts";
import { createQueueManager, type QueueManager } from "../../src/lib/inngest/queue-manager.ts";
import { openTestDatabase, resetDatabase } from "../support/database.ts";
import { openGitHub, type TestGitHub } from "../support/open-github.ts";
import { startApp, type TestApp } from "../support/start-app.ts";
import { testEnvironment } from "../../src/testing/test-config.ts";

const adminToken = "a token of the administrators";

let database: SqlDatabase;
let github: TestGitHub;
let app: TestApp;
let pullRequest: PullRequest;

beforeAll(async () => {
  database = await openTestDatabase();
  github = await openGitHub();
  app = await startApp(database, { GITHUB_API_URL: github.url, ADMIN_TOKEN: adminToken });
  pullRequest = github.after(0, openPullRequest);
});
afterEach(() => resetDatabase(database));
afterAll(async () => {
  await app.close();
  await github.close();
  await database.close();
});

function openPullRequest(): PullRequest {
  const ann = github.createAccount({ login: "ann" });
  const gone = github.createAccount({ login: "gone" });
  const acme = github.createOrganization({ login: "acme", members: [ann] });
  const repository = github.createRepository({ owner: acme, name: "web" });
  github.install({ account: acme });
  const files = Array.from({ length: 250 }, (_, index) => ({ filename: `src/${index}.ts` }));
  const opened = github.openPullRequest({ repository, author: ann, files });
  for (let index = 0; index < 120; index++)
    github.createIssueComment({ on: opened, author: gone, body: `Comment ${index}` });
  for (let index = 0; index < 105; index++) {
    github.submitReview({
      pullRequest: opened,
      author: ann,
      comments: index % 2 ? [{ body: `On the diff ${index}` }] : [],
    });
  }
  for (const thread of opened.threads.slice(0, 3)) github.resolveThread(thread);
  github.startReview({ pullRequest: opened, author: ann });
  github.deleteAccount(gone);
  return opened;
}

async function ask(method: string, path: string, options: { token?: string | null; body?: unknown } = {}) {
  const { token = adminToken, body } = options;
  const response = await fetch(
    `${app.url}/api${path === "/analyze" || path.startsWith("/analyze?") ? "" : "/queue"}${path}`,
    {
      method,
      headers: token === null ? {} : { authorization: `Bearer ${token}` },
      ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
    },
  );
  const answer: any = await response.json(); // oxlint-disable-line typescript/no-explicit-any -- the test says what it expects
  return { status: response.status, type: response.headers.get("content-type"), body: answer };
}

/** Delivers the first webhook, which stores the repository. */
async function ensureRepository(): Promise<void> {
  const opened = github.deliveries.find((delivery) => delivery.name === "pull_request");
  if (!opened) throw new Error("No pull request was opened.");
  await app.deliver(opened);
  await app.idle();
}

test("a manual capture of a pull request reads all pages and brings the rows in sync", async () => {
  await ensureRepository();
  const answer = await ask("POST", "/pull-request", {
    body: { repository: "acme/web", number: pullRequest.number },
  });
  expect(answer).toMatchObject({ status: 200, body: { queued: 3 } });
  await app.idle();

  expect(await compareRows(toTruth(github), (table) => app.rows(`github.${table}`))).toEqual([]);
  expect(await app.rows("github.comments where resolved")).toHaveLength(3);
  expect(await app.rows("github.pull_requests")).toMatchObject([
    { comments: 120, review_comments: 52, reviews: 105 },
  ]);
  // Each listing of several pages takes one more request, which proves that it did not shift.
  const jobs = await app.rows("capture.jobs where reason = 'manual'");
  expect(Object.fromEntries(jobs.map((job) => [job["event_name"], job]))).toMatchObject({
    "capture/pr.comments": { state: "completed", requests: 6, points: 1 },
    "capture/pr.details": { state: "completed", requests: 1 },
    "capture/pr.reviews": { state: "completed", requests: 4 },
  });
});

test("a completed capture can be queued again, and writes the same rows", async () => {
  await ensureRepository();
  for (let round = 0; round < 2; round++) {
    const { body } = await ask("POST", "/pull-request", {
      body: { repository: "acme/web", number: pullRequest.number },
    });
    expect(body).toEqual({ queued: 3 });
    await app.idle();
  }
  expect(await compareRows(toTruth(github), (table) => app.rows(`github.${table}`))).toEqual([]);
});

test("a complete listing marks comments as deleted whose webhooks were missed", async () => {
  await ensureRepository();
  const late = github.after(50, () =>
    github.createIssueComment({ on: pullRequest, author: pullRequest.author, body: "Soon gone" }),
  );
  const created = github.deliveries.at(-1);
  if (!created) throw new Error("No comment was delivered.");
  await app.deliver(created);
  github.after(60, () => github.deleteIssueComment(late));
  await ask("POST", "/pull-request", { body: { repository: "acme/web", number: pullRequest.number } });
  await app.idle();
  expect(await app.rows("github.comments where deleted_at is not null")).toMatchObject([
    { id: late.id, deletion_inferred: true },
  ]);
});

test.each([
  ["GET", "/analyze"],
  ["POST", "/backfill"],
  ["POST", "/gaps"],
  ["POST", "/pull-request"],
  ["GET", "/stats"],
  ["GET", "/jobs"],
  ["GET", "/jobs/1"],
  ["POST", "/jobs/1/replay"],
  ["DELETE", "/jobs?state=queued"],
])("%s %s without the token is answered 401", async (method, path) => {
  for (const token of [null, "", "wrong", `${adminToken}x`, adminToken.slice(1)]) {
    expect(await ask(method, path, { token })).toMatchObject({
      status: 401,
      type: "application/problem+json",
    });
  }
});

test.each([
  ["GET", "/nothing"],
  ["PUT", "/stats"],
])("%s %s, which does not exist, is answered 404", async (method, path) => {
  expect(await ask(method, path)).toMatchObject({
    status: 404,
    type: "application/problem+json",
    body: { detail: `There is no ${method} /api/queue${path}.` },
  });
});

test.each([
  ["/pull-request", "{", "not JSON"],
  ["/pull-request", { repository: "acme", number: 1 }, "repository"],
  ["/pull-request", { repository: "acme/web", number: "1" }, "number"],
  ["/pull-request", { repository: "acme/web", number: 1, force: true }, "force"],
  ["/backfill", { days: 3 }, "repository"],
  ["/backfill", { repository: "acme/web", days: 0 }, "days"],
  ["/backfill", { repository: "acme/web", days: 3, all: true }, "choose one of days, all and recent"],
  ["/gaps", { repository: "acme/web", kinds: ["stars"] }, "kinds"],
  ["/gaps", { limit: -1 }, "limit"],
])("%s with the body %j is answered 400 with the fault", async (path, body, named) => {
  const answer = await ask("POST", path, { body });
  expect(answer).toMatchObject({ status: 400, body: { detail: expect.stringContaining(named) } });
  expect(await app.rows("capture.jobs")).toEqual([]);
});

test.each([
  ["GET", "/analyze?repository=acme/unknown", undefined],
  ["POST", "/pull-request", { repository: "acme/unknown", number: 1 }],
  ["POST", "/backfill", { repository: "acme/unknown" }],
  ["POST", "/gaps", { repository: "acme/unknown" }],
  ["POST", "/gaps", { repository: 987_654 }],
])("%s %s of an unknown repository is answered 404 with a hint", async (method, path, body) => {
  const answer = await ask(method, path, { body });
  expect(answer).toMatchObject({ status: 404, body: { detail: expect.stringContaining("Install the App") } });
  expect(await app.rows("capture.jobs")).toEqual([]);
});

test("a repository that the App can read is found before its first webhook", async () => {
  const answer = await ask("POST", "/backfill", { body: { repository: "Acme/Web", all: true } });
  expect(answer).toMatchObject({
    status: 200,
    body: { queued: 1, job: { event_name: "capture/repository.sync", since: null, reason: "backfill" } },
  });
  await app.idle();
  expect(await compareRows(toTruth(github), (table) => app.rows(`github.${table}`))).toEqual([]);
  expect((await ask("GET", `/jobs/${answer.body.job.id}`)).body).toMatchObject({
    state: "completed",
    done: 1,
    total: 1,
  });
  expect((await ask("GET", "/analyze?repository=acme/web")).body).toMatchObject({
    repositories: [{ repository: "acme/web", pull_requests: { captured: 1, github: 1, percent: 100 } }],
    gaps: [],
  });
});

describe("while Inngest is unreachable", () => {
  let stranded: TestApp;

  beforeAll(async () => {
    stranded = await startApp(database, {
      GITHUB_API_URL: github.url,
      INNGEST_DEV: "http://127.0.0.1:1",
      ADMIN_TOKEN: adminToken,
    });
  });
  afterAll(() => stranded.close());

  test("a request to the queue is answered 503 and leaves no pending job", async () => {
    const response = await fetch(`${stranded.url}/api/queue/pull-request`, {
      method: "POST",
      headers: { authorization: `Bearer ${adminToken}` },
      body: JSON.stringify({ repository: "acme/web", number: 1 }),
    });
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ detail: expect.stringContaining("Nothing was queued.") });
    expect(await app.rows("capture.jobs")).toEqual([]);
  });
});

describe("a queue whose events do not run", () => {
  const sent: CaptureEvent[] = [];
  let queue: QueueManager;

  beforeAll(() => {
    const { store } = app.services;
    const send = async (events: readonly CaptureEvent[]) => void sent.push(...events);
    const reached = createGitHub({
      apiUrl: github.url,
      app: { id: Number(testEnvironment.APP_ID), privateKey: testEnvironment.PRIVATE_KEY },
      token: null,
    });
    queue = createQueueManager({ store, send, github: reached, backfillDays: 90, toRunUrl: () => null });
  });
  beforeEach(async () => {
    await ensureRepository();
    sent.length = 0;
  });

  const daysBack = (event: CaptureEvent | undefined) =>
    Math.round((Date.now() - Date.parse(String(event?.data["since"]))) / 86_400_000);

  test("pending work is not queued twice, but a longer backfill is", async () => {
    expect(await queue.queuePullRequest("acme/web", 7)).toBe(3);
    expect(await queue.queuePullRequest("acme/web", 7)).toBe(0);
    expect(await queue.queueBackfill("acme/web", { days: 30 })).toMatchObject({ queued: 1 });
    expect(await queue.queueBackfill("acme/web", { days: 10 })).toMatchObject({ queued: 0 });
    expect(await queue.queueBackfill("acme/web", { days: 31 })).toMatchObject({ queued: 1 });
    expect(await queue.queueBackfill("acme/web", { all: true })).toMatchObject({ queued: 1 });
    expect(await queue.queueBackfill("acme/web")).toMatchObject({ queued: 0 });
    expect(await queue.getQueueStats()).toMatchObject({ pending: 6, processing: 0 });
    expect(await queue.clearAllJobs()).toBe(6);
    expect(await queue.getQueueStats()).toMatchObject({ pending: 0, cancelled: 6 });
  });

  test("a backfill goes back BACKFILL_DAYS by default, with low priority", async () => {
    await queue.queueBackfill("acme/web");
    expect(sent).toMatchObject([
      { name: "capture/repository.sync", data: { reason: "backfill", priority: "low" } },
    ]);
    expect(daysBack(sent[0])).toBe(90);
  });

  test("an incremental sync starts at the last sync's start minus an overlap, or BACKFILL_DAYS ago", async () => {
    expect(await queue.queueRecentPRs("acme/web")).toBe(1);
    expect(daysBack(sent[0])).toBe(90);
    await queue.clearAllJobs();
    await database.exec("update github.repositories set synced_at = '2026-03-01T12:00:00Z'");
    await queue.queueRecentPRs("acme/web", "high");
    expect(sent[1]).toMatchObject({ data: { since: "2026-03-01T11:50:00.000Z", priority: "high" } });
  });

  test("priorities sort by urgency", async () => {
    for (const [index, priority] of (["low", "critical", "medium", "high"] as const).entries())
      await queue.queuePullRequest("acme/web", index + 1, priority);
    const jobs = await database.query<{ priority: string }>(
      "select priority from capture.jobs where state = 'pending' and event_name = 'capture/pr.details' order by priority desc",
    );
    expect(jobs.map((job) => job.priority)).toEqual(["critical", "high", "medium", "low"]);
  });
});

test("a failed capture shows the reason, and can be listed and replayed", async () => {
  await ensureRepository();
  await ask("POST", "/pull-request", { body: { repository: "acme/web", number: 999 } });
  await app.idle();
  const { body: failed } = await ask("GET", "/jobs?state=failed");
  expect(failed).toHaveLength(3);
  expect(failed[0]).toMatchObject({ number: 999, error: { message: expect.stringContaining("404") } });
  expect(await ask("POST", `/jobs/${failed[0].id}/replay`)).toMatchObject({ status: 200 });
  await app.idle();
  expect((await ask("GET", "/stats")).body).toMatchObject({ failed: 3, cancelled: 1 });
  expect(await ask("POST", "/jobs/12345/replay")).toMatchObject({ status: 409 });
});
