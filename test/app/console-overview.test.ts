import { beforeEach, describe, expect, test } from "vitest";
import type { z } from "zod";
import { overviewSchema, repositoriesAnswerSchema, type Overview } from "../../src/api/console-contract.ts";
import { countGaps } from "../../src/api/contract.ts";
import { createQueueClient } from "../../src/client/queue-client.ts";
import { failures } from "../../src/fake-github/index.ts";
import { repositoriesReconcile } from "../../src/lib/inngest/events.ts";
import { pruneJobs } from "../../src/lib/store/jobs.ts";
import { storeEvents } from "../../src/lib/store/outbox.ts";
import { adminToken, useScene } from "../support/scene.ts";
import { runCli } from "../support/run-cli.ts";

/** What the overview and the list of repositories show. */

const scene = useScene();
const { backfill, deliver, idle, pass, takeDeliveries } = scene;

async function get<Answer>(path: string, schema: z.ZodType<Answer>): Promise<Answer> {
  const response = await fetch(`${scene.app.url}/api${path}`, {
    headers: { authorization: `Bearer ${adminToken}` },
  });
  expect(response.status).toBe(200);
  return schema.parse(await response.json());
}

const overview = (hours = 24) => get(`/overview?hours=${hours}`, overviewSchema);
const repositories = () => get("/repositories", repositoriesAnswerSchema);
const texts = ({ findings }: Overview) => findings.map(({ text }) => text);

function sum(
  seen: Overview,
  figure: "accepted" | "refused" | "failed_deliveries" | "completed" | "failed" | "retried",
) {
  return seen.activity.reduce((total, bucket) => total + bucket[figure], 0);
}

/** Installs the App on acme/web with that many pull requests, and captures all. */
async function capture(pullRequests: number): Promise<void> {
  await scene.reopen({ installation: "delivered" });
  for (let opened = 0; opened < pullRequests; opened++)
    scene.github.openPullRequest({ repository: scene.web, author: scene.ann });
  await deliver();
  await backfill();
}

describe("the status", () => {
  test("is unknown while nothing is captured, and says what to do", async () => {
    expect(await overview()).toMatchObject({
      status: "unknown",
      sentence: "No repository is captured yet. Install the App on one, or start a backfill.",
      findings: [],
      repositories: 0,
    });
  });

  test("is in sync only when everything was compared and nothing is wrong", async () => {
    await capture(3);
    expect(await overview()).toMatchObject({
      status: "in_sync",
      sentence: "Everything is in sync: 1 repository, 3 pull requests.",
      findings: [],
      installations: 1,
      repositories: 1,
      inngest: { is: "the embedded queue", dashboard: null },
    });
  });

  test("is unknown for a repository that was never compared with GitHub", async () => {
    scene.github.openPullRequest({ repository: scene.web, author: scene.ann });
    await deliver();
    const seen = await overview();
    expect(seen).toMatchObject({ status: "unknown", findings: [{ view: "repositories" }] });
    expect(seen.sentence).toBe(
      "acme/web was never compared with GitHub; its state is unknown until the first sync ends.",
    );
  });

  test("names a failed capture until it is replayed, and the gap that it leaves", async () => {
    await capture(1);
    const heal = scene.github.intercept(failures.matching(/files/, failures.refused(451, "Gone")));
    pass(5);
    scene.github.openPullRequest({ repository: scene.web, author: scene.ann });
    await deliver();
    const broken = await overview();
    expect(broken).toMatchObject({ status: "attention", jobs: { failed: 1 } });
    expect(broken.sentence).toBe("1 capture failed. Look at its error and replay it.");
    expect(broken.findings[0]).toMatchObject({ view: "jobs?state=failed" });
    expect(texts(broken)).toContainEqual(expect.stringMatching(/^1 gap in acme\/web: .* Close it\.$/));

    heal();
    await scene.app.services.queue.replayJobs({});
    await idle();
    expect(await overview()).toMatchObject({ status: "in_sync", findings: [], jobs: { failed: 0 } });
  });

  test("is working while a sync closes the gaps of a new repository", async () => {
    await capture(1);
    const client = createQueueClient({ url: scene.app.url, adminToken });
    for (let opened = 0; opened < 3; opened++)
      scene.github.openPullRequest({ repository: scene.web, author: scene.ann });
    takeDeliveries();
    pass(30);
    const heal = scene.github.intercept(failures.matching(/graphql/, failures.serverError()));
    const { job } = await client.queueBackfill("acme/web", { all: true });
    await scene.app.idle();
    expect(await overview()).toMatchObject({ status: "working", jobs: { retrying: 1 } });
    expect(await repositories()).toMatchObject({
      repositories: [{ sync: { id: job?.id, state: "retrying" } }],
    });
    heal();
    await scene.skipRetries();
    expect(await overview()).toMatchObject({
      status: "in_sync",
      coverage: { pull_requests: { captured: 4 } },
    });
    expect(await repositories()).toMatchObject({ repositories: [{ sync: null }] });
  });

  test("names events that wait in the outbox", async () => {
    await capture(1);
    await scene.app.services.outbox.stop();
    await storeEvents(
      scene.app.services.store,
      [{ id: "waiting", name: "capture/unknown", data: {} }],
      "Down.",
    );
    expect(texts(await overview())).toEqual([]); // it may be sent in a moment
    await scene.database.exec("update capture.outbox set created_at = now() - interval '1 minute'");
    expect(texts(await overview())).toEqual([
      "1 event waits in the outbox until the embedded queue accepts it. Check that the embedded queue is running.",
    ]);
  });

  test("names a late reconciler and a problem of the setup", async () => {
    await capture(1);
    await scene.app.services.queue.reconcile();
    await idle();
    expect(await overview()).toMatchObject({
      status: "in_sync",
      reconcilers: [
        { name: "capture/deliveries.reconcile", is_late: false, succeeded_at: expect.any(String) },
        { name: "capture/repositories.reconcile", is_late: false, succeeded_at: expect.any(String) },
      ],
    });
    await scene.database.query(
      "update capture.checkpoints set succeeded_at = now() - interval '4 hours' where name = $1",
      [repositoriesReconcile.name],
    );
    scene.app.services.problems.set("app", "GitHub does not know the App 1: set APP_ID.");
    const seen = await overview();
    expect(seen).toMatchObject({
      status: "attention",
      sentence: "GitHub does not know the App 1: set APP_ID.",
    });
    expect(texts(seen)[1]).toMatch(/^The reconciler capture\/repositories\.reconcile is late/);
  });

  test("names a budget that is used up until it is reset", async () => {
    await capture(1);
    const resetAt = new Date(Date.now() + 600_000);
    scene.github.intercept(failures.matching(/files/, failures.once(failures.rateLimited(resetAt))));
    pass(5);
    scene.github.openPullRequest({ repository: scene.web, author: scene.ann });
    for (const delivery of takeDeliveries()) await scene.app.deliver(delivery);
    await scene.app.idle();
    const seen = await overview();
    expect(texts(seen)).toContainEqual(expect.stringMatching(/^GitHub's REST budget of acme is used up/));
    expect(seen.budgets).toContainEqual(
      expect.objectContaining({ account: "acme", resource: "core", remaining: 0 }),
    );
  });
});

describe("the charts", () => {
  test("count webhooks by answer, and jobs that ended", async () => {
    await capture(2);
    const accepted = scene.app.services.counts.accepted;
    await fetch(`${scene.app.url}/api/github/webhooks`, { method: "POST", body: "{}" });
    scene.github.intercept(failures.matching(/pulls\/1$/, failures.times(2, failures.serverError())));
    await scene.app.services.queue.queuePullRequest("acme/web", 1);
    await scene.skipRetries();
    pass(5);
    scene.github.intercept(failures.matching(/files/, failures.refused(451, "Gone")));
    scene.github.openPullRequest({ repository: scene.web, author: scene.ann });
    await deliver();

    const seen = await overview();
    const { deliveries } = (await (await fetch(`${scene.app.url}/healthz`)).json()) as {
      deliveries: Record<string, number>;
    };
    expect(deliveries["accepted"]).toBeGreaterThan(accepted);
    expect(sum(seen, "accepted")).toBe(deliveries["accepted"]);
    expect(sum(seen, "refused")).toBe(1);
    expect(sum(seen, "failed_deliveries")).toBe(0);
    expect([sum(seen, "completed"), sum(seen, "failed"), sum(seen, "retried")]).toEqual([
      seen.jobs.completed,
      seen.jobs.failed,
      2,
    ]);
    expect(seen.jobs.failed).toBe(1);

    // The second count adds to the first, and a failure that was replayed has happened all the same.
    await scene.app.services.queue.replayJobs({});
    await fetch(`${scene.app.url}/api/github/webhooks`, { method: "POST", body: "{}" });
    const later = await overview();
    expect([sum(later, "refused"), sum(later, "failed") >= 1]).toEqual([2, true]);
  });

  test("show the lag from GitHub's clock to the row", async () => {
    const opened = new Date(Date.now() - 30_000);
    scene.github.at(opened, () => scene.github.openPullRequest({ repository: scene.web, author: scene.ann }));
    await deliver();
    const lags = async () =>
      (await overview(1)).activity.flatMap(({ lag_p50_ms, lag_p99_ms }) =>
        lag_p50_ms === null ? [] : [[lag_p50_ms, lag_p99_ms ?? 0]],
      );
    const [[median = 0, worst] = [], ...others] = await lags();
    expect(others).toEqual([]);
    expect(median).toBeGreaterThanOrEqual(30_000);
    expect(median).toBeLessThan(60_000);
    expect(worst).toBe(median);

    // The local clock, which the database shares, turns out to be 40 seconds behind GitHub's.
    pass(40);
    await scene.app.services.queue.queuePullRequest("acme/web", 1);
    await idle();
    expect((await lags())[0]?.[0]).toBeGreaterThanOrEqual(median + 35_000);
  });

  test("show no lag for a webhook whose payload does not show the time of the change", async () => {
    const pullRequest = scene.github.openPullRequest({ repository: scene.web, author: scene.ann });
    const comment = scene.github.createIssueComment({
      on: pullRequest,
      author: scene.ann,
      body: "Gone soon",
    });
    scene.takeDeliveries();
    scene.github.deleteIssueComment(comment);
    await deliver();
    expect(await scene.jobs("state = 'completed'")).not.toEqual([]);
    expect(await scene.jobs("lag_ms is not null and observed_at is null")).toEqual([]);
    expect((await overview(1)).activity.every(({ lag_p99_ms: lag }) => lag === null || lag < 60_000)).toBe(
      true,
    );
  });

  test.each([
    [1, 60, 60],
    [24, 96, 900],
    [168, 84, 7200],
  ])("of %i hours have %i buckets of %i seconds, the last of them now", async (hours, count, seconds) => {
    const seen = await overview(hours);
    expect(seen).toMatchObject({ bucket_seconds: seconds });
    expect(seen.activity).toHaveLength(count);
    const starts = seen.activity.map(({ at }) => Date.parse(at) / 1000);
    expect(starts.every((start, index) => index === 0 || start - (starts[index - 1] ?? 0) === seconds)).toBe(
      true,
    );
    expect(Date.parse(seen.now) / 1000 - (starts.at(-1) ?? 0)).toBeLessThan(seconds + 1);
  });
});

test("counts of webhooks and retries are kept for eight days", async () => {
  await scene.database.exec(
    `insert into capture.deliveries
     select now() - days * interval '1 day', gen_random_uuid(), 1, 0, 0 from unnest(array[0, 7, 9]) as days;
     insert into capture.retries (at) select now() - days * interval '1 day' from unnest(array[0, 7, 9]) as days`,
  );
  await pruneJobs(scene.app.services.store, new Date());
  expect(await scene.rows("capture.deliveries")).toHaveLength(2);
  expect(await scene.rows("capture.retries")).toHaveLength(2);
});

test("every figure equals the API's, the CLI's and healthz's", async () => {
  await capture(3);
  const heal = scene.github.intercept(failures.matching(/files/, failures.refused(451, "Gone")));
  pass(5);
  scene.github.openPullRequest({ repository: scene.web, author: scene.ann });
  await deliver();
  heal();
  const client = createQueueClient({ url: scene.app.url, adminToken });
  const seen = await overview();
  const cli = async (...args: string[]): Promise<unknown> =>
    JSON.parse((await runCli({ url: scene.app.url, adminToken }, [...args, "--json"])).out);
  const analysis = await client.analyze(undefined, 0);
  expect(seen.coverage).toEqual(analysis.total);
  expect(await cli("analyze")).toMatchObject({ total: seen.coverage });
  expect(texts(seen)).toContainEqual(expect.stringContaining(`${countGaps(analysis.total)} gap in`));
  expect(seen.jobs).toEqual(await client.getStats());
  expect(await cli("status")).toEqual(seen.jobs);
  expect(await (await fetch(`${scene.app.url}/healthz`)).json()).toMatchObject({
    jobs: seen.jobs,
    database: { is: seen.database },
    inngest: { is: seen.inngest.is },
  });
  const listed = await repositories();
  expect(listed.total).toEqual(analysis.total);
  for (const [index, repository] of analysis.repositories.entries())
    expect(listed.repositories[index]).toMatchObject(repository);
  const groups = await client.listFailures();
  expect(groups.reduce((total, { failed }) => total + failed, 0)).toBe(seen.jobs.failed);
  expect(await cli("failures")).toEqual(groups);
});

test("budgets are those of GitHub's last answers, also after a restart", async () => {
  await capture(1);
  const seen = await overview();
  const limit = await (
    await scene.app.services.github.forInstallation(scene.installation.id)
  ).request("GET /rate_limit");
  const { core, graphql } = limit.data.resources;
  expect(seen.budgets).toMatchObject([
    {
      installation_id: scene.installation.id,
      account: "acme",
      resource: "core",
      limit: core.limit,
      remaining: core.remaining,
    },
    { account: "acme", resource: "graphql", limit: graphql?.limit, remaining: graphql?.remaining },
  ]);
  await scene.restart();
  expect((await overview()).budgets.map(({ remaining }) => remaining)).toEqual(
    seen.budgets.map(({ remaining }) => remaining),
  );
});

test("a repository shows its last webhook, and whether it is private", async () => {
  await capture(1);
  const before = new Date().toISOString();
  pass(5);
  scene.github.openPullRequest({ repository: scene.web, author: scene.ann });
  await deliver();
  const { repositories: listed } = await repositories();
  expect(listed).toMatchObject([{ repository: "acme/web", private: false }]);
  expect(Date.parse(listed[0]?.last_delivery_at ?? "")).toBeGreaterThanOrEqual(Date.parse(before));
});

test.each(["/overview", "/repositories"])("%s needs the token, and a whole number of hours", async (path) => {
  expect((await fetch(`${scene.app.url}/api${path}`)).status).toBe(401);
});

test.each(["0", "169", "1.5", "x"])("an overview of %s hours is answered 400", async (hours) => {
  const response = await fetch(`${scene.app.url}/api/overview?hours=${hours}`, {
    headers: { authorization: `Bearer ${adminToken}` },
  });
  expect(response.status).toBe(400);
});

beforeEach(() => {
  expect(scene.app.services.problems.size).toBe(0);
});
