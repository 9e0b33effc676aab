import { beforeEach, expect, test } from "vitest";
import { failures, seedPullRequests, type Account, type Repository } from "../../src/fake-github/index.ts";
import { toResendId } from "../../src/lib/inngest/events/event-ids.ts";
import { repositorySync } from "../../src/lib/inngest/events.ts";
import { firstPosition } from "../../src/lib/inngest/sync/sync-position.ts";
import { resetDatabase } from "../support/database.ts";
import type { TestGitHub } from "../support/open-github.ts";
import { useScene } from "../support/scene.ts";

/** The sync of a repository's history. */

const scene = useScene();
const { deliver, differences, pass, rows } = scene;

let github: TestGitHub;
let ann: Account;
let web: Repository;

beforeEach(() => {
  ({ github, ann, web } = scene);
});

function syncEvent(since?: string) {
  return repositorySync.create({
    repository: { id: web.id, owner: "acme", name: web.name },
    installationId: scene.installation.id,
    reason: "backfill",
    priority: "medium",
    ...(since && { since }),
  });
}

async function sync(since?: string): Promise<void> {
  await scene.app.services.inngest.send(syncEvent(since));
  await scene.idle();
}

async function readsPullRequests(request: Request): Promise<boolean> {
  return request.url.endsWith("/graphql") && (await request.clone().text()).includes("nodes(ids:");
}

test("a sync of 110 pull requests with long lists brings the rows in sync", async () => {
  seedPullRequests(github, { repository: web, count: 110, longTails: true });
  await sync();
  expect(await differences()).toEqual([]);
  const [job] = await rows("capture.jobs");
  expect(job).toMatchObject({ state: "completed", done: 110, total: 110, reason: "backfill" });
  const spent = github.requests.filter(({ path }) => !path.includes("access_tokens"));
  expect(job).toMatchObject({
    requests: spent.filter(({ path }) => path !== "/graphql").length,
    points: spent.filter(({ path }) => path === "/graphql").reduce((sum, { cost }) => sum + cost, 0),
  });
});

test("a sync reads nothing twice although GitHub finds some pages too large", async () => {
  seedPullRequests(github, { repository: web, count: 111 });
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
  const sizes = github.requests.flatMap(({ variables }) => {
    const ids: unknown = variables?.["ids"];
    return Array.isArray(ids) ? [ids.length] : [];
  });
  expect(sizes[0]).toBe(60);
  expect(Math.min(...sizes)).toBeLessThan(60);
});

test("a partial answer with errors is requested again in smaller pages", async () => {
  seedPullRequests(github, { repository: web, count: 30 });
  const partial = failures.once(failures.graphqlPartial(["nodes", 3], "RESOURCE_LIMITS_EXCEEDED"));
  github.intercept(async (request, next) =>
    (await readsPullRequests(request)) ? partial(request, next) : undefined,
  );
  await sync();
  expect(await differences()).toEqual([]);
});

test("a sync whose lost event is sent again reads every pull request once", async () => {
  seedPullRequests(github, { repository: web, count: 5 });
  await scene.app.services.inngest.send({ ...syncEvent(), id: toResendId("lost", 1) });
  await scene.idle();
  expect(await rows("capture.jobs where event_name = 'capture/repository.sync'")).toMatchObject([
    { event_id: "lost", state: "completed", done: 5 },
  ]);
  expect(await differences()).toEqual([]);
});

test("an incremental sync captures changes of old and of merged pull requests", async () => {
  const [oldest, second] = seedPullRequests(github, { repository: web, count: 40 }).filter(
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

test("an incremental sync reads the older review comments of a new pull request", async () => {
  const pullRequest = github.after(0, () => github.openPullRequest({ repository: web, author: ann }));
  const comments = Array.from({ length: 120 }, (_, index) => ({ body: `Comment ${index}` }));
  github.after(5, () => github.submitReview({ pullRequest, author: ann, comments }));
  for (const thread of pullRequest.threads.slice(0, 3)) github.after(6, () => github.resolveThread(thread));
  github.label(pullRequest, "bug");
  await sync(new Date(Date.now() - 60_000).toISOString());
  expect(await differences()).toEqual([]);
  expect(await rows("github.pull_requests")).toMatchObject([{ review_comments: 120 }]);
});

test("a sync captures a pull request that is updated before it is read", async () => {
  const [oldest] = seedPullRequests(github, { repository: web, count: 65 });
  if (!oldest) throw new Error("There is no pull request.");
  let queries = 0;
  github.intercept((request) => {
    if (!request.url.endsWith("/graphql") || ++queries !== 2) return;
    github.submitReview({ pullRequest: oldest, author: ann, comments: [{ body: "Still there?" }] });
  });
  await sync();
  expect(await differences()).toEqual([]);
});

test("a review comment that is deleted during the sync hides no other", async () => {
  seedPullRequests(github, { repository: web, count: 15, reviewComments: 20 });
  const [first] = [...github.state.reviewComments.values()].toSorted((a, b) =>
    a.updatedAt.localeCompare(b.updatedAt),
  );
  let pages = 0;
  github.intercept((request) => {
    if (first && request.url.includes("/pulls/comments") && ++pages === 2) github.deleteReviewComment(first);
  });
  await sync();
  pass(1);
  await deliver();
  expect(await differences()).toEqual([]);
});

test("a sync marks comments as deleted whose webhooks were missed", async () => {
  const pullRequests = seedPullRequests(github, { repository: web, count: 6 });
  await sync();
  for (const { comments, threads } of pullRequests) {
    if (comments[0]) github.deleteIssueComment(comments[0]);
    const [reply] = threads.flatMap((thread) => thread.comments).toReversed();
    if (reply) github.deleteReviewComment(reply);
  }
  pass(1);
  await sync();
  expect(await differences()).toEqual([]);
  expect(await rows("github.comments where deletion_inferred")).not.toEqual([]);
});

test.each<[string, (string | number)[]]>([
  ["a review's commit", ["reviews", "nodes", 0, "commit"]],
  ["a requested team", ["reviewRequests", "nodes", 0, "requestedReviewer"]],
])("a sync keeps the stored value of a field that a permission hides: %s", async (_, path) => {
  const ben = github.after(-50, () => github.createAccount({ login: "ben" }));
  const pullRequest = github.after(0, () => github.openPullRequest({ repository: web, author: ann }));
  github.after(1, () => github.requestReview(pullRequest, ben));
  github.after(2, () => github.submitReview({ pullRequest, author: ann, body: "Fine" }));
  await deliver();
  const hidden = failures.graphqlPartial(["nodes", 0, ...path], "FORBIDDEN");
  github.intercept(async (request, next) =>
    (await readsPullRequests(request)) ? hidden(request, next) : undefined,
  );
  await sync();
  expect(await rows("capture.jobs where state <> 'completed'")).toEqual([]);
  expect(await differences()).toEqual([]);
});

test("a list that GitHub refuses is left to its own capture, and the rest is captured", async () => {
  const files = [{ filename: "b.ts", previousFilename: "a.ts" }];
  github.after(0, () => github.openPullRequest({ repository: web, author: ann, files }));
  github.after(1, () => github.openPullRequest({ repository: web, author: ann }));
  const message = "Sorry, this diff is taking too long to generate.";
  github.intercept(failures.matching(/^GET .*pulls\/1\/files/, failures.refused(422, message)));
  await sync();
  expect(await rows("github.pull_requests")).toHaveLength(2);
  expect(await rows("capture.jobs order by id --")).toMatchObject([
    { event_name: "capture/repository.sync", state: "completed" },
    {
      event_name: "capture/pr.details",
      number: 1,
      state: "failed",
      error: { message: expect.stringContaining(message) },
    },
  ]);
});

test("the next pages of lists are requested in smaller parts when GitHub times out", async () => {
  seedPullRequests(github, { repository: web, count: 30, longTails: true });
  github.intercept(async (request, next) => {
    const body = await request.clone().text();
    return body.includes("$id4:") ? failures.graphqlTimeout()(request, next) : next();
  });
  await sync();
  expect(await differences()).toEqual([]);
});

test("a sync that fails in a later run fails the job of its first run", async () => {
  github.intercept(failures.matching(/^GET .*comments/, failures.refused(404, "Not Found")));
  const beganAt = new Date().toISOString();
  const from = {
    ...firstPosition("the first", {}, { inventoried_at: null, began_at: beganAt }),
    beganAt,
  };
  const event = syncEvent();
  await scene.app.services.inngest.send({ ...event, data: { ...event.data, from } });
  await scene.idle();
  expect(await rows("capture.jobs")).toMatchObject([{ event_id: "the first", state: "failed" }]);
});

test("a sync pauses while less of the rate limit is left than the reserve", async () => {
  await scene.reopen({ rateLimit: 4 });
  ({ github, web } = scene);
  seedPullRequests(github, { repository: web, count: 60, reviewComments: 12 });
  await sync();
  const [job] = await rows("capture.jobs");
  expect(job).toMatchObject({ state: "processing" });
  expect(github.requests.filter(({ status }) => status !== 200 && status !== 201)).toEqual([]);
});

test("live capture and sync write the same rows", async () => {
  const ben = github.after(-50, () => github.createAccount({ login: "ben" }));
  const pullRequest = github.after(0, () =>
    github.openPullRequest({
      repository: web,
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
  await deliver();
  const live = await dump();
  await resetDatabase(scene.database);
  await sync();
  expect(await dump()).toEqual(live);
});

test("a pull request that is opened during a sync is no gap", async () => {
  github.after(0, () => github.openPullRequest({ repository: web, author: ann }));
  const stop = github.intercept((request) => {
    if (!request.url.endsWith("/graphql")) return;
    stop();
    github.openPullRequest({ repository: web, author: ann });
  });
  pass(1);
  await sync();
  expect(await rows("github.pull_requests")).toHaveLength(2);
  expect((await scene.analyze()).total).toMatchObject({
    pull_requests: { captured: 2, github: 2 },
  });
});

/** The rows without the columns that depend on when and how they were captured, such as clocks and GitHub's counts. */
async function dump(): Promise<unknown> {
  const clocks = /clock|_at$|counted|requested_by|^comments$|^review_comments$|^reviews$|^pull_requests$/;
  const kept = new Set(["created_at", "updated_at", "closed_at", "merged_at", "submitted_at", "deleted_at"]);
  const tables = ["pull_requests", "pull_request_files", "reviews", "comments", "accounts"];
  const dumped = await Promise.all(
    tables.map(async (table) => {
      const stored = await rows(`github.${table}`);
      return stored.map((row) =>
        Object.fromEntries(
          Object.entries(row).filter(([column]) => kept.has(column) || !clocks.test(column)),
        ),
      );
    }),
  );
  return Object.fromEntries(tables.map((table, index) => [table, dumped[index]]));
}
