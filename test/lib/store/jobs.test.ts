import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { mergeComments, mergeThreads } from "../../../src/lib/store/comments.ts";
import {
  beginJob,
  cancelPendingJobs,
  failJob,
  findSync,
  getJob,
  getQueueStats,
  listJobs,
  recordAttempt,
  recordRecovery,
  recordSent,
  pruneJobs,
  queueJobs,
  unqueueJobs,
} from "../../../src/lib/store/jobs.ts";
import { finishListing } from "./finish-listing.ts";
import { mergePullRequestDetails, replaceFiles } from "../../../src/lib/store/pull-requests.ts";
import { mergeReviews } from "../../../src/lib/store/reviews.ts";
import type { JobStep } from "../../../src/lib/store/context-types.ts";
import type { QueuedJob } from "../../../src/lib/store/job-types.ts";
import { StoreError } from "../../../src/lib/store/store.ts";
import { getDueEvents } from "../../../src/lib/store/outbox.ts";
import { openStore, type TestStore } from "./open-store.ts";
import {
  at,
  file,
  inFetch,
  inPayload,
  issueComment,
  number,
  partialPullRequest,
  pullRequest,
  repositoryId,
  review,
  reviewComment,
} from "./observations.ts";

let db: TestStore;

beforeAll(async () => {
  db = await openStore();
});
beforeEach(() => db.clear());
afterAll(() => db.close());

const theJob = async () => (await db.rows("capture.jobs"))[0];

/** A step of one and the same run. */
const step = (job: Partial<JobStep> = {}) =>
  inFetch(8, { job: { event_id: "event", run_id: "run", ...job } });

/** The steps of a capture that write rows, each with the rows that it has to tell of when it runs on an empty database. */
const writingSteps = [
  {
    name: "a pull request",
    rows: 1,
    run: () => mergePullRequestDetails(db.store, step(), pullRequest(5)),
  },
  {
    name: "reviews",
    rows: 2,
    run: () =>
      mergeReviews(db.store, step(), {
        number,
        pull_request: partialPullRequest(5),
        reviews: [review(1, 8), review(2, 8)],
        finished: true,
      }),
  },
  {
    name: "comments, one of them of a resolved thread",
    rows: 2,
    run: () =>
      mergeComments(db.store, step(), {
        number,
        pull_request: partialPullRequest(5),
        comments: [issueComment(1, 5), reviewComment(1, 5, { resolved: true, resolved_clock: at(5) })],
        finished: true,
      }),
  },
  {
    name: "threads",
    before: () =>
      mergeComments(db.store, inPayload(4), {
        number,
        pull_request: null,
        comments: [reviewComment(1, 4), reviewComment(2, 4)],
        finished: true,
      }),
    rows: 2,
    run: () =>
      mergeThreads(db.store, step(), [
        { comment_id: 1, resolved: true },
        { comment_id: 2, resolved: false },
      ]),
  },
  {
    name: "files",
    before: () => mergePullRequestDetails(db.store, inPayload(5), pullRequest(5)),
    rows: 3,
    run: () =>
      replaceFiles(db.store, step(), number, {
        head_sha: "aaaa",
        base_ref: "main",
        files: [file("a.ts"), file("b.ts"), file("c.ts")],
        truncated: false,
      }),
  },
  {
    name: "a listing's end",
    before: () =>
      mergeReviews(db.store, inPayload(4), {
        number,
        pull_request: null,
        reviews: [review(1, 4), review(2, 4)],
        finished: true,
      }),
    rows: 2,
    run: () => finishListing(db.store, step(), { number, kinds: ["reviews"], began_at: at(8) }),
  },
];

const jobOfTheRun = async () => (await db.rows("capture.jobs where event_id = 'event'"))[0];

describe.each(writingSteps)("a step that writes $name", ({ before, run, rows }) => {
  test("the step counts its rows in the job", async () => {
    await before?.();
    await run();
    expect(await jobOfTheRun()).toMatchObject({ rows_written: rows });
  });

  test("the step adds no rows when it runs again after its commit", async () => {
    await before?.();
    await run();
    await run();
    expect(await jobOfTheRun()).toMatchObject({ rows_written: rows });
  });
});

test("a job records its event, its run and its API cost", async () => {
  const context = inFetch(8, {
    job: {
      event_id: "guid:capture/pr.reviews",
      event_name: "capture/pr.reviews",
      run_id: "run",
      attempt: 2,
      reason: "backfill",
      priority: "low",
      requests: 3,
      points: 4,
      step: "capture-reviews-page-1",
      data: { number },
      observed_at: at(5),
    },
  });
  await mergeReviews(db.store, context, {
    number,
    pull_request: null,
    reviews: [review(1, 8)],
    finished: true,
  });
  expect(await theJob()).toEqual({
    id: expect.any(Number),
    event_id: "guid:capture/pr.reviews",
    event_name: "capture/pr.reviews",
    run_id: "run",
    repository_id: repositoryId,
    repository: "acme/web",
    number,
    installation_id: 51,
    reason: "backfill",
    priority: "low",
    state: "completed",
    attempts: 3,
    error: null,
    next_attempt_at: null,
    event: null,
    created_at: expect.any(String),
    queued_at: null,
    started_at: expect.any(String),
    stepped_at: expect.any(String),
    finished_at: expect.any(String),
    requests: 3,
    points: 4,
    rows_written: 1,
    steps: [
      { name: "capture-reviews-page-1", at: expect.any(String), requests: 3, points: 4, rows_written: 1 },
    ],
    data: { number },
    observed_at: expect.any(String),
    cancelled_at: null,
    replayed_at: null,
    changed_at: expect.any(String),
    failure: null,
    lag_ms: expect.any(Number),
    search: "acme/web#7\nguid:capture/pr.reviews\n\n",
    since: null,
    left_behind: [],
    done: null,
    total: null,
  });
});

test("the steps of a run add up in one job, and the last step completes it", async () => {
  const pages = [{ requests: 1 }, { requests: 1, attempt: 3 }, { points: 2, attempt: 1 }];
  for (const [index, page] of pages.entries()) {
    await mergeReviews(db.store, step(page), {
      number,
      pull_request: null,
      reviews: [review(index + 1, 8)],
      finished: false,
    });
    expect(await theJob()).toMatchObject({ state: "processing", finished_at: null });
  }
  await finishListing(db.store, step(), { number, kinds: ["reviews"], began_at: at(8) });
  expect(await db.rows("capture.jobs")).toMatchObject([
    {
      state: "completed",
      finished_at: expect.any(String),
      requests: 2,
      points: 2,
      rows_written: 3,
      attempts: 4,
    },
  ]);
});

test("an ambiguous observation does not complete the job", async () => {
  const merge = (body: string) =>
    mergeReviews(db.store, inPayload(5, { job: { event_id: "event" } }), {
      number,
      pull_request: null,
      reviews: [review(1, 5, { body })],
      finished: true,
    });
  await merge("One");
  expect(await theJob()).toMatchObject({ state: "completed" });
  await merge("Other");
  expect(await theJob()).toMatchObject({ state: "processing", finished_at: null });
});

test("a pull request without files does not complete the job until they are captured", async () => {
  await mergePullRequestDetails(db.store, step(), pullRequest(5));
  expect(await theJob()).toMatchObject({ state: "processing" });
  await replaceFiles(db.store, step(), number, {
    head_sha: "aaaa",
    base_ref: "main",
    files: [],
    truncated: false,
  });
  expect(await theJob()).toMatchObject({ state: "completed" });
  const context = inPayload(6, { job: { event_id: "next" } });
  await mergePullRequestDetails(db.store, context, pullRequest(6));
  expect(await db.rows("capture.jobs where event_id = 'next'")).toMatchObject([{ state: "completed" }]);
});

describe("a failed merge", () => {
  const accounts = [{ id: 1, login: "ann", type: "User" }];
  const failing = [
    {
      name: "a review with an invalid time",
      run: () =>
        mergeReviews(db.store, inPayload(5, { accounts }), {
          number,
          pull_request: partialPullRequest(5),
          reviews: [review(1, 5), { ...review(2, 5), submitted_at: "never" }],
          finished: true,
        }),
    },
    {
      name: "a comment of an unknown kind",
      run: () =>
        mergeComments(db.store, inPayload(5, { accounts }), {
          number,
          pull_request: partialPullRequest(5),
          comments: [issueComment(1, 5), { ...issueComment(2, 5), kind: "commit" as "issue" }],
          finished: true,
        }),
    },
    {
      name: "a pull request with an invalid size",
      run: () =>
        mergePullRequestDetails(db.store, inPayload(5, { accounts }), {
          ...pullRequest(5),
          additions: "many" as unknown as number,
        }),
    },
    {
      name: "an unknown priority",
      run: () =>
        mergePullRequestDetails(
          db.store,
          inPayload(5, { accounts, job: { priority: "urgent" } }),
          pullRequest(5),
        ),
    },
  ];

  test.each(failing)("$name leaves neither rows nor a job", async ({ run }) => {
    await expect(run()).rejects.toThrow(StoreError);
    for (const table of [
      "installations",
      "repositories",
      "accounts",
      "pull_requests",
      "reviews",
      "comments",
    ]) {
      expect(await db.database.query(`select * from github.${table}`)).toEqual([]);
    }
    expect(await db.rows("capture.jobs")).toEqual([]);
  });
});

const failedAttempt = (nextAttemptAt: Date | null = null, final = false) => ({
  error: { name: "Error", message: "GitHub answered 502", stack: "at …" },
  nextAttemptAt,
  final,
});

describe("a failed attempt", () => {
  test("a failed attempt is recorded with its error and the next attempt, and the job goes on", async () => {
    await beginJob(db.store, step());
    const id = await recordAttempt(
      db.store,
      step({ attempt: 2 }),
      failedAttempt(new Date("2026-05-01T12:00:00Z")),
    );
    expect(await theJob()).toMatchObject({
      id,
      state: "retrying",
      attempts: 3,
      error: failedAttempt().error,
      next_attempt_at: "2026-05-01T12:00:00.000Z",
      finished_at: null,
    });
  });

  test("a failed attempt creates the job of a run that has stored nothing", async () => {
    await recordAttempt(db.store, step(), failedAttempt());
    expect(await theJob()).toMatchObject({ state: "retrying", attempts: 1, number, reason: "webhook" });
  });

  test("a failed attempt begins a pending job", async () => {
    await queueJobs(db.store, [queued("event")]);
    await recordAttempt(db.store, step(), failedAttempt());
    expect(await db.rows("capture.jobs")).toMatchObject([{ state: "retrying" }]);
  });

  test("the next stored step clears a failed attempt", async () => {
    await recordAttempt(db.store, step(), failedAttempt(new Date()));
    await mergeReviews(db.store, step({ attempt: 1 }), {
      number,
      pull_request: null,
      reviews: [],
      finished: true,
    });
    expect(await theJob()).toMatchObject({
      state: "completed",
      attempts: 2,
      error: null,
      next_attempt_at: null,
    });
  });

  test("a successful attempt that stores nothing clears a failed attempt", async () => {
    await recordAttempt(db.store, step(), failedAttempt(new Date()));
    await recordRecovery(db.store, "event");
    expect(await theJob()).toMatchObject({ state: "processing", error: null, next_attempt_at: null });
  });

  test("the last attempt of a step has no next attempt", async () => {
    await recordAttempt(db.store, step(), failedAttempt(null, true));
    expect(await theJob()).toMatchObject({ state: "processing", error: failedAttempt().error });
  });

  test.each(["completed", "cancelled"])("a failed attempt does not change a %s job", async (state) => {
    await beginJob(db.store, step());
    await db.database.exec(`update capture.jobs set state = '${state}', finished_at = now()`);
    const before = await theJob();
    expect(await recordAttempt(db.store, step({ attempt: 4 }), failedAttempt())).toBe(before?.["id"]);
    await recordRecovery(db.store, "event");
    expect(await theJob()).toEqual(before);
  });

  test("a running sync is not queued again after a failed attempt", async () => {
    const sync = { event_name: "capture/repository.sync", number: null, reason: "backfill" };
    await queueJobs(db.store, [queued("sync", { ...sync, since: null })]);
    await recordAttempt(db.store, step({ event_id: "sync", ...sync }), failedAttempt());
    expect(await queueJobs(db.store, [queued("another", { ...sync, since: null })])).toEqual([]);
    const found = await findSync(db.store, {
      event_name: sync.event_name,
      repository_id: repositoryId,
      since: null,
    });
    expect(found).toMatchObject({ event_id: "sync", state: "retrying" });
  });
});

describe("a run without retries left", () => {
  const failure = {
    error: { name: "Error", message: "GitHub answered 502", stack: "at …" },
    event: { number, repository: { id: repositoryId } },
  };

  test("the run fails its job, which keeps the error and the event", async () => {
    await mergeReviews(db.store, step({ requests: 1 }), {
      number,
      pull_request: null,
      reviews: [review(1, 8)],
      finished: false,
    });
    await failJob(db.store, step(), failure);
    expect(await db.rows("capture.jobs")).toMatchObject([
      { state: "failed", ...failure, finished_at: expect.any(String), requests: 1, rows_written: 1 },
    ]);
  });

  test("the run fails a job that has written nothing", async () => {
    await failJob(db.store, step(), failure);
    expect(await db.rows("capture.jobs")).toMatchObject([
      { state: "failed", ...failure, number, reason: "webhook" },
    ]);
  });

  test("a successful replay clears the failure", async () => {
    await failJob(db.store, step(), failure);
    await mergeReviews(db.store, step(), {
      number,
      pull_request: null,
      reviews: [review(1, 8)],
      finished: true,
    });
    expect(await db.rows("capture.jobs")).toMatchObject([{ state: "completed", error: null, event: null }]);
  });

  test("the run fails its job even if Postgres cannot store the error message", async () => {
    const error = { ...failure.error, message: "invalid \0 and \ud800" };
    await failJob(db.store, step(), { ...failure, error });
    expect(await theJob()).toMatchObject({ state: "failed", error: { name: "Error" } });
  });
});

function queued(event_id: string, job: Partial<QueuedJob> = {}): QueuedJob {
  return {
    event_id,
    event_name: "capture/pr.reviews",
    repository_id: repositoryId,
    repository: "acme/web",
    number,
    installation_id: 51,
    reason: "gap",
    since: null,
    priority: "low",
    data: { number: job.number ?? number },
    ...job,
  };
}

describe("the queue", () => {
  test("events of queued jobs stay in the outbox until they are sent or unqueued", async () => {
    await queueJobs(db.store, [queued("a"), queued("b", { number: 8 }), queued("c", { number: 9 })]);
    await queueJobs(db.store, [queued("joins a")]);
    await recordSent(db.store, ["b"]);
    await unqueueJobs(db.store, ["c"]);
    expect(await getDueEvents(db.store, 10)).toEqual([]); // whoever queued them is still sending
    await db.database.exec("update capture.outbox set next_attempt_at = now()");
    expect(await getDueEvents(db.store, 10)).toMatchObject([
      { event: { id: "a", name: "capture/pr.reviews", data: { number } } },
    ]);
  });

  test("pending work is not queued twice, and only new jobs are returned", async () => {
    const others = [
      queued("c", { number: 8 }),
      queued("d", { repository_id: 1002 }),
      queued("e", { event_name: "capture/pr.comments" }),
      queued("f", { number: null }),
      queued("g", { number: null }),
    ];
    expect(await queueJobs(db.store, [queued("a")])).toEqual(["a"]);
    expect(new Set(await queueJobs(db.store, [queued("b"), ...others]))).toEqual(
      new Set(["c", "d", "e", expect.stringMatching(/f|g/)]),
    );
    expect(await getQueueStats(db.store)).toMatchObject({ pending: 5, total: 5 });
  });

  test("work that has begun, ended or failed is queued again", async () => {
    for (const [index, run] of [
      () => mergeReviews(db.store, step(), { number, pull_request: null, reviews: [], finished: false }),
      () => mergeReviews(db.store, step(), { number, pull_request: null, reviews: [], finished: true }),
      () => failJob(db.store, step(), { error: { name: "Error", message: "", stack: null }, event: {} }),
      () => cancelPendingJobs(db.store),
    ].entries()) {
      await db.clear();
      await queueJobs(db.store, [queued("event")]);
      await run();
      expect(await queueJobs(db.store, [queued(`again ${index}`)])).toEqual([`again ${index}`]);
    }
  });

  test("a running sync that was queued by hand and goes back as far is not queued again", async () => {
    const sync = { event_name: "capture/repository.sync", number: null, reason: "backfill" };
    await queueJobs(db.store, [queued("event", { ...sync, since: at(5) })]);
    await beginJob(db.store, step());
    expect(await queueJobs(db.store, [queued("later", { ...sync, since: at(6) })])).toEqual([]);
    expect(await queueJobs(db.store, [queued("all", sync)])).toEqual(["all"]);
  });

  test("unqueued jobs are deleted unless their run has begun", async () => {
    await queueJobs(db.store, [queued("event"), queued("other", { number: 8 })]);
    await beginJob(db.store, step());
    await unqueueJobs(db.store, ["event", "other"]);
    expect(await db.rows("capture.jobs")).toMatchObject([{ event_id: "event", state: "processing" }]);
  });

  test("only pending jobs are cancelled, and the run of a cancelled job ends when it begins", async () => {
    await queueJobs(db.store, [queued("event"), queued("other", { number: 8 })]);
    await beginJob(db.store, inFetch(8, { job: { event_id: "running" } }));
    expect(await cancelPendingJobs(db.store)).toBe(2);
    expect(await beginJob(db.store, step())).toBe("cancelled");
    expect(await getQueueStats(db.store)).toMatchObject({ cancelled: 2, processing: 1, pending: 0 });
  });

  test("the run of a queued job continues the same row", async () => {
    await queueJobs(db.store, [queued("event", { priority: "critical" })]);
    const pending = await theJob();
    expect(pending).toMatchObject({
      state: "pending",
      started_at: null,
      attempts: 0,
      repository: "acme/web",
    });
    expect(await beginJob(db.store, step())).toBe("begun");
    expect(await db.rows("capture.jobs")).toMatchObject([
      {
        id: pending?.["id"],
        state: "processing",
        started_at: expect.any(String),
        priority: "critical",
        reason: "gap",
      },
    ]);
  });
});

describe("a job for a stub's details", () => {
  test("the job begins while the details are missing", async () => {
    expect(await beginJob(db.store, step(), true)).toBe("begun");
    await mergeReviews(db.store, inPayload(5), {
      number,
      pull_request: partialPullRequest(5),
      reviews: [],
      finished: true,
    });
    expect(await beginJob(db.store, step(), true)).toBe("begun");
    expect(await jobOfTheRun()).toMatchObject({ state: "processing" });
  });

  test("the job ends once the details are captured, unless they were requested by hand", async () => {
    await mergePullRequestDetails(db.store, inPayload(5), pullRequest(5));
    expect(await beginJob(db.store, step())).toBe("begun");
    expect(await beginJob(db.store, step(), true)).toBe("known");
    expect(await jobOfTheRun()).toMatchObject({ state: "completed" });
  });
});

describe("reading jobs", () => {
  async function oneOfEachState(): Promise<void> {
    await queueJobs(db.store, [queued("cancelled", { number: 1 })]);
    await cancelPendingJobs(db.store);
    await queueJobs(db.store, [queued("pending", { number: 2 })]);
    await recordAttempt(db.store, step({ event_id: "retrying" }), failedAttempt());
    await beginJob(db.store, step({ event_id: "processing" }));
    const nothing = { number, pull_request: null, reviews: [], finished: true };
    await mergeReviews(db.store, step({ event_id: "completed" }), nothing);
    await failJob(db.store, step({ event_id: "failed" }), {
      error: { name: "Error", message: "No", stack: null },
      event: { number: 7 },
    });
  }

  test("the statistics count the jobs of each state", async () => {
    expect(await getQueueStats(db.store)).toEqual({
      pending: 0,
      processing: 0,
      retrying: 0,
      completed: 0,
      failed: 0,
      cancelled: 0,
      total: 0,
    });
    await oneOfEachState();
    expect(await getQueueStats(db.store)).toEqual({
      pending: 1,
      processing: 1,
      retrying: 1,
      completed: 1,
      failed: 1,
      cancelled: 1,
      total: 6,
    });
  });

  test("the list is sorted by newest first, filtered by state and limited", async () => {
    await oneOfEachState();
    const ids = (jobs: { event_id: string }[]) => jobs.map((job) => job.event_id);
    expect(ids(await listJobs(db.store, {}, { limit: 3 }))).toEqual(["failed", "completed", "processing"]);
    expect(ids(await listJobs(db.store, { state: "pending" }, { limit: 10 }))).toEqual(["pending"]);
    const [failed] = await listJobs(db.store, { state: "failed" }, { limit: 10 });
    expect(failed).toMatchObject({ error: { message: "No" } });
    expect(failed).not.toHaveProperty("event");
  });

  test("a job is returned by its id with its event, and an unknown one is null", async () => {
    await oneOfEachState();
    const [failed] = await listJobs(db.store, { state: "failed" }, { limit: 1 });
    expect(await getJob(db.store, failed?.id ?? 0)).toMatchObject({
      event: { number: 7 },
      event_id: "failed",
    });
    expect(await getJob(db.store, 999)).toBeNull();
  });

  test("pruning deletes jobs that ended before the given time, and keeps unfinished ones", async () => {
    await oneOfEachState();
    expect(await pruneJobs(db.store, new Date(Date.now() - 60_000))).toBe(0);
    expect(await pruneJobs(db.store, new Date(Date.now() + 60_000))).toBe(3);
    const left = (await db.rows("capture.jobs")).map((job) => job["event_id"]);
    expect(left).toEqual(["pending", "retrying", "processing"]);
  });

  test("priorities are sorted by urgency and not alphabetically", async () => {
    const priorities = ["low", "critical", "medium", "high"];
    await queueJobs(
      db.store,
      priorities.map((priority, index) => queued(priority, { priority, number: index + 1 })),
    );
    const sorted = await db.database.query<{ event_id: string }>(
      "select event_id from capture.jobs order by priority desc",
    );
    expect(sorted.map((job) => job.event_id)).toEqual(["critical", "high", "medium", "low"]);
  });
});
