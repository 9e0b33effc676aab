import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Account, Repository } from "../../src/fake-github/index.ts";
import { openPostgres } from "../../src/lib/embedded/open-postgres.ts";
import type { SqlDatabase } from "../../src/lib/embedded/sql-database.ts";
import { isResendId, toJobEventId } from "../../src/lib/inngest/events/event-ids.ts";
import { resetDatabase } from "../support/database.ts";
import { openLossyInngest, type LossyInngest } from "../support/lossy-inngest.ts";
import type { TestGitHub } from "../support/open-github.ts";
import { useScene } from "../support/scene.ts";
import { startApp, type TestApp } from "../support/start-app.ts";

/** Events that Inngest accepts and loses. */

const scene = useScene({
  environment: async (database) => {
    inngest = await openLossyInngest(database);
    return { INNGEST_DEV: inngest.url };
  },
});
const { differences, rows, takeDeliveries } = scene;

let inngest: LossyInngest;
let github: TestGitHub;
let app: TestApp;
let ann: Account;
let web: Repository;

beforeEach(async () => {
  ({ github, app, ann, web } = scene);
  await inngest.serve(app.services);
});
afterEach(() => inngest.close());

const loseEverything = () => (inngest.loses = () => true);
const loseNothing = () => (inngest.loses = () => false);

async function deliver(): Promise<void> {
  await scene.deliver();
  await app.services.journal?.flush();
  await inngest.idle();
}

function openPullRequest() {
  return github.after(10, () => github.openPullRequest({ repository: web, author: ann }));
}

/** Dates everything that has happened back. */
async function moveIntoPast(interval: string): Promise<void> {
  await app.services.journal?.flush();
  await scene.database.exec(`
    update capture.journal set accepted_at = accepted_at - interval '${interval}';
    update capture.unstarted_events set accepted_at = accepted_at - interval '${interval}', sent_at = sent_at - interval '${interval}';
    update capture.jobs set queued_at = queued_at - interval '${interval}', created_at = created_at - interval '${interval}',
      stepped_at = stepped_at - interval '${interval}', finished_at = finished_at - interval '${interval}';
  `);
}

async function resendLost(): Promise<number> {
  const sent = await app.services.outbox.resendLost();
  await inngest.idle();
  await app.services.journal?.flush();
  return sent;
}

const isAboutComment = ({ name }: { name: string }) => name.endsWith("comment");

const health = async () => (await fetch(`${app.url}/healthz`)).json() as Promise<{ journal: object }>;

test("a lost event is sent again after 15 minutes, without its observation, and captured", async () => {
  loseEverything();
  openPullRequest();
  await deliver();
  expect(await rows("capture.jobs")).toEqual([]);
  loseNothing();

  expect(await resendLost()).toBe(0); // it may still be queued
  await moveIntoPast("16 minutes");
  expect(await resendLost()).toBe(1);
  const [first, again] = inngest.accepted;
  expect(first?.data).toHaveProperty("observed");
  expect(again?.id).toBe(`${first?.id}:resend:1`);
  expect(again?.data).not.toHaveProperty("observed");
  expect(await differences()).toEqual([]);
  expect(await rows("capture.jobs")).toMatchObject([{ event_id: first?.id, state: "completed" }]);

  await moveIntoPast("1 day");
  expect(await resendLost()).toBe(0);
  expect(await scene.database.query("select id from capture.journal")).toEqual([]);
  expect(await rows("capture.unstarted_events")).toEqual([]);
});

test("a lost comment on a pull request that GraphQL cannot serve is captured by REST", async () => {
  const pullRequest = openPullRequest();
  await deliver();
  loseEverything();
  github.after(20, () => {
    github.createIssueComment({ on: pullRequest, author: ann, body: "In the conversation" });
    github.submitReview({ pullRequest, author: ann, comments: [{ body: "On the diff" }] });
  });
  github.deliveries.splice(0, github.deliveries.length, ...github.deliveries.filter(isAboutComment));
  await deliver();
  loseNothing();
  github.poison(pullRequest, { mode: "fail" });
  await moveIntoPast("16 minutes");
  expect(await resendLost()).toBe(2);
  const comments = await rows("github.comments");
  expect(comments.map(({ body }) => String(body)).toSorted()).toEqual(["In the conversation", "On the diff"]);
  const jobs = await rows("capture.jobs where event_name = 'capture/pr.comments'");
  expect(jobs.map(({ state }) => state)).toEqual(["completed", "completed"]);
});

test("an event whose job has started is never sent again, whatever the job's state", async () => {
  openPullRequest();
  await deliver();
  for (const state of ["processing", "retrying", "completed", "failed", "cancelled"]) {
    await scene.database.exec(`update capture.jobs set state = '${state}'`);
    await scene.database.query("insert into capture.journal (events) select $1", [
      JSON.stringify(inngest.accepted.map((event) => ({ ...event, job_event_id: event.id }))),
    ]);
    await moveIntoPast("1 day");
    expect(await resendLost()).toBe(0);
    expect(await rows("capture.unstarted_events")).toEqual([]);
  }
  expect(inngest.accepted).toHaveLength(1);
});

test("an event that Inngest loses every time becomes a failed job that can be replayed", async () => {
  loseEverything();
  openPullRequest();
  await deliver();
  for (const [interval, sent] of [
    ["16 minutes", 1],
    ["16 minutes", 0], // each wait is twice as long
    ["15 minutes", 1],
    ["61 minutes", 1],
  ] as const) {
    await moveIntoPast(interval);
    expect(await resendLost()).toBe(sent);
  }
  expect(await health()).toMatchObject({ journal: { unstarted: 1, resent: 1, given_up: 0 } });
  await moveIntoPast("121 minutes");
  expect(await resendLost()).toBe(0);
  expect(await health()).toMatchObject({ journal: { unstarted: 0, resent: 0, given_up: 1 } });
  const [job] = await app.services.queue.listJobs({ limit: 10 });
  expect(job).toMatchObject({
    state: "failed",
    repository: "acme/web",
    number: 1,
    error: { name: "NeverRanError", message: "The queue accepted this event 4 times and never ran it." },
  });
  loseNothing();
  await app.services.queue.replayJob(job?.id ?? 0);
  await inngest.idle();
  expect(await differences()).toEqual([]);
});

test("a late event and its resend share one job and write the same rows", async () => {
  const late: typeof inngest.accepted = [];
  inngest.loses = (event) => !isResendId(event.id) && late.push(event) > 0;
  openPullRequest();
  await deliver();
  await moveIntoPast("16 minutes");
  expect(await resendLost()).toBe(1);
  loseNothing();
  await app.services.inngest.send(late);
  await inngest.idle();
  expect(await rows("capture.jobs")).toMatchObject([{ event_id: late[0]?.id, state: "completed" }]);
  expect(await differences()).toEqual([]);
});

test("an event is not sent again while the queue runs older events of its kind", async () => {
  openPullRequest();
  await deliver();
  loseEverything();
  openPullRequest();
  await deliver();
  await moveIntoPast("3 hours");
  await scene.database.exec(
    "update capture.jobs set finished_at = now(), stepped_at = now() - interval '14 minutes'",
  );
  expect(await resendLost()).toBe(0); // the first job ended recently, so the second may be next
  expect(await health()).toMatchObject({
    journal: { unstarted: 1, oldest_age_seconds: expect.any(Number), resent: 0 },
  });
  await moveIntoPast("2 minutes");
  expect(await resendLost()).toBe(1);
});

test("an older job that is retried for hours does not delay a resend", async () => {
  openPullRequest();
  await deliver();
  loseEverything();
  openPullRequest();
  await deliver();
  await moveIntoPast("3 hours");
  await scene.database.exec(
    "update capture.jobs set state = 'retrying', attempts = 9, finished_at = null, stepped_at = now() - interval '1 minute'",
  );
  expect(await resendLost()).toBe(1);
});

test("jobs of later events do not delay a resend", async () => {
  loseEverything();
  openPullRequest();
  await deliver();
  await moveIntoPast("16 minutes");
  loseNothing();
  openPullRequest();
  await deliver();
  expect(await resendLost()).toBe(1);
});

test("a manual job that Inngest loses is sent again", async () => {
  openPullRequest();
  await deliver();
  loseEverything();
  expect(await app.services.queue.queuePullRequest("acme/web", 1)).toBe(3);
  await moveIntoPast("1 hour");
  loseNothing();
  expect(await resendLost()).toBe(3);
  expect(await app.services.queue.getQueueStats()).toMatchObject({ pending: 0, completed: 4, total: 4 });
});

test("a cancelled job is not sent again", async () => {
  openPullRequest();
  await deliver();
  loseEverything();
  await app.services.queue.queuePullRequest("acme/web", 1);
  await app.services.queue.clearAllJobs();
  await moveIntoPast("1 day");
  expect(await resendLost()).toBe(0);
});

test("a lost event that a function sent is sent again, such as the first sync of a repository", async () => {
  inngest.loses = ({ name, id }) => name === "capture/repository.sync" && !isResendId(id);
  const installed = github.after(3, () => {
    const owner = github.createOrganization({ login: "ben" });
    const created = github.createRepository({ owner, name: "lib" });
    github.install({ account: owner });
    return created;
  });
  await deliver();
  expect(inngest.accepted.map(({ name }) => name)).toContain("capture/repository.sync");
  expect(await rows("capture.jobs where event_name = 'capture/repository.sync'")).toEqual([]);
  await moveIntoPast("1 hour");
  expect(await resendLost()).toBe(1);
  expect(await rows(`github.repositories where id = ${installed.id} and synced_at is not null`)).toHaveLength(
    1,
  );
});

test("an event that continues a sync is sent again until its run writes to the sync's job", async () => {
  loseEverything();
  const data = {
    repository: { id: 1, owner: "acme", name: "web" },
    installationId: 51,
    from: { job: "sync" },
  };
  await app.services.inngest.send({ id: "sync:after:first", name: "capture/repository.sync", data });
  const write = (run: string) =>
    scene.database.exec(`
      insert into capture.jobs (event_id, event_name, run_id, reason, priority, state)
      values ('sync', 'capture/repository.sync', '${run}', 'backfill', 'low', 'processing')
      on conflict (event_id) do update set run_id = excluded.run_id
    `);
  await write("first");
  await moveIntoPast("16 minutes");
  expect(await app.services.outbox.resendLost()).toBe(1);
  expect(inngest.accepted.at(-1)).toMatchObject({ id: "sync:after:first:resend:1", data });
  await write("second");
  await moveIntoPast("1 day");
  expect(await app.services.outbox.resendLost()).toBe(0);
  expect(await rows("capture.unstarted_events")).toEqual([]);
});

test("the journal stores no observation", async () => {
  openPullRequest();
  await deliver();
  const [{ events } = { events: [] }] = await scene.database.query<{ events: { data: object }[] }>(
    "select events from capture.journal",
  );
  expect(events).toMatchObject([
    { data: { number: 1, repository: { owner: "acme", name: "web" }, reason: "webhook" } },
  ]);
  expect(JSON.stringify(events)).not.toContain("observed");
});

test("an event that Inngest refuses is in the outbox, and in the journal only once it is accepted", async () => {
  inngest.isDown = true;
  openPullRequest();
  await deliver();
  await moveIntoPast("1 day");
  expect(await resendLost()).toBe(0);
  expect(await rows("capture.outbox")).toHaveLength(1);
  inngest.isDown = false;
  loseEverything();
  await scene.database.exec("update capture.outbox set next_attempt_at = now()");
  expect(await app.services.outbox.drain()).toBe(1);
  await moveIntoPast("16 minutes");
  loseNothing();
  expect(await resendLost()).toBe(1);
  expect(await differences()).toEqual([]);
});

test("an outage of Inngest does not count as a resend", async () => {
  loseEverything();
  openPullRequest();
  await deliver();
  await moveIntoPast("16 minutes");
  inngest.isDown = true;
  await expect(app.services.outbox.resendLost()).rejects.toThrow("Inngest refused the events.");
  expect(await rows("capture.unstarted_events")).toMatchObject([{ resends: 0 }]);
});

test("deliveries are acknowledged while the database is down, and journalled once it is back", async () => {
  let isDown = true;
  const nowhere = openPostgres("postgres://user@127.0.0.1:1/nowhere");
  const flaky: SqlDatabase = {
    ...scene.database,
    query: (...args: Parameters<SqlDatabase["query"]>) => (isDown ? nowhere : scene.database).query(...args),
    transaction: (work) => (isDown ? nowhere : scene.database).transaction(work),
  };
  const other = await startApp(flaky, { GITHUB_API_URL: github.url, INNGEST_DEV: inngest.url });
  loseEverything();
  openPullRequest();
  for (const delivery of takeDeliveries()) expect(await other.deliver(delivery)).toBe(200);
  await other.services.journal?.flush();
  const down = await fetch(`${other.url}/healthz`);
  expect(await down.json()).toMatchObject({ status: "down", journal: { unwritten: 1, dropped: 0 } });

  isDown = false;
  await other.services.journal?.flush();
  const up = await fetch(`${other.url}/healthz`);
  expect(await up.json()).toMatchObject({ status: "ok", journal: { unwritten: 0, dropped: 0 } });
  await other.close();
  await nowhere.close();
  loseNothing();
  await moveIntoPast("16 minutes");
  expect(await resendLost()).toBe(1);
  expect(await differences()).toEqual([]);
});

describe("random losses", () => {
  test("every acknowledged event has a job that completed, or that failed because it never ran", async () => {
    const losses = fc.record({
      /** True at n when the n-th accepted event is lost. */
      lost: fc.array(fc.boolean(), { minLength: 40, maxLength: 40 }),
      count: fc.integer({ min: 1, max: 4 }),
    });
    await fc.assert(
      fc.asyncProperty(losses, async ({ lost, count }) => {
        await resetDatabase(scene.database);
        inngest.accepted.length = 0;
        let nth = 0;
        const kept = new Set<string>();
        inngest.loses = ({ id }) => {
          const isLost = lost[nth++ % lost.length] ?? false;
          if (!isLost) kept.add(toJobEventId(id));
          return isLost;
        };
        for (let n = 0; n < count; n++) {
          const pullRequest = openPullRequest();
          github.after(20, () => github.submitReview({ pullRequest, author: ann }));
          github.after(21, () => github.createIssueComment({ on: pullRequest, author: ann, body: "Fine" }));
        }
        await deliver();
        for (let round = 0; round < 16; round++) {
          // an event that a resent one causes can be lost too
          await moveIntoPast("3 hours");
          await resendLost();
        }

        const jobs = await scene.database.query<{
          event_id: string;
          state: string;
          error: { name: string } | null;
        }>("select event_id, state, error from capture.jobs");
        const byEvent = new Map(jobs.map((job) => [job.event_id, job]));
        const accepted = new Set(inngest.accepted.map((event) => toJobEventId(event.id)));
        expect(jobs.filter(({ event_id }) => !accepted.has(event_id))).toEqual([]);
        for (const id of accepted) {
          expect(byEvent.get(id)).toMatchObject(
            kept.has(id) ? { state: "completed" } : { state: "failed", error: { name: "NeverRanError" } },
          );
        }
        expect(await rows("capture.unstarted_events")).toEqual([]);
        const ids = inngest.accepted.map(({ id }) => id);
        expect(new Set(ids).size).toBe(ids.length); // Inngest would deduplicate a repeated id
      }),
      { numRuns: 8, examples: [[{ lost: toLosses("1001111101010000110011100000111101000101"), count: 4 }]] },
    );
  });
});

/** Converts digits to losses. A 1 is a lost event. */
function toLosses(digits: string): boolean[] {
  return Array.from(digits, (digit) => digit === "1");
}
