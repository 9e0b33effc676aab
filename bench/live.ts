/**
 * Requests to GitHub for one pull request's life of 17 webhooks: pr-capture beside a Probot app that fetches everything at every
 * webhook. Both are really run, each against a stand-in GitHub of its own that lives through the same. The webhooks come in order,
 * each a few milliseconds after the rows of the one before.
 */
import { setTimeout as pause } from "node:timers/promises";
import { compareRows } from "../src/demo/compare-rows.ts";
import { createGitHub, serveGitHub, type Delivery, type GitHub } from "../src/demo/github/index.ts";
import { print } from "../src/demo/print.ts";
import { printTable } from "../src/demo/print-table.ts";
import { countByKind, requestKinds, totalOf } from "../src/demo/request-kind.ts";
import { demoApp, startPrCapture } from "../src/demo/start-pr-capture.ts";
import { toTruth } from "../src/demo/truth.ts";
import { appEnvironment } from "./support/credentials.ts";
import { playPullRequestLife } from "./support/pull-request-life.ts";
import { createRefetchingApp } from "./support/refetching-app.ts";

const goal = 4;

interface Running {
  deliver: (delivery: Delivery) => Promise<void>;
  close: () => Promise<void>;
}

async function countRequests(appId: number, start: (github: GitHub, url: string) => Promise<Running>) {
  const github = createGitHub({ appId, webhookSecret: demoApp.webhookSecret, seed: 1 });
  const standIn = await serveGitHub(github);
  const { deliver, close } = await start(github, standIn.url);
  const webhooks = await playPullRequestLife(github, deliver);
  await close();
  await standIn.close();
  if (github.unexpected.length > 0)
    throw new Error(`The stand-in does not know ${github.unexpected.join(", ")}.`);
  return { webhooks, counts: countByKind(github.requests) };
}

const captured = await countRequests(demoApp.id, async (github, url) => {
  const capture = await startPrCapture(url);
  return {
    deliver: async (delivery) => {
      const status = await github.send(capture.webhooksUrl, delivery);
      if (status !== 200) throw new Error(`${delivery.name} was answered ${status}.`);
      await capture.idle(5000);
      await pause(5);
    },
    close: async () => {
      const differences = await compareRows(toTruth(github), (table) =>
        capture.rows.query(`select * from github.${table}`),
      );
      if (differences.length > 0) throw new Error(`Not all was captured: ${JSON.stringify(differences)}`);
      await capture.close();
    },
  };
});
const refetched = await countRequests(Number(appEnvironment.APP_ID), async (_github, url) => ({
  deliver: await createRefetchingApp(url),
  close: async () => {},
}));

const kinds = [...requestKinds, "token" as const];
print(`Requests to GitHub for a pull request's life of ${captured.webhooks} webhooks`);
printTable(
  ["", "refetching", "pr-capture"],
  [
    ...kinds
      .filter((kind) => captured.counts.has(kind) || refetched.counts.has(kind))
      .map((kind) => [kind, refetched.counts.get(kind) ?? 0, captured.counts.get(kind) ?? 0]),
    ["all but tokens", totalOf(refetched.counts), totalOf(captured.counts)],
  ],
);
const [all, few] = [totalOf(refetched.counts), totalOf(captured.counts)];
print(
  `Ratio: ${(all / few).toFixed(1)} to 1. Goal: at most ${goal} requests: ${few <= goal ? "met" : "missed"}.`,
);
