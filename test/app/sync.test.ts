import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { compareRows } from "../../src/demo/compare-rows.ts";
import { failures, seedPullRequests, type Account, type Repository } from "../../src/demo/github/index.ts";
import { toTruth } from "../../src/demo/truth.ts";
import type { SqlDatabase } from "../../src/lib/embedded/sql-database.ts";
import { analyzeGaps } from "../../src/lib/store/gaps.ts";
import { repositorySync } from "../../src/lib/inngest/events.ts";
import { beginSync } from "../../src/lib/inngest/functions/sync-position.ts";
import { openTestDatabase, resetDatabase } from "../support/database.ts";
import { openGitHub, type TestGitHub } from "../support/open-github.ts";
import { startApp, type TestApp } from "../support/start-app.ts";

/** The sync of a repository's history. */

let database: SqlDatabase;
let github: TestGitHub;
let app: TestApp;
let ann: Account;
let repository: Repository;
let installationId: number;

beforeAll(async () => {
  database = await openTestDatabase();
});
beforeEach(async () => {
  github = await openGitHub();
  app = await startApp(database, { GITHUB_API_URL: github.url });
  github.after(-60, () => {
    ann = github.createAccount({ login: "ann" });
    const acme = github.createOrganization({ login: "acme", members: [ann] });
    repository = github.createRepository({ owner: acme, name: "web" });
    installationId = github.install({ account: acme }).id;
  });
  github.deliveries.length = 0;
});
afterEach(async () => {
  await app.close();
  await github.close();
  await resetDatabase(database);
});
afterAll(() => database.close());

async function sync(since?: string): Promise<void> {
  const { id, name } = repository;
  await app.services.inngest.send(
    repositorySync.create({
      repository: { id, owner: "acme", name },
      installationId,
      reason: "backfill",
      priority: "medium",
      ...(since && { since }),
    }),
  );
  await app.services.engine?.idle(30_000); // a step that was tried again too
}

async function deliverAll(): Promise<void> {
  for (const delivery of github.deliveries.splice(0)) await app.deliver(delivery);
  await app.services.engine?.idle(10_000);
}

/** GitHub's clock has no finer unit: what follows within a second is of the same moment. */
async function theNextSecond(): Promise<void> {
  const second = Math.floor(Date.now() / 1000);
  await vi.waitUntil(() => Math.floor(Date.now() / 1000) > second, { timeout: 2_000, interval: 20 });
}

async function differences(): Promise<unknown[]> {
  return compareRows(toTruth(github), (table) => app.rows(`github.${table}`));
}

test("a whole history of 200 pull requests, with long tails, ends in GitHub's rows", async () => {
  seedPullRequests(github, { repository, count: 200, longTails: true });
  await sync();
  expect(await differences()).toEqual([]);
  const [job] = await app.rows("capture.jobs");
  expect(job).toMatchObject({ state: "completed", done: 200, total: 200, reason: "backfill" });
  const spent = github.requests.filter(({ path }) => !path.includes("access_tokens"));
  expect(job).toMatchObject({
    requests: spent.filter(({ path }) => path !== "/graphql").length,
    points: spent.filter(({ path }) => path === "/graphql").reduce((sum, { cost }) => sum + cost, 0),
  });
});

test("nothing that was read is read twice, though GitHub finds a page too large", async () => {
  seedPullRequests(github, { repository, count: 120 });
  let queries = 0;
  github.intercept((request) => {
    if (!request.url.endsWith("/graphql") || ++queries % 3 !== 1) return;
    return new Response(JSON.stringify({ message: "We couldn't respond to your request in time." }), {
      status: 502,
    });
  });
  await sync();
  expect(await differences()).toEqual([]);
  const read = github.requests
    .filter(({ status }) => status === 200)
    .map(({ path, variables }) => `${path} ${JSON.stringify(variables)}`);
  expect(new Set(read).size).toBe(read.length);
  const sizes = github.requests.flatMap(({ variables }) =>
    variables?.["first"] === undefined ? [] : [variables["first"]],
  );
  expect(sizes[0]).toBe(25); // of the 50 it began with
});

test("an answer with errors, and a part of the data, is asked for anew in smaller pages", async () => {
  seedPullRequests(github, { repository, count: 30 });
  const partial = failures.once(
    failures.graphqlPartial(["repository", "pullRequests", "nodes", 3], "RESOURCE_LIMITS_EXCEEDED"),
  );
  github.intercept((request, next) =>
    request.url.endsWith("/graphql") ? partial(request, next) : undefined,
  );
  await sync();
  expect(await differences()).toEqual([]);
});

test("a sync since a moment sees what has changed, merged and closed old ones too", async () => {
  const [oldest, second] = seedPullRequests(github, { repository, count: 120 }).filter(
    ({ state }) => state === "open",
  );
  if (!oldest || !second) throw new Error("No pull request is open.");
  await sync();
  const moment = new Date(Date.now() - 1_000).toISOString();
  github.mergePullRequest(oldest, { by: ann });
  github.submitReview({ pullRequest: second, author: ann, state: "APPROVED", comments: [{ body: "Late" }] });
  github.requests.length = 0;
  await sync(moment);
  expect(await differences()).toEqual([]);
  expect(github.requests.filter(({ path }) => !path.includes("access_tokens")).length).toBeLessThanOrEqual(7);
});

test("a sync since a moment reads the older review comments of what it has not seen before", async () => {
  const pullRequest = github.after(0, () => github.openPullRequest({ repository, author: ann }));
  const comments = Array.from({ length: 120 }, (_, index) => ({ body: `Comment ${index}` }));
  github.after(5, () => github.submitReview({ pullRequest, author: ann, comments }));
  for (const thread of pullRequest.threads.slice(0, 3)) github.after(6, () => github.resolveThread(thread));
  github.label(pullRequest, "bug");
  await sync(new Date(Date.now() - 60_000).toISOString());
  expect(await differences()).toEqual([]);
  expect(await app.rows("github.pull_requests")).toMatchObject([{ review_comments: 120 }]);
});

test("a pull request that is updated ahead of the walk is met all the same", async () => {
  const [oldest] = seedPullRequests(github, { repository, count: 120 });
  if (!oldest) throw new Error("There is no pull request.");
  let queries = 0;
  github.intercept((request) => {
    if (!request.url.endsWith("/graphql") || ++queries !== 2) return;
    github.submitReview({ pullRequest: oldest, author: ann, comments: [{ body: "Still there?" }] });
  });
  await sync();
  expect(await differences()).toEqual([]);
});

test("a review comment that is deleted ahead of the reader hides no other", async () => {
  seedPullRequests(github, { repository, count: 60, reviewComments: 5 });
  const [first] = [...github.state.reviewComments.values()].toSorted((a, b) =>
    a.updatedAt.localeCompare(b.updatedAt),
  );
  let pages = 0;
  github.intercept((request) => {
    if (first && request.url.includes("/pulls/comments") && ++pages === 2) github.deleteReviewComment(first);
  });
  await sync();
  await theNextSecond();
  await deliverAll();
  expect(await differences()).toEqual([]);
});

test("what was deleted while nobody listened is buried", async () => {
  const pullRequests = seedPullRequests(github, { repository, count: 20 });
  await sync();
  for (const { comments, threads } of pullRequests) {
    if (comments[0]) github.deleteIssueComment(comments[0]);
    const [reply] = threads.flatMap((thread) => thread.comments).toReversed();
    if (reply) github.deleteReviewComment(reply);
  }
  await theNextSecond();
  await sync();
  expect(await differences()).toEqual([]);
  expect(await app.rows("github.comments where deletion_inferred")).not.toEqual([]);
});

test.each<[string, (string | number)[]]>([
  ["a review's commit", ["reviews", "nodes", 0, "commit"]],
  ["a requested team", ["reviewRequests", "nodes", 0, "requestedReviewer"]],
])("what GitHub keeps back for want of a permission, as %s, is left as it is known", async (_, path) => {
  const ben = github.after(-50, () => github.createAccount({ login: "ben" }));
  const pullRequest = github.after(0, () => github.openPullRequest({ repository, author: ann }));
  github.after(1, () => github.requestReview(pullRequest, ben));
  github.after(2, () => github.submitReview({ pullRequest, author: ann, body: "Fine" }));
  await deliverAll();
  const kept = failures.graphqlPartial(["repository", "pullRequests", "nodes", 0, ...path], "FORBIDDEN");
  github.intercept((request, next) => (request.url.endsWith("/graphql") ? kept(request, next) : undefined));
  await sync();
  expect(await app.rows("capture.jobs where state <> 'completed'")).toEqual([]);
  expect(await differences()).toEqual([]);
});

test("a list that GitHub does not give is left to a capture of its own, and the rest is captured", async () => {
  const files = [{ filename: "b.ts", previousFilename: "a.ts" }];
  github.after(0, () => github.openPullRequest({ repository, author: ann, files }));
  github.after(1, () => github.openPullRequest({ repository, author: ann }));
  const message = "Sorry, this diff is taking too long to generate.";
  github.intercept(failures.matching(/^GET .*pulls\/1\/files/, failures.refused(422, message)));
  await sync();
  expect(await app.rows("github.pull_requests")).toHaveLength(2);
  expect(await app.rows("capture.jobs order by id --")).toMatchObject([
    { event_name: "capture/repository.sync", state: "completed" },
    {
      event_name: "capture/pr.details",
      number: 1,
      state: "failed",
      error: { message: expect.stringContaining(message) },
    },
  ]);
});

test("lists that go on are asked for in smaller parts when GitHub finds them too much at once", async () => {
  seedPullRequests(github, { repository, count: 30, longTails: true });
  github.intercept(async (request, next) => {
    const body = await request.clone().text();
    return body.includes("$id4:") ? failures.graphqlTimeout()(request, next) : next();
  });
  await sync();
  expect(await differences()).toEqual([]);
});

test("a sync that fails in a later run ends the job of the first", async () => {
  github.intercept(failures.matching(/^GET .*comments/, failures.refused(410, "Gone")));
  const { id, name } = repository;
  await app.services.inngest.send(
    repositorySync.create({
      repository: { id, owner: "acme", name },
      installationId,
      reason: "backfill",
      priority: "low",
      from: { ...beginSync("the first", undefined), beganAt: new Date().toISOString() },
    }),
  );
  await app.settled();
  expect(await app.rows("capture.jobs")).toMatchObject([{ event_id: "the first", state: "failed" }]);
});

test("a sync waits while less of the budget is left than the reserve", async () => {
  await app.close();
  await github.close();
  github = await openGitHub({ rateLimit: 4 });
  app = await startApp(database, { GITHUB_API_URL: github.url });
  repository = github.createRepository({
    owner: github.createOrganization({ login: "acme", members: [] }),
    name: "web",
  });
  installationId = github.install({ account: repository.owner }).id;
  seedPullRequests(github, { repository, count: 60, reviewComments: 12 });
  await sync();
  const [job] = await app.rows("capture.jobs");
  expect(job).toMatchObject({ state: "processing" });
  expect(github.requests.filter(({ status }) => status !== 200 && status !== 201)).toEqual([]);
});

test("live capture and sync of one repository leave the same rows", async () => {
  const start = github.deliveries.length;
  const ben = github.after(-50, () => github.createAccount({ login: "ben" }));
  const pullRequest = github.after(0, () =>
    github.openPullRequest({
      repository,
      author: ann,
      files: [{ filename: "a.ts" }, { filename: "b.ts", previousFilename: "c.ts" }],
    }),
  );
  github.after(10, () => github.assign(pullRequest, ben));
  github.after(20, () => github.requestReview(pullRequest, ben));
  const review = github.after(30, () =>
    github.submitReview({
      pullRequest,
      author: ben,
      state: "CHANGES_REQUESTED",
      body: "No",
      comments: [{ body: "Why?" }],
    }),
  );
  github.after(40, () => github.createIssueComment({ on: pullRequest, author: ann, body: "Because" }));
  github.after(45, () => github.lock(pullRequest, "too heated"));
  for (const thread of pullRequest.threads) github.after(50, () => github.resolveThread(thread));
  github.after(60, () => github.dismissReview(review));
  github.after(70, () => github.mergePullRequest(pullRequest, { by: ben }));
  for (const delivery of github.deliveries.slice(start)) await app.deliver(delivery);
  await app.settled();
  const live = await dump();
  await resetDatabase(database);
  await sync();
  expect(await dump()).toEqual(live);
});

test("a pull request that is opened while a sync runs is no gap after it", async () => {
  github.after(0, () => github.openPullRequest({ repository, author: ann }));
  const stop = github.intercept((request) => {
    if (!request.url.endsWith("/graphql")) return;
    stop();
    github.openPullRequest({ repository, author: ann });
  });
  await theNextSecond(); // it is opened after the sync's first answer
  await sync();
  expect(await app.rows("github.pull_requests")).toHaveLength(2);
  expect((await analyzeGaps(app.services.store, {})).total).toMatchObject({
    pull_requests: { captured: 2, github: 2 },
  });
});

/** Every column that states what GitHub has; not the clocks, which say by which way it was seen, nor GitHub's counts of that moment. */
async function dump(): Promise<unknown> {
  const clocks = /clock|_at$|counted|requested_by|^comments$|^review_comments$|^reviews$|^pull_requests$/;
  const kept = new Set(["created_at", "updated_at", "closed_at", "merged_at", "submitted_at", "deleted_at"]);
  const tables = ["pull_requests", "pull_request_files", "reviews", "comments", "accounts"];
  const dumped = await Promise.all(
    tables.map(async (table) => {
      const rows = await app.rows(`github.${table}`);
      return rows.map((row) =>
        Object.fromEntries(
          Object.entries(row).filter(([column]) => kept.has(column) || !clocks.test(column)),
        ),
      );
    }),
  );
  return Object.fromEntries(tables.map((table, index) => [table, dumped[index]]));
}
