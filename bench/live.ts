/**
 * Counts the requests to GitHub for one pull request with 17 webhooks: of pr-capture, and of a Probot app that fetches everything at every
 * webhook. Each runs against its own fake GitHub with the same story. The webhooks come in order, each a few milliseconds after the rows of the
 * previous one.
 */
import { setTimeout as pause } from "node:timers/promises";
import { compareRows } from "../src/testing/compare-rows.ts";
import {
  createFakeGitHub,
  serveGitHub,
  type WebhookDelivery,
  type FakeGitHub,
} from "../src/fake-github/index.ts";
import { print } from "../src/testing/print.ts";
import { printTable } from "../src/testing/print-table.ts";
import { countByKind, requestKinds, totalOf } from "../src/testing/request-kind.ts";
import { demoApp, startPrCapture } from "../src/testing/start-pr-capture.ts";
import { toTruth } from "../src/testing/truth.ts";
import { appEnvironment } from "./support/credentials.ts";
import { playPullRequestLife } from "./support/pull-request-life.ts";
import { createRefetchingApp } from "./support/refetching-app.ts";

const goal = 4;

interface Running {
  deliver: (delivery: WebhookDelivery) => Promise<void>;
  close: () => Promise<void>;
}

async function countRequests(appId: number, start: (github: FakeGitHub, url: string) => Promise<Running>) {
  const github = createFakeGitHub({ appId, webhookSecret: demoApp.webhookSecret, seed: 1 });
  const githubServer = await serveGitHub(github);
  const { deliver, close } = await start(github, githubServer.url);
  const webhooks = await playPullRequestLife(github, deliver);
  await close();
  await githubServer.close();
  if (github.unexpected.length > 0) throw new Error(`The fake GitHub lacks ${github.unexpected.join(", ")}.`);
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
      if (differences.length > 0) throw new Error(`Rows differ from GitHub: ${JSON.stringify(differences)}`);
      await capture.close();
    },
  };
});
const refetched = await countRequests(Number(appEnvironment.APP_ID), async (_github, url) => ({
  deliver: await createRefetchingApp(url),
  close: async () => {},
}));

const kinds = [...requestKinds, "token" as const];
print(`Requests to GitHub for a pull request with ${captured.webhooks} webhooks`);
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
