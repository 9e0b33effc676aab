import { beforeEach, describe, expect, test } from "vitest";
import type { JobDetail, JobFilter } from "../../src/api/console-contract.ts";
import type { Job } from "../../src/api/contract.ts";
import { createQueueClient, type QueueClient } from "../../src/client/queue-client.ts";
import { queueJobs } from "../../src/lib/store/jobs.ts";
import { failures, type PullRequest } from "../../src/fake-github/index.ts";
import { adminToken, useScene } from "../support/scene.ts";

/** Jobs as the console lists, shows, replays and cancels them. */

const scene = useScene({ installation: "delivered" });
const { deliver, idle, jobs, gaps, skipRetries, takeDeliveries } = scene;

let client: QueueClient;

beforeEach(() => {
  client = createQueueClient({ url: scene.app.url, adminToken });
});

function ask(method: string, path: string, token = adminToken): Promise<Response> {
  return fetch(`${scene.app.url}/api/queue${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    ...(method === "POST" && { body: "{}" }),
  });
}

function openPullRequest(): PullRequest {
  return scene.github.openPullRequest({ repository: scene.web, author: scene.ann });
}

/** Delivers at once, so that failed attempts stay where they are. */
async function deliverWithoutPauses(): Promise<void> {
  for (const delivery of takeDeliveries()) await scene.app.deliver(delivery);
  await scene.app.idle();
}

/** Pull requests whose captures fail, because GitHub refuses to list their files. Returns what ends that. */
async function failCaptures(count: number): Promise<() => void> {
  const heal = scene.github.intercept(failures.matching(/files/, failures.refused(451, "Gone")));
  for (let opened = 0; opened < count; opened++) openPullRequest();
  await deliver();
  return heal;
}

describe("a filter", () => {
  /** A job of each kind, besides those of the installation. */
  async function prepare(): Promise<void> {
    const api = scene.github.createRepository({ owner: scene.acme, name: "api" });
    scene.github.openPullRequest({ repository: api, author: scene.ann });
    scene.github.openPullRequest({ repository: scene.web, author: scene.ann });
    await deliver();
    await failCaptures(2);
    await client.queuePullRequest("acme/web", 1);
    await idle();
  }

  const byPage = async (filter: JobFilter, limit: number): Promise<Job[]> => {
    const found: Job[] = [];
    for (;;) {
      const before = found.at(-1)?.id;
      const page = await client.listJobs({ ...filter, limit, ...(before !== undefined && { before }) });
      found.push(...page);
      if (page.length < limit) return found;
    }
  };

  test("selects the same jobs as SQL, in pages and in counts", async () => {
    await prepare();
    const [failed] = await jobs("state = 'failed'");
    const filters: [JobFilter, string][] = [
      [{}, "true"],
      [{ state: "failed" }, "state = 'failed'"],
      [{ repository: "Acme/API" }, "repository = 'acme/api'"],
      [{ repository: scene.web.id }, `repository_id = ${scene.web.id}`],
      [{ function: "capture/pr.details" }, "event_name = 'capture/pr.details'"],
      [{ reason: "manual" }, "reason = 'manual'"],
      [{ text: "web#1" }, "repository = 'acme/web' and number = 1"],
      [{ text: "answered 451" }, "error ->> 'message' like '%answered 451%'"],
      [{ text: String(failed?.["event_id"]) }, `event_id = '${String(failed?.["event_id"])}'`],
      [{ failure: String(failed?.["failure"]) }, "state = 'failed'"],
      [
        { state: "completed", repository: "acme/web", reason: "webhook" },
        "state = 'completed' and repository = 'acme/web' and reason = 'webhook'",
      ],
      [{ repository: "acme/unknown" }, "false"],
      [{ text: "_eb#1" }, "false"],
      [{ text: "%" }, "false"],
      [{ text: "\\" }, "false"],
      [{ text: "' or true --" }, "false"],
    ];
    for (const [filter, where] of filters) {
      const expected = (await jobs(where)).map(({ id }) => id).toReversed();
      const listed = (await byPage(filter, 2)).map(({ id }) => id);
      expect({ filter, listed }).toEqual({ filter, listed: expected });
      const { total, by_state } = await client.countJobs(filter);
      expect({ filter, total, sum: by_state.total }).toEqual({
        filter,
        total: expected.length,
        sum: expected.length,
      });
    }
    expect(await client.countJobs()).toMatchObject({ by_state: await client.getStats() });
  });

  test("that is malformed is answered 400 with the fault", async () => {
    for (const query of ["state=broken", "reason=whim", "repository=acme", "before=0", "limit=1001"])
      expect(`${query}: ${(await ask("GET", `/jobs?${query}`)).status}`).toBe(`${query}: 400`);
    expect((await ask("GET", `/jobs?text=${"x".repeat(201)}`)).status).toBe(400);
  });
});

test("ids of 53 bits stay exact", async () => {
  const largest = Number.MAX_SAFE_INTEGER;
  await scene.database.query(
    `insert into capture.jobs (id, event_id, event_name, repository_id, number, reason, priority, state) overriding system value
     select $1::bigint - n, 'event ' || n, 'capture/pr.details', $1::bigint - n, 1, 'webhook', 'high', 'pending' from generate_series(0, 2) as n`,
    [largest],
  );
  const [first, second] = await client.listJobs({ limit: 2 });
  expect([first?.id, second?.id]).toEqual([largest, largest - 1]);
  const older = await client.listJobs({ before: largest - 1, limit: 1 });
  expect(older).toMatchObject([{ id: largest - 2, event_id: "event 2" }]);
  expect(await client.listJobs({ repository: String(largest - 1).slice(0, 15), limit: 1 })).toEqual([]);
  expect(await client.getJobDetail(largest)).toMatchObject({ id: largest, event_id: "event 0" });
  expect(await (await ask("GET", `/jobs/${largest}`)).text()).toContain(`"id":${largest}`);
});

test("a job shows its event without the observation, and its steps with their cost", async () => {
  openPullRequest();
  await deliver();
  const [row] = await jobs("event_name = 'capture/pr.details'");
  const detail = await client.getJobDetail(Number(row?.["id"]));
  expect(detail).toMatchObject({
    run_url: null,
    event: {
      repository: { id: scene.web.id, owner: "acme", name: "web" },
      number: 1,
      installationId: scene.installation.id,
      reason: "webhook",
    },
    steps: [{ name: "store-observed-pull-request", requests: 1, rows_written: 2 }],
  });
  expect(detail.event).not.toHaveProperty("observed");
  const sum = (figure: "requests" | "points" | "rows_written") =>
    detail.steps.reduce((total, step) => total + step[figure], 0);
  expect([sum("requests"), sum("points"), sum("rows_written")]).toEqual([
    detail.requests,
    detail.points,
    detail.rows_written,
  ]);
});

test("a failed job shows its whole event", async () => {
  await failCaptures(1);
  const [failed] = await client.listJobs({ state: "failed", limit: 1 });
  const { event } = await client.getJobDetail(failed?.id ?? 0);
  expect(event).toMatchObject({ observed: { pull_request: { number: 1 } } });
});

test("only the last 50 steps are kept", async () => {
  const merge = (name: string) =>
    scene.database.query(
      "select capture.record_step(jsonb_build_object('job', jsonb_build_object('event_id', 'long', 'event_name', 'capture/repository.sync', 'attempt', 0, 'reason', 'backfill', 'priority', 'low', 'requests', 1, 'step', $1::text)), 2, false)",
      [name],
    );
  for (let step = 1; step <= 60; step++) await merge(`page ${step}`);
  await merge("page 60");
  const [row] = await jobs("event_id = 'long'");
  const { steps } = await client.getJobDetail(Number(row?.["id"]));
  expect(steps).toHaveLength(50);
  expect(steps[0]).toMatchObject({ name: "page 11", requests: 1, rows_written: 2 });
  expect(steps.at(-1)).toMatchObject({ name: "page 60", requests: 2, rows_written: 4 });
});

describe("failures", () => {
  test("are grouped by function and error, whatever digits the messages contain", async () => {
    await failCaptures(3);
    await client.queuePullRequest("acme/web", 999);
    await idle();
    const groups = await client.listFailures();
    expect(groups).toHaveLength(4); // 404 of three functions
    expect(groups[0]).toMatchObject({
      function: "capture/pr.details",
      message: expect.stringContaining("451"),
      failed: 3,
      retrying: 0,
    });
    for (const { key, failed, retrying } of groups)
      expect((await client.countJobs({ failure: key })).total).toBe(failed + retrying);
  });

  test("of a group are replayed together, each once, and the others stay", async () => {
    const heal = await failCaptures(3);
    await client.queuePullRequest("acme/web", 999);
    await idle();
    const [group] = await client.listFailures();
    heal();
    expect(await client.replayMany({ failure: group?.key })).toEqual({ replayed: 3 });
    expect(await client.replayMany({ failure: group?.key })).toEqual({ replayed: 0 });
    await idle();
    expect(await client.getStats()).toMatchObject({ pending: 0, retrying: 0, failed: 3, cancelled: 3 });
    expect(await jobs("replayed_at is not null")).toHaveLength(3);
    expect(await jobs("event_id like 'replay:%'")).toMatchObject(
      Array.from({ length: 3 }, () => ({ state: "completed", reason: "webhook" })),
    );
    expect(await scene.differences()).toEqual([]);
    expect((await client.listFailures()).map(({ failed }) => failed)).toEqual([1, 1, 1]);
  });

  test("all of them are replayed when more than one batch failed", async () => {
    const heal = await failCaptures(1);
    await scene.database.exec(
      `insert into capture.jobs (event_id, event_name, repository_id, repository, number, installation_id, reason, priority, state, error, event, finished_at)
       select 'copy ' || n, event_name, repository_id, repository, number, installation_id, reason, priority, state, error, event, finished_at
       from capture.jobs, generate_series(1, 450) as n where state = 'failed'`,
    );
    heal();
    expect(await client.replayMany({})).toEqual({ replayed: 451 });
    await idle();
    expect(await client.getStats()).toMatchObject({ failed: 0, pending: 0, cancelled: 451 });
  }, 120_000);

  test("a replay is visible as a pending job at once, and waits in the outbox while Inngest is down", async () => {
    const heal = await failCaptures(1);
    heal();
    const [failed] = await client.listJobs({ state: "failed", limit: 1 });
    await scene.app.services.engine?.stop({ timeoutMs: 1_000 });
    const { event_id } = await client.replay(failed?.id ?? 0);
    expect(await client.getStats()).toMatchObject({ failed: 0, cancelled: 1 });
    expect(await client.listJobs({ text: event_id, limit: 1 })).toMatchObject([
      { state: "pending", number: 1, repository: "acme/web" },
    ]);
    expect(await scene.rows("capture.outbox")).toMatchObject([{ event_id }]);
    await expect(client.replay(failed?.id ?? 0)).rejects.toMatchObject({ status: 409 });
    // It may be of one observation only, so a capture of everything is queued beside it.
    const whole = { event_name: "capture/pr.details", repository_id: scene.web.id, repository: "acme/web" };
    const asked = {
      ...whole,
      number: 1,
      installation_id: null,
      reason: "manual",
      priority: "high",
      data: {},
    };
    expect(await queueJobs(scene.app.services.store, [{ event_id: "manual", ...asked }])).toEqual(["manual"]);
  });
});

describe("cancelling one job", () => {
  const cancel = async (job: Pick<JobDetail, "id"> | undefined) => client.cancelJob(job?.id ?? 0);

  test("ends a retrying job: its run stores nothing more, and the pull request is a gap", async () => {
    const heal = scene.github.intercept(failures.matching(/files/, failures.serverError()));
    openPullRequest();
    await deliverWithoutPauses();
    const [retrying] = await client.listJobs({ state: "retrying", limit: 1 });
    expect(await cancel(retrying)).toEqual({ cancelled: 1 });
    const gapsBefore = await gaps();
    heal();
    await skipRetries();
    expect(await client.getJob(retrying?.id ?? 0)).toMatchObject({
      state: "cancelled",
      next_attempt_at: null,
    });
    expect(await scene.rows("github.pull_request_files")).toEqual([]);
    expect(gapsBefore).toContainEqual(expect.stringMatching(/^(details|files) 1 /));
    expect(await gaps()).toEqual(gapsBefore);
    expect(await cancel(retrying)).toEqual({ cancelled: 0 });

    await scene.app.services.queue.fixGaps();
    await idle();
    expect(await scene.differences()).toEqual([]);
  });

  test("ends a running backfill, which can be started again", async () => {
    for (let opened = 0; opened < 3; opened++) openPullRequest();
    takeDeliveries();
    const heal = scene.github.intercept(failures.matching(/graphql/, failures.serverError()));
    const { job } = await client.queueBackfill("acme/web", { all: true });
    await scene.app.idle();
    expect(await cancel(job ?? undefined)).toEqual({ cancelled: 1 });
    heal();
    await skipRetries();
    expect(await client.getJob(job?.id ?? 0)).toMatchObject({ state: "cancelled" });
    expect(await scene.rows("github.pull_requests")).toEqual([]);
    expect(await client.queueBackfill("acme/web", { all: true })).toMatchObject({ queued: 1 });
    await idle();
    expect(await scene.differences()).toEqual([]);
  });

  test("leaves a completed job as it is, and an unknown one is answered 404", async () => {
    openPullRequest();
    await deliver();
    const [completed] = await client.listJobs({ state: "completed", limit: 1 });
    expect(await cancel(completed)).toEqual({ cancelled: 0 });
    expect(await client.getJob(completed?.id ?? 0)).toEqual(completed);
    await expect(client.cancelJob(12_345)).rejects.toMatchObject({ status: 404 });
  });
});

test.each([
  ["GET", "/jobs/count"],
  ["GET", "/failures"],
  ["POST", "/replay"],
  ["DELETE", "/jobs/1"],
])("%s /api/queue%s without the token is answered 401", async (method, path) => {
  expect((await ask(method, path, "wrong token of nobody")).status).toBe(401);
});

test("a group is not replayed by a misspelled filter", async () => {
  const response = await fetch(`${scene.app.url}/api/queue/replay`, {
    method: "POST",
    headers: { authorization: `Bearer ${adminToken}` },
    body: JSON.stringify({ failures: "x" }),
  });
  expect(response.status).toBe(400);
});
