import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { formatJobs, formatStats } from "../../src/cli/format.ts";
import { createQueueClient } from "../../src/client/queue-client.ts";
import { failures } from "../../src/fake-github/index.ts";
import { createInngestEngine } from "../../src/lib/embedded/inngest-engine.ts";
import { serveInProcess } from "../../src/lib/embedded/serve-in-process.ts";
import type { SqlDatabase } from "../../src/lib/embedded/sql-database.ts";
import { createInngest } from "../../src/lib/inngest/client.ts";
import { pullRequestDetails } from "../../src/lib/inngest/events.ts";
import { createRecordAttempts } from "../../src/lib/inngest/record-attempts.ts";
import { createRecordFailures } from "../../src/lib/inngest/functions/record-failures.ts";
import { createServices } from "../../src/server-services.ts";
import { testConfig } from "../../src/testing/test-config.ts";
import { connectStore } from "../lib/store/open-store.ts";
import { openTestDatabase, resetDatabase } from "../support/database.ts";
import { keepLog } from "../support/log-lines.ts";
import { openGitHub, type TestGitHub } from "../support/open-github.ts";
import { adminToken, useScene } from "../support/scene.ts";
import { startApp, type TestApp } from "../support/start-app.ts";

/** What jobs and the log show of failed attempts. */

describe("while GitHub refuses requests", () => {
  const { log, lines } = keepLog();
  const scene = useScene({ log });
  const { gaps, rows, takeDeliveries } = scene;

  let github: TestGitHub;
  let app: TestApp;

  beforeEach(() => {
    ({ github, app } = scene);
    lines.length = 0;
  });

  async function deliverWithoutPauses(): Promise<void> {
    for (const delivery of takeDeliveries()) await app.deliver(delivery);
    await app.idle();
  }

  /** Delivers a pull request, which needs a request for its files. */
  async function deliverPullRequest(): Promise<void> {
    github.after(0, () => github.openPullRequest({ repository: scene.web, author: scene.ann }));
    await deliverWithoutPauses();
  }

  test("a retrying job shows the error of its last attempt, and one line is logged", async () => {
    github.intercept(failures.matching(/files/, failures.serverError()));
    await deliverPullRequest();
    const [job] = await rows("capture.jobs");
    expect(job).toMatchObject({
      state: "retrying",
      attempts: 1,
      error: { name: "Error", message: expect.stringContaining("GitHub answered 502") },
      next_attempt_at: null, // Inngest's backoff decides
      finished_at: null,
    });
    expect(lines).toEqual([
      {
        level: 40,
        delivery: String(job?.["event_id"]).split(":")[0],
        function: "capture-pr-details",
        event: job?.["event_id"],
        job: job?.["id"],
        attempt: 1,
        error: expect.stringContaining("GitHub answered 502"),
        msg: "An attempt failed and is retried",
      },
    ]);
  });

  test("a job shows when a rate limit ends, and completes after it", async () => {
    github.intercept(failures.matching(/files/, failures.once(failures.secondaryLimited(5))));
    await deliverPullRequest();
    const client = createQueueClient({ url: app.url, adminToken });
    expect(await client.getStats()).toMatchObject({ processing: 0, retrying: 1, total: 1 });
    const health = await fetch(`${app.url}/healthz`);
    expect(await health.json()).toMatchObject({ jobs: { retrying: 1 } });
    expect(formatStats(await client.getStats())).toContain("1 retrying");
    const jobs = await client.listJobs({ state: "retrying", limit: 10 });
    expect(jobs).toMatchObject([{ state: "retrying", next_attempt_at: expect.any(String) }]);
    const dueInMs = Date.parse(jobs[0]?.next_attempt_at ?? "") - Date.now();
    expect(dueInMs).toBeGreaterThan(0);
    expect(dueInMs).toBeLessThanOrEqual(5_000);
    expect(formatJobs(jobs, { width: null, now: Date.now() })).toMatch(
      /GitHub answered 403 .* \(The next attempt is due at 20.*Z\.\)/,
    );

    await app.services.engine?.idle(30_000);
    expect(await rows("capture.jobs")).toMatchObject([
      { state: "completed", attempts: 2, error: null, next_attempt_at: null },
    ]);
  });

  test("a permanent refusal fails the job and logs one line without a stack", async () => {
    github.intercept(failures.matching(/files/, failures.refused(451, "Gone")));
    await deliverPullRequest();
    expect(await rows("capture.jobs")).toMatchObject([
      { state: "failed", attempts: 1, error: { message: expect.stringContaining("451") } },
    ]);
    expect(lines).toEqual([
      {
        level: 50,
        delivery: expect.stringMatching(/^[\da-f-]{36}$/),
        function: "pr-capture-capture-pr-details",
        event: expect.stringContaining(":capture/pr.details"),
        error: expect.stringContaining("451"),
        msg: "A run failed",
      },
    ]);
  });

  test("a comment whose capture failed is a gap until GitHub serves it", async () => {
    await deliverPullRequest();
    const gapsOfPullRequests = async () => (await gaps()).filter((gap) => !gap.includes(" null "));
    expect(await gapsOfPullRequests()).toEqual([]);
    const heal = github.intercept(failures.matching(/comments/, failures.refused(451, "Gone")));
    github.after(10, () => {
      const [pullRequest] = scene.web.pullRequests.values();
      const comment =
        pullRequest && github.createIssueComment({ on: pullRequest, author: scene.ann, body: "First" });
      if (comment) github.editIssueComment(comment, "Edited within the second, so GitHub is asked");
    });
    await deliverWithoutPauses();
    expect(await gapsOfPullRequests()).toEqual([expect.stringMatching(/^comments 1 /)]);
    heal();
    await app.services.queue.fixGaps();
    await app.idle();
    expect(await gapsOfPullRequests()).toEqual([]);
  });
});

describe("an app of the test itself", () => {
  let database: SqlDatabase;

  beforeAll(async () => {
    database = await openTestDatabase();
  });
  afterEach(() => resetDatabase(database));
  afterAll(() => database.close());

  test("a job names a refused GITHUB_TOKEN, and completes with a valid one", async () => {
    const github = await openGitHub({ personalTokens: ["ghp_valid"] });
    const ann = github.createAccount({ login: "ann" });
    const repository = github.createRepository({ owner: ann, name: "web" });
    const { number } = github.after(0, () => github.openPullRequest({ repository, author: ann }));
    const environment = { GITHUB_API_URL: github.url, GITHUB_TOKEN: "ghp_expired" };
    const before = await startApp(database, environment);
    await before.services.inngest.send({
      id: "event",
      name: pullRequestDetails.name,
      data: {
        repository: { id: repository.id, owner: "ann", name: "web" },
        number,
        installationId: null,
        reason: "manual",
        priority: "high",
      },
    });
    await before.idle();
    expect(await before.rows("capture.jobs")).toMatchObject([
      {
        state: "retrying",
        error: { message: expect.stringContaining("GITHUB_TOKEN is not valid or has expired") },
      },
    ]);
    await before.close();

    await database.exec("update embedded_inngest.requests set due_at = 0");
    const after = await startApp(database, { ...environment, GITHUB_TOKEN: "ghp_valid" });
    await after.idle();
    expect(await after.rows("capture.jobs")).toMatchObject([{ state: "completed", error: null }]);
    await after.close();
    await github.close();
  });

  test("an attempt without a database is retried, and logs one line", async () => {
    const { log, lines } = keepLog();
    const config = testConfig({
      DATA_DIR: "memory://",
      SUPABASE_URL: "http://127.0.0.1:1",
      SUPABASE_SERVICE_ROLE_KEY: "key",
    });
    const services = await createServices(config, log, null);
    const data = { repository: { id: 1, owner: "acme", name: "web" }, number: 1, installationId: null };
    await services.inngest.send({
      id: "event",
      name: pullRequestDetails.name,
      data: { ...data, reason: "manual", priority: "high" },
    });
    await services.engine?.idle();
    expect(services.engine?.stats()).toMatchObject({ retried: 1, failed: 0 });
    expect(lines).toMatchObject([
      {
        function: "capture-pr-details",
        event: "event",
        attempt: 1,
        error: /* of supabase-js */ expect.any(String),
      },
    ]);
    expect(lines[0]?.["error"]).toContain("capture_begin_job");
    await services.close(1_000);
  });

  describe("functions of the test", () => {
    type Handler = Parameters<ReturnType<typeof createInngest>["createFunction"]>[1];

    /** Runs a function on the engine, with the middleware of the real functions. Returns the lines of the log. */
    async function run(handler: Handler, retries: 0 | 3): Promise<Record<string, unknown>[]> {
      const { log, lines } = keepLog();
      const store = connectStore(database);
      const engine = createInngestEngine({ db: database, backoff: () => 0, logger: log });
      const inngest = createInngest({
        ...engine.clientOptions,
        internalLogger: log,
        middleware: [createRecordAttempts({ store, log })],
      });
      const functions = [
        inngest.createFunction(
          { id: "capture", retries, triggers: [{ event: "capture/pr.details" }] },
          handler,
        ),
        createRecordFailures({ inngest, store, log }),
      ];
      await engine.start(serveInProcess({ client: inngest, functions }));
      const data = { repository: { id: 1, owner: "acme", name: "web" }, number: 1, installationId: null };
      await inngest.send({
        id: "event",
        name: "capture/pr.details",
        data: { ...data, reason: "manual", priority: "high" },
      });
      await engine.idle(1_000);
      await engine.stop();
      return lines;
    }

    const states = () =>
      database.query("select state, attempts, error ->> 'message' as error from capture.jobs");

    test("an unexpected error logs one line with its stack when the run fails", async () => {
      const lines = await run(async ({ step }) => {
        await step.run("broken", () => {
          throw new TypeError("Cannot read properties of undefined");
        });
      }, 0);
      expect(lines).toMatchObject([
        {
          msg: "A run failed",
          error: "Cannot read properties of undefined",
          stack: expect.stringContaining("attempts.test.ts"),
        },
      ]);
      expect(await states()).toEqual([
        { state: "failed", attempts: 1, error: "Cannot read properties of undefined" },
      ]);
    });

    test("each failed attempt of a step logs one line, and the job counts them", async () => {
      const lines = await run(async ({ step }) => {
        await step.run("broken", () => {
          throw new Error("No");
        });
      }, 3);
      expect(lines.map(({ msg, attempt }) => [msg, attempt])).toEqual([
        ["An attempt failed and is retried", 1],
        ["An attempt failed and is retried", 2],
        ["An attempt failed and is retried", 3],
        ["A run failed", undefined],
      ]);
      expect(await states()).toEqual([{ state: "failed", attempts: 4, error: "No" }]);
    });

    test("an error outside the steps counts as an attempt", async () => {
      let during: unknown;
      const lines = await run(async ({ attempt }) => {
        if (attempt === 0) throw new Error("Not yet");
        during = await states();
      }, 3);
      expect(lines).toMatchObject([
        { msg: "An attempt failed and is retried", attempt: 1, error: "Not yet" },
      ]);
      expect(during).toEqual([{ state: "retrying", attempts: 1, error: "Not yet" }]);
      expect(await states()).toEqual([{ state: "processing", attempts: 1, error: null }]);
    });

    test("a step that succeeds clears the error, even if it stores nothing", async () => {
      let attempts = 0;
      let during: unknown;
      await run(async ({ step }) => {
        await step.run("flaky", async () => {
          if (attempts++ === 0) throw new Error("Not yet");
          during = await states();
        });
      }, 3);
      expect(during).toEqual([{ state: "retrying", attempts: 1, error: "Not yet" }]);
      expect(await states()).toEqual([{ state: "processing", attempts: 1, error: null }]);
    });
  });
});
