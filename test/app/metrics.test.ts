import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { failures } from "../../src/fake-github/index.ts";
import { adminToken, useScene } from "../support/scene.ts";
import { sendWebhook } from "../support/send-webhook.ts";

const metricsToken = "a token of the scraper";
const scene = useScene({ environment: { METRICS_TOKEN: metricsToken } });

async function scrape(token = metricsToken): Promise<{ status: number; text: string }> {
  const response = await fetch(`${scene.app.url}/metrics`, { headers: { authorization: `Bearer ${token}` } });
  return { status: response.status, text: await response.text() };
}

/** Each time series of ours with its value. */
async function series(): Promise<Record<string, number>> {
  const { text } = await scrape();
  return Object.fromEntries(
    text
      .split("\n")
      .filter((line) => line.startsWith("pr_capture_"))
      .map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.slice(line.lastIndexOf(" ") + 1))]),
  );
}

/** One pull request with its review, by webhooks. */
async function captureSomething(): Promise<void> {
  const { github, web, ann } = scene;
  const pullRequest = github.openPullRequest({ repository: web, author: ann });
  scene.pass(2);
  github.submitReview({ pullRequest, author: ann, state: "APPROVED" });
  await scene.deliver();
}

test("the metrics are for METRICS_TOKEN and ADMIN_TOKEN only, and METRICS_TOKEN opens nothing else", async () => {
  expect((await scrape()).status).toBe(200);
  expect((await scrape(adminToken)).status).toBe(200);
  for (const token of ["", "wrong"]) {
    const { status, text } = await scrape(token);
    expect(status).toBe(401);
    expect(text).not.toContain("pr_capture_");
  }
  const other = await fetch(`${scene.app.url}/api/queue/stats`, {
    headers: { authorization: `Bearer ${metricsToken}` },
  });
  expect(other.status).toBe(401);
});

test("what is unknown is absent, not 0", async () => {
  const known = Object.keys(await series());
  expect(known).toContain("pr_capture_outbox_events");
  for (const name of [
    "recent_lag_seconds",
    "reconciler_age_seconds",
    "github_budget_remaining",
    "unstarted_events",
  ])
    expect(known.filter((each) => each.startsWith(`pr_capture_${name}`))).toEqual([]);
});

test("webhooks are counted by event and answer, also those of other processes and earlier ones", async () => {
  await captureSomething();
  const pullRequests = 'pr_capture_webhooks_total{event="pull_request",outcome="accepted"}';
  expect(await series()).toMatchObject({
    [pullRequests]: 1,
    'pr_capture_webhooks_total{event="pull_request_review",outcome="accepted"}': 1,
    'pr_capture_webhook_acknowledgement_seconds_bucket{le="+Inf"}': 2,
    pr_capture_webhook_acknowledgement_seconds_count: 2,
  });

  await scene.restart();
  await captureSomething();
  const signed = { name: "push", payload: {} };
  expect(await sendWebhook(scene.app.url, signed)).toBe(200);
  const unsigned = { method: "POST", body: "{}", headers: { "x-github-event": "x".repeat(300) } };
  expect((await fetch(`${scene.app.url}/api/github/webhooks`, unsigned)).status).toBe(401);

  const after = await series();
  expect(after).toMatchObject({
    [pullRequests]: 2,
    'pr_capture_webhooks_total{event="other",outcome="accepted"}': 1,
    'pr_capture_webhooks_total{event="other",outcome="refused"}': 1,
    pr_capture_webhook_acknowledgement_seconds_count: 5, // of accepted ones
  });
  const bounds = Object.entries(after).filter(([name]) => name.includes("_seconds_bucket{"));
  expect(bounds.map(([, count]) => count)).toEqual(
    bounds.map(([, count]) => count).toSorted((a, b) => a - b),
  );
});

test("captures, dead letters, retries, budgets and lag are shown", async () => {
  await captureSomething();
  const { github, web, ann } = scene;
  const stop = github.intercept(failures.matching(/graphql|pulls/, failures.serverError()));
  await scene.app.services.queue.queuePullRequest("acme/web", 999);
  await scene.idle();
  expect(await series()).toMatchObject({
    'pr_capture_jobs{function="capture/pr.details",state="retrying"}': 1,
  });
  stop();
  await scene.skipRetries();
  github.openPullRequest({ repository: web, author: ann });
  await scene.deliver();
  await scene.app.services.queue.reconcile();
  await scene.idle();

  const shown = await series();
  expect(shown).toMatchObject({
    pr_capture_database_up: 1,
    pr_capture_setup_problems: 0,
    pr_capture_installations: 1,
    pr_capture_repositories: 1,
    pr_capture_outbox_events: 0,
    'pr_capture_jobs{function="capture/pr.details",state="failed"}': 1,
    'pr_capture_recent_captures{function="capture/pr.details",outcome="failed"}': 1,
    'pr_capture_recent_captures{function="capture/pr.reviews",outcome="completed"}': 1,
    'pr_capture_reconciler_age_seconds{reconciler="capture/deliveries.reconcile"}': expect.any(Number),
  });
  expect(shown["pr_capture_recent_retries"]).toBeGreaterThan(0);
  const budget = (what: string) =>
    shown[`pr_capture_github_budget_${what}{installation="${scene.installation.id}",resource="core"}`];
  expect(budget("used")).toBeGreaterThan(0);
  expect((budget("used") ?? 0) + (budget("remaining") ?? 0)).toBe(budget("limit"));
  expect(shown['pr_capture_recent_lag_seconds{quantile="0.99"}']).toBeGreaterThanOrEqual(0);
});

test("an event that Inngest does not take is in the outbox", async () => {
  await scene.reopen({ environment: { METRICS_TOKEN: metricsToken, INNGEST_DEV: "http://127.0.0.1:9" } });
  scene.github.openPullRequest({ repository: scene.web, author: scene.ann });
  for (const delivery of scene.takeDeliveries()) expect(await scene.app.deliver(delivery)).toBe(200);
  const shown = await series();
  expect(shown["pr_capture_outbox_events"]).toBeGreaterThan(0);
  expect(shown).toMatchObject({ pr_capture_unstarted_events: 0, pr_capture_given_up_jobs: 0 });
});

test("the alert rules name only metrics that exist, and the documentation has all of them", async () => {
  await scene.reopen({ environment: { METRICS_TOKEN: metricsToken, INNGEST_DEV: "http://127.0.0.1:9" } });
  const { text } = await scrape();
  const known = [...text.matchAll(/^# TYPE (pr_capture_\w+)/gm)].map(([, name]) => name);
  const read = (file: string) => readFileSync(join(import.meta.dirname, "../../docs", file), "utf8");
  const named = [...read("prometheus-alerts.yml").matchAll(/\bpr_capture_\w+/g)].map(([name]) => name);
  expect(named.length).toBeGreaterThan(10);
  for (const name of named) expect(known).toContain(name.replace(/_bucket$/, ""));
  for (const name of known) expect(read("observability.md")).toContain(`\`${name}\``);
});
