import { expect, test } from "vitest";
import { failJob } from "../../src/lib/store/jobs.ts";
import { toContinuationEventId } from "../../src/lib/inngest/events/event-ids.ts";
import { toJobOfRun } from "../../src/lib/inngest/job-of-run.ts";
import { useScene } from "../support/scene.ts";

const scene = useScene({ installation: "delivered" });

test("the replay of a sync that had continued in another run is a job of its own, and reads nothing twice", async () => {
  const { queue, store } = scene.app.services;
  scene.github.openPullRequest({ repository: scene.web, author: scene.ann });
  await scene.deliver();
  const { job } = await queue.queueBackfill("acme/web", { all: true });
  if (!job) throw new Error("No sync was queued.");
  await scene.idle();

  // As if the sync had continued after listing the inventory, and that run had failed.
  const { event_id: first, event } = (await queue.getJob(job.id)) ?? {};
  if (first === undefined) throw new Error("The job is gone.");
  const list = { offset: 0, pageSize: 100, last: null };
  const from = {
    job: first,
    beganAt: new Date().toISOString(),
    stages: ["complete-inventory", "read"],
    reviewComments: { since: null, list, isComplete: true },
    inventory: { by: "graphql", cursor: null, list, pageSize: 100, listed: 0, unreadable: 0 },
    isInventoried: false,
    counted: null,
    read: { batchSize: 60, retry: [] },
    done: 0,
    maxTails: 25,
    tails: [],
    listings: [],
    left: [],
  };
  const data = { ...Object(event), from };
  const continuation = {
    id: toContinuationEventId(first, "run 1"),
    name: "capture/repository.sync",
    data,
    ts: Date.now(),
  };
  const failed = toJobOfRun({ event: continuation, runId: "run 2", attempt: 0 });
  if (!failed) throw new Error("A sync has a job.");
  const error = { name: "Error", message: "GitHub was down", stack: null };
  await failJob(store, failed.context, { error, event: failed.data });
  expect(await queue.getJob(job.id)).toMatchObject({ state: "failed" });

  await queue.replayJob(job.id);
  await scene.idle();
  const syncs = await scene.jobs("event_name = 'capture/repository.sync' order by id desc limit 2 --");
  expect(syncs).toMatchObject([
    { event_id: expect.stringMatching(/^replay:/), state: "completed" },
    { event_id: first, state: "cancelled", replayed_at: expect.any(Date) },
  ]);
  expect(await scene.openJobs()).toMatchObject([{ event_id: first }]);
});

test("a failed function of another app changes no job, though it has the same event", async () => {
  scene.github.openPullRequest({ repository: scene.web, author: scene.ann });
  await scene.deliver();
  const [job] = await scene.jobs("event_name = 'capture/pr.details'");
  await scene.app.services.inngest.send({
    name: "inngest/function.failed",
    data: {
      function_id: "team-bot-notify",
      run_id: "run",
      error: { name: "Error", message: "The channel was archived" },
      event: { id: job?.["event_id"], name: "capture/pr.details", data: job?.["data"] },
    },
  });
  await scene.idle();
  expect(await scene.openJobs()).toEqual([]);
  expect(await scene.gaps()).toEqual([]);
});
