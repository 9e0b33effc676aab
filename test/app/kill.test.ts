import { expect, vi } from "vitest";
import { compareRows } from "../../src/testing/compare-rows.ts";
import { seedPullRequests } from "../../src/fake-github/index.ts";
import { toTruth } from "../../src/testing/truth.ts";
import { openPglite } from "../../src/lib/embedded/open-pglite.ts";
import { openGitHub, type TestGitHub } from "../support/open-github.ts";
import { runCli } from "../support/run-cli.ts";
import { sendWebhook } from "../support/send-webhook.ts";
import { serverTest } from "../support/server-test.ts";
import type { ServerProcess } from "../../src/testing/start-server.ts";

const adminToken = "a token of the administrators";

const test = serverTest
  // oxlint-disable-next-line no-empty-pattern -- Vitest reads from the pattern which fixtures are used
  .extend("github", async ({}, { onCleanup }): Promise<TestGitHub> => {
    const github = await openGitHub({ latency: 20 });
    onCleanup(() => github.close());
    return github;
  })
  .extend("startOnGitHub", ({ github, start }) => (environment: Record<string, string> = {}) => {
    return start({ GITHUB_API_URL: github.url, ADMIN_TOKEN: adminToken, ...environment });
  }).concurrent;

/** The GUIDs of the deliveries whose captures have completed. */
async function capturedBy(server: ServerProcess): Promise<Set<string>> {
  const response = await fetch(`${server.url}/api/queue/jobs?state=completed&limit=1000`, {
    headers: { authorization: `Bearer ${adminToken}` },
  });
  const jobs = (await response.json()) as { event_id: string }[];
  return new Set(jobs.flatMap(({ event_id }) => /^([^:]+):[^:]+$/.exec(event_id)?.[1] ?? []));
}

test("kill -9 in a burst of deliveries neither loses an acknowledged one nor captures one twice", async ({
  folder,
  github,
  startOnGitHub: start,
}) => {
  const ann = github.createAccount({ login: "ann" });
  const acme = github.createOrganization({ login: "acme", members: [ann] });
  const repository = github.createRepository({ owner: acme, name: "web" });
  github.install({ account: acme });
  github.deliveries.length = 0;
  const pullRequests = github.after(0, () =>
    Array.from({ length: 20 }, () => github.openPullRequest({ repository, author: ann })),
  );
  const written = Array.from({ length: 100 }, (_, index) => `Comment ${index}`);
  for (const [index, body] of written.entries()) {
    const on = pullRequests[index % pullRequests.length];
    if (on) github.after(10 + index, () => github.createIssueComment({ on, author: ann, body }));
  }

  const waiting = [...github.deliveries];
  const acknowledged = new Set<string>();
  let server = await start();
  await expect(start()).rejects.toThrow(/in use by another process/);
  for (const killAfter of [20, 70, Infinity]) {
    const target = server;
    let killed: Promise<number | null> | undefined;
    // A delivery without an answer is sent again later, as by a redelivery.
    const senders = Array.from({ length: 20 }, async () => {
      while (!killed) {
        const next = waiting.shift();
        if (!next) return;
        const status = await sendWebhook(target.url, next).catch(() => null);
        if (status === 200) acknowledged.add(next.id);
        else waiting.push(next);
        if (acknowledged.size >= killAfter) killed ??= target.end("SIGKILL");
      }
    });
    await Promise.all(senders);
    await killed;
    if (killed) server = await start();
  }
  expect(acknowledged.size).toBe(120);
  await vi.waitFor(async () => expect(await capturedBy(server)).toEqual(acknowledged), {
    timeout: 60_000,
    interval: 100,
  });
  expect(await server.end("SIGTERM")).toBe(0);

  const database = await openPglite(folder);
  const comments = await database.query<{ body: string }>("select body from github.comments");
  const failed = await database.query("select * from capture.jobs where state = 'failed'");
  await database.close();
  expect(failed).toEqual([]);
  const bodies = comments.map((comment) => comment.body);
  expect(written.filter((body) => !bodies.includes(body))).toEqual([]);
  expect(bodies).toHaveLength(written.length);
}, 120_000);

test("a backfill resumes after each kill -9, repeats no request whose answer it stored, and brings the rows in sync", async ({
  folder,
  github,
  startOnGitHub: start,
}) => {
  const acme = github.createOrganization({ login: "acme", members: [] });
  const repository = github.createRepository({ owner: acme, name: "web" });
  github.install({ account: acme });
  seedPullRequests(github, { repository, count: 130, longTails: true });
  // Each process requests its own tokens, and at its start what the App is and where it is installed.
  const ofTheStart = ["/app", "/app/installations", "/installation/repositories"];
  const asked = () =>
    github.requests
      .filter(
        ({ path }) => !path.endsWith("/access_tokens") && !ofTheStart.includes(path.split("?", 1)[0] ?? ""),
      )
      .map(({ method, path, query, variables }) => JSON.stringify([method, path, query, variables]));

  let server = await start();
  const { url } = server;
  const followed = runCli({ url, adminToken }, ["backfill", "acme/web", "--all"]);
  for (const killAfter of [6, 14, 22]) {
    await vi.waitFor(() => expect(asked().length).toBeGreaterThanOrEqual(killAfter), {
      timeout: 60_000,
      interval: 5,
    });
    await server.end("SIGKILL");
    server = await start({ PORT: new URL(url).port });
  }
  expect(await followed).toMatchObject({ code: 0, out: expect.stringContaining("Captured 130 of 130") });
  expect(await server.end("SIGTERM")).toBe(0);
  const all = asked();
  const repeated = all.flatMap((request, index) => (all.indexOf(request) < index ? [index] : []));
  // Only the request that a kill interrupted is repeated.
  expect(repeated.length).toBeLessThanOrEqual(3);
  expect(repeated.filter((index) => all[index] !== all[index - 1])).toEqual([]);

  const database = await openPglite(folder);
  const differences = await compareRows(toTruth(github), (table) =>
    database.query(`select * from github.${table}`),
  );
  await database.close();
  expect(differences).toEqual([]);
}, 120_000);
