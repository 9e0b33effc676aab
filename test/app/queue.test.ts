import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { compareRows } from "../../src/demo/compare-rows.ts";
import type { PullRequest } from "../../src/demo/github/index.ts";
import { toTruth } from "../../src/demo/truth.ts";
import type { SqlDatabase } from "../../src/lib/embedded/sql-database.ts";
import { createGitHub } from "../../src/lib/github/client.ts";
import type { CaptureEvent } from "../../src/lib/inngest/events.ts";
import { createQueueManager, type QueueManager } from "../../src/lib/inngest/queue-manager.ts";
import { openTestDatabase, resetDatabase } from "../support/database.ts";
import { openGitHub, type TestGitHub } from "../support/open-github.ts";
import { startApp, type TestApp } from "../support/start-app.ts";
import { testEnvironment } from "../support/test-config.ts";

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

/** Its first webhook makes the repository known. */
async function meetRepository(): Promise<void> {
  const opened = github.deliveries.find((delivery) => delivery.name === "pull_request");
  if (!opened) throw new Error("No pull request was opened.");
  await app.deliver(opened);
  await app.settled();
}

test("a pull request captured by hand has all its pages, and the rows that GitHub has", async () => {
  await meetRepository();
  const answer = await ask("POST", "/pull-request", {
    body: { repository: "acme/web", number: pullRequest.number },
  });
  expect(answer).toMatchObject({ status: 200, body: { queued: 3 } });
  await app.settled();

  expect(await compareRows(toTruth(github), (table) => app.rows(`github.${table}`))).toEqual([]);
  expect(await app.rows("github.comments where resolved")).toHaveLength(3);
  expect(await app.rows("github.pull_requests")).toMatchObject([
    { comments: 120, review_comments: 52, reviews: 105 },
  ]);
  expect(await app.rows("capture.jobs where reason = 'manual'")).toMatchObject([
    { state: "completed", event_name: "capture/pr.comments", requests: 3, points: 1 },
    { state: "completed", event_name: "capture/pr.details", requests: 1 },
    { state: "completed", event_name: "capture/pr.reviews", requests: 2 },
  ]);
});

test("queueing again what is finished queues it anew, with the same rows", async () => {
  await meetRepository();
  for (let round = 0; round < 2; round++) {
    const { body } = await ask("POST", "/pull-request", {
      body: { repository: "acme/web", number: pullRequest.number },
    });
    expect(body).toEqual({ queued: 3 });
    await app.settled();
  }
  expect(await compareRows(toTruth(github), (table) => app.rows(`github.${table}`))).toEqual([]);
});

test("what was deleted while nobody listened is buried by a complete listing", async () => {
  await meetRepository();
  const late = github.after(50, () =>
    github.createIssueComment({ on: pullRequest, author: pullRequest.author, body: "Soon gone" }),
  );
  const created = github.deliveries.at(-1);
  if (!created) throw new Error("No comment was delivered.");
  await app.deliver(created);
  github.after(60, () => github.deleteIssueComment(late));
  await ask("POST", "/pull-request", { body: { repository: "acme/web", number: pullRequest.number } });
  await app.settled();
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

test("without an ADMIN_TOKEN the queue is closed, and says so", async () => {
  const closed = await startApp(database, { INNGEST_DEV: "1" });
  for (const path of ["analyze", "queue/stats"]) {
    const response = await fetch(`${closed.url}/api/${path}`, { headers: { authorization: "Bearer " } });
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ detail: expect.stringContaining("ADMIN_TOKEN") });
  }
  await closed.close();
});

test.each([
  ["/pull-request", "{", "not JSON"],
  ["/pull-request", { repository: "acme", number: 1 }, "repository"],
  ["/pull-request", { repository: "acme/web", number: "1" }, "number"],
  ["/pull-request", { repository: "acme/web", number: 1, force: true }, "force"],
  ["/backfill", { days: 3 }, "repository"],
  ["/backfill", { repository: "acme/web", days: 0 }, "days"],
  ["/backfill", { repository: "acme/web", days: 3, all: true }, "only one of"],
  ["/gaps", { repository: "acme/web", kinds: ["stars"] }, "kinds"],
  ["/gaps", { limit: -1 }, "limit"],
])("%s: the body %j is answered 400 with what is wrong", async (path, body, named) => {
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
])("%s %s of an unknown repository is answered 404 with what to do", async (method, path, body) => {
  const answer = await ask(method, path, { body });
  expect(answer).toMatchObject({ status: 404, body: { detail: expect.stringContaining("Install the App") } });
  expect(await app.rows("capture.jobs")).toEqual([]);
});

test("a repository that the App can see is found though no webhook has come yet", async () => {
  const answer = await ask("POST", "/backfill", { body: { repository: "Acme/Web", all: true } });
  expect(answer).toMatchObject({
    status: 200,
    body: { queued: 1, job: { event_name: "capture/repository.sync", since: null, reason: "backfill" } },
  });
  await app.settled();
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

describe("while Inngest is out of reach", () => {
  let stranded: TestApp;

  beforeAll(async () => {
    stranded = await startApp(database, {
      GITHUB_API_URL: github.url,
      INNGEST_DEV: "http://127.0.0.1:1",
      ADMIN_TOKEN: adminToken,
    });
  });
  afterAll(() => stranded.close());

  test("nothing is left pending, and the answer says so", async () => {
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

describe("with a queue that does not run yet", () => {
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
    queue = createQueueManager({ store, send, github: reached, backfillDays: 90 });
  });
  beforeEach(async () => {
    await meetRepository();
    sent.length = 0;
  });

  const daysBack = (event: CaptureEvent | undefined) =>
    Math.round((Date.now() - Date.parse(String(event?.data["since"]))) / 86_400_000);

  test("the same work is joined while it is pending, and a longer backfill is work of its own", async () => {
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

  test("a backfill goes back BACKFILL_DAYS unless told otherwise, behind all else", async () => {
    await queue.queueBackfill("acme/web");
    expect(sent).toMatchObject([
      { name: "capture/repository.sync", data: { reason: "backfill", priority: "low" } },
    ]);
    expect(daysBack(sent[0])).toBe(90);
  });

  test("what is recent is what changed since the last sync began, with an overlap, or the days of a first one", async () => {
    expect(await queue.queueRecentPRs("acme/web")).toBe(1);
    expect(daysBack(sent[0])).toBe(90);
    await queue.clearAllJobs();
    await database.exec("update github.repositories set synced_at = '2026-03-01T12:00:00Z'");
    await queue.queueRecentPRs("acme/web", "high");
    expect(sent[1]).toMatchObject({ data: { since: "2026-03-01T11:50:00.000Z", priority: "high" } });
  });

  test("priorities are ordered as priorities", async () => {
    for (const [index, priority] of (["low", "critical", "medium", "high"] as const).entries())
      await queue.queuePullRequest("acme/web", index + 1, priority);
    const jobs = await database.query<{ priority: string }>(
      "select priority from capture.jobs where state = 'pending' and event_name = 'capture/pr.details' order by priority desc",
    );
    expect(jobs.map((job) => job.priority)).toEqual(["critical", "high", "medium", "low"]);
  });
});

test("a capture of what is gone fails with the reason, can be listed and replayed", async () => {
  await meetRepository();
  await ask("POST", "/pull-request", { body: { repository: "acme/web", number: 999 } });
  await app.settled();
  const { body: failed } = await ask("GET", "/jobs?state=failed");
  expect(failed).toHaveLength(3);
  expect(failed[0]).toMatchObject({ number: 999, error: { message: expect.stringContaining("404") } });
  expect(await ask("POST", `/jobs/${failed[0].id}/replay`)).toMatchObject({ status: 200 });
  await app.settled();
  expect((await ask("GET", "/stats")).body).toMatchObject({ failed: 4 });
  expect(await ask("POST", "/jobs/12345/replay")).toMatchObject({ status: 409 });
});
