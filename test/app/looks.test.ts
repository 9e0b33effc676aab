import { beforeEach, expect, test } from "vitest";
import { failures, type PullRequest } from "../../src/fake-github/index.ts";
import { createLooks, type Looks } from "../../src/lib/inngest/looks.ts";
import { createClock } from "../lib/embedded/engine-harness.ts";
import { useScene } from "../support/scene.ts";

/** The looks: reconcilers on a timer, which start a run on Inngest only when there is something to do. */

const scene = useScene({ installation: "delivered" });
const { deliver, differences, idle, rows, takeDeliveries } = scene;

let clock: ReturnType<typeof createClock>;
let looks: Looks;
let pullRequest: PullRequest;

/** The looks of one process. Several share a database. */
function createProcessLooks(): Looks {
  const { store, github, outbox, log } = scene.app.services;
  return createLooks({
    store,
    github,
    send: outbox.send,
    log,
    handles: (webhook) => webhook.startsWith("pull_request"),
    jobRetentionDays: 30,
    alerts: false,
    now: clock.now,
  });
}

/** Runs what is due an hour later, and returns the number of events that this caused. */
async function look(): Promise<number> {
  clock.advance(60 * 60);
  const { engine } = scene.app.services;
  const before = engine?.stats().events ?? 0;
  await looks.runDue();
  await idle();
  return (engine?.stats().events ?? 0) - before;
}

const jobsOfLooks = () => rows("capture.jobs where event_id like 'look:%' order by id --");

beforeEach(async () => {
  clock = createClock(new Date().toISOString());
  looks = createProcessLooks();
  pullRequest = scene.github.after(0, () =>
    scene.github.openPullRequest({ repository: scene.web, author: scene.ann }),
  );
  await deliver();
  await scene.reconcile(); // takes the daily inventory
  await scene.reconcileUpdates(); // captures what moved less than a minute before the first sync
});

test("looks that find nothing start no run, and complete the reconcilers' jobs", async () => {
  await look();
  expect(await look()).toBe(0);
  const names = (await jobsOfLooks()).map(
    ({ event_name: name, state }) => `${String(name)} ${String(state)}`,
  );
  expect(new Set(names)).toEqual(
    new Set([
      "capture/deliveries.reconcile completed",
      "capture/installation.reconcile completed",
      "capture/repositories.reconcile completed",
    ]),
  );
  const checkpoints = await rows(
    "capture.checkpoints where succeeded_at > now() - interval '1 minute' order by name --",
  );
  expect(checkpoints.map(({ name }) => name)).toEqual([
    "capture/deliveries.reconcile",
    "capture/repositories.reconcile",
  ]);
});

test("a look that finds a failed delivery starts the run that redelivers it", async () => {
  await look();
  scene.github.after(5, () => scene.github.submitReview({ pullRequest, author: scene.ann, body: "Fine" }));
  for (const delivery of takeDeliveries()) scene.github.recordAttempt(delivery, 0);
  expect(await look()).toBeGreaterThan(0);
  await deliver(scene.github.takeRedeliveries());
  expect(await differences()).toEqual([]);
});

test("a look that finds an update without a webhook starts the run that captures it", async () => {
  await look();
  scene.github.quietly(() =>
    scene.github.after(120, () => scene.github.editPullRequest(pullRequest, { title: "Changed silently" })),
  );
  scene.pass(240);
  expect(await look()).toBeGreaterThan(0);
  expect(await differences()).toEqual([]);
});

test("only one process runs a look when it is due", async () => {
  await look();
  const other = createProcessLooks();
  const before = (await jobsOfLooks()).length;
  clock.advance(60 * 60);
  await Promise.all([looks.runDue(), other.runDue(), looks.runDue(), other.runDue()]);
  expect((await jobsOfLooks()).length - before).toBe(before); // deliveries, repositories, and two installations
});

test("a look that GitHub refuses starts the run, which is retried", async () => {
  await look();
  scene.github.intercept(failures.times(30, failures.serverError(502)));
  expect(await look()).toBeGreaterThan(0);
  await scene.skipRetries();
  expect(await scene.openJobs()).toEqual([]);
});

test("a nightly look fails a job whose run the queue lost, and what it lacks is captured", async () => {
  const comment = scene.github.after(5, () =>
    scene.github.createIssueComment({ on: pullRequest, author: scene.ann, body: "First" }),
  );
  await deliver();
  const stop = scene.github.intercept(failures.serverError(502));
  // Two edits within one second are resolved by GitHub's list.
  scene.github.after(9, () => scene.github.editIssueComment(comment, "Second"));
  scene.github.after(9, () => scene.github.editIssueComment(comment, "Third"));
  await deliver();
  stop();
  expect(await scene.openJobs()).toMatchObject([{ state: "retrying" }]);
  await scene.database.exec(`
    delete from embedded_inngest.requests; delete from embedded_inngest.steps; delete from embedded_inngest.runs;
    update capture.jobs set stepped_at = now() - interval '3 days', next_attempt_at = null where state = 'retrying';
  `);
  clock.advance(24 * 60 * 60);
  await look();
  expect(await scene.openJobs()).toMatchObject([{ state: "failed", error: { name: "LostRunError" } }]);
  await scene.reconcileUpdates();
  expect(await differences()).toEqual([]);
  expect(await scene.gaps()).toEqual([]);
});

test("a nightly look deletes jobs that finished before the retention", async () => {
  clock.advance(31 * 24 * 60 * 60);
  await look();
  clock.advance(24 * 60 * 60);
  await look();
  expect(await rows("capture.jobs where finished_at < now() - interval '1 hour'")).toEqual([]);
  expect(await rows("capture.jobs where event_id not like 'look:%'")).toEqual([]);
});

test("a server that is stopped every night runs the nightly look when it starts", async () => {
  const nightly = () => rows("capture.looks where name = 'prune-jobs' --");
  clock = createClock("2030-01-01T08:00:00Z");
  for (let day = 0; day < 2; day++) {
    const daily = createProcessLooks();
    daily.start();
    for (let hour = 0; hour < 10; hour++) {
      clock.advance(60 * 60);
      await daily.runDue();
    }
    await daily.stop();
    clock.advance(14 * 60 * 60);
    expect(await nightly()).toMatchObject([{ due_at: new Date(`2030-01-0${day + 1}T03:17:00Z`) }]);
  }
});

test("a process whose clock was days ahead does not stop the looks of the others", async () => {
  const ahead = createClock(new Date(clock.now() + 3 * 24 * 60 * 60 * 1000).toISOString());
  const now = clock;
  clock = ahead;
  await createProcessLooks().runDue();
  clock = now;
  const before = (await jobsOfLooks()).length;
  await look();
  expect((await jobsOfLooks()).length).toBeGreaterThan(before);
});
