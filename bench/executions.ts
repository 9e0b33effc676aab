/**
 * Counts what pr-capture would cost on Inngest, whose plans limit executions: each run and each of its steps is one
 * (https://www.inngest.com/pricing). It runs the functions through the SDK's serve handler with the embedded engine, which makes the same
 * calls.
 *
 *   idle      an installation with one repository, where nothing happens for 30 days. Three days are simulated, with every look and the
 *             daily inventory, and multiplied
 *   life      one pull request with 17 webhooks
 *   backfill  a history of 1,000 pull requests
 */
import { setTimeout as pause } from "node:timers/promises";
import { z } from "zod";
import { createFakeGitHub, serveGitHub } from "../src/fake-github/index.ts";
import { createLooks } from "../src/lib/inngest/looks.ts";
import { print } from "../src/testing/print.ts";
import { printTable } from "../src/testing/print-table.ts";
import { demoApp, startPrCapture, type RunningPrCapture } from "../src/testing/start-pr-capture.ts";
import { createHistory } from "./support/history.ts";
import { playPullRequestLife } from "./support/pull-request-life.ts";

const goals = { idle: 1_500, life: 36, backfill: 250 };
const simulatedDays = 3;
const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;

/** The part of a call and its answer that says what Inngest would count. */
const callSchema = z.looseObject({ ctx: z.looseObject({ run_id: z.string() }) });
const operationsSchema = z.array(z.object({ op: z.string() }));

interface Executions {
  runs: number;
  steps: number;
}

/** Starts pr-capture, and counts the executions of its functions. */
async function startCounting(githubUrl: string) {
  const runs = new Set<string>();
  let steps = 0;
  const capture = await startPrCapture(githubUrl, {
    callFunction: async (request, next) => {
      if (request.method !== "POST") return next(request);
      const call = callSchema.parse(request.body);
      runs.add(call.ctx.run_id);
      // Without this id the SDK sends no checkpoints, and answers after each step.
      const ctx = { ...call.ctx, fn_id: undefined };
      const response = await next({ ...request, body: { ...call, ctx } });
      if (response.status === 206) {
        const operations = operationsSchema.parse(JSON.parse(response.body));
        // A planned step is counted when it has run.
        steps += operations.filter(({ op }) => op !== "StepPlanned").length;
      }
      return response;
    },
  });
  return {
    capture,
    takeExecutions: (): Executions => {
      const taken = { runs: runs.size, steps };
      runs.clear();
      steps = 0;
      return taken;
    },
  };
}

async function countIdle(): Promise<Executions> {
  let now = Date.now();
  const github = createFakeGitHub({ appId: demoApp.id, webhookSecret: demoApp.webhookSecret, seed: 1 });
  const server = await serveGitHub(github);
  await playPullRequestLife(github, async () => {});
  const { capture, takeExecutions } = await startCounting(server.url);
  await capture.services.queue.reconcile(); // finds the installation and captures its history
  await capture.idle(10_000);
  await capture.services.queue.reconcile();
  await capture.idle(10_000);
  takeExecutions();

  const { store, outbox, log, github: client } = capture.services;
  const looks = createLooks({
    store,
    github: client,
    send: outbox.send,
    log,
    handles: () => true,
    jobRetentionDays: 30,
    alerts: true,
    now: () => now,
  });
  for (let minute = 0; minute < (simulatedDays * dayMs) / minuteMs; minute++) {
    now += minuteMs;
    await looks.runDue();
    if (minute % (24 * 60) === 0) await letDayPass(capture);
  }
  await capture.idle(10_000);
  const { runs, steps } = takeExecutions();
  await capture.close();
  await server.close();
  return { runs: (runs * 30) / simulatedDays, steps: (steps * 30) / simulatedDays };
}

/** Makes the last inventory a day old, since the database's clock is the real one. */
async function letDayPass(capture: RunningPrCapture): Promise<void> {
  await capture.idle(10_000);
  await capture.rows.query(
    "update github.repositories set inventoried_at = inventoried_at - interval '1 day'",
  );
}

async function countLife(): Promise<Executions> {
  const github = createFakeGitHub({ appId: demoApp.id, webhookSecret: demoApp.webhookSecret, seed: 1 });
  const server = await serveGitHub(github);
  const { capture, takeExecutions } = await startCounting(server.url);
  await playPullRequestLife(github, async (delivery) => {
    await github.send(capture.webhooksUrl, delivery);
    await capture.idle(5_000);
    await pause(5);
  });
  const executions = takeExecutions();
  await capture.close();
  await server.close();
  return executions;
}

async function countBackfill(): Promise<Executions> {
  const history = await createHistory({ count: 1_000, longTails: false });
  const { capture, takeExecutions } = await startCounting(history.url);
  await capture.services.queue.queueBackfill("acme/web", { all: true });
  await capture.idle(10_000);
  const executions = takeExecutions();
  await capture.close();
  await history.close();
  return executions;
}

const counted = { idle: await countIdle(), life: await countLife(), backfill: await countBackfill() };
const subjects = {
  idle: "an idle installation, 30 days",
  life: "a pull request with 17 webhooks",
  backfill: "a backfill of 1,000 pull requests",
};
const names = ["idle", "life", "backfill"] as const;
const totalOf = ({ runs, steps }: Executions) => runs + steps;
print("Executions on Inngest: runs and their steps");
printTable(
  ["", "runs", "steps", "executions", "goal: at most"],
  names.map((name) => {
    const { runs, steps } = counted[name];
    return [subjects[name], runs, steps, runs + steps, goals[name]];
  }),
);
const missed = names.filter((name) => totalOf(counted[name]) > goals[name]);
print(
  missed.length === 0 ? "All goals are met." : `Missed: ${missed.map((name) => subjects[name]).join("; ")}.`,
);
if (missed.length > 0) process.exitCode = 1;
