import { beforeEach, expect, test } from "vitest";
import type { PullRequest, WebhookDelivery } from "../../src/fake-github/index.ts";
import type { TestGitHub } from "../support/open-github.ts";
import { useScene } from "../support/scene.ts";

/** Gaps between GitHub and the rows, found and closed. */

const scene = useScene({ installation: "none" });
const { backfill, deliver, differences, gaps, idle, rows } = scene;

let github: TestGitHub;
let pullRequests: PullRequest[];
let opened: WebhookDelivery[];

beforeEach(async () => {
  ({ github } = scene);
  pullRequests = github.after(0, openPullRequests);
  opened = scene.takeDeliveries();
  await deliver(opened);
});

/** Installs the App and opens six pull requests, so the first sync sees them all. The first has no files, reviews and comments, the others have two of each. */
function openPullRequests(): PullRequest[] {
  const { ann, acme, web } = scene;
  github.install({ account: acme });
  const bob = github.createAccount({ login: "bob" });
  return Array.from({ length: 6 }, (_, index) => {
    const filenames = index === 0 ? [] : [`a${index}.ts`, `b${index}.ts`];
    const files = filenames.map((filename) => ({ filename }));
    const pullRequest = github.openPullRequest({ repository: web, author: ann, files });
    if (index === 0) return pullRequest;
    for (let round = 0; round < 2; round++) {
      github.createIssueComment({ on: pullRequest, author: bob, body: `Comment ${round}` });
      github.submitReview({ pullRequest, author: bob, comments: [{ body: `On the diff ${round}` }] });
    }
    return pullRequest;
  });
}

/** Does the work without webhooks. */
function withoutWebhooks<Result>(seconds: number, work: () => Result): Result {
  return github.quietly(() => github.after(seconds, work));
}

function nth(index: number): PullRequest {
  const pullRequest = pullRequests[index];
  if (!pullRequest) throw new Error(`There is no pull request ${index}.`);
  return pullRequest;
}

test("a pull request that GitHub no longer shows is a gap of its repository", async () => {
  await backfill();
  expect(await gaps()).toEqual([]);
  // GitHub hides the pull requests of a flagged account, without a webhook.
  const hidden = nth(2);
  scene.web.pullRequests.delete(hidden.number);
  github.state.pullRequests.delete(hidden.id);
  scene.pass(60);
  await scene.reconcileUpdates();
  expect(await gaps()).toEqual(["pull_requests null 6/5"]);
  const { total } = await scene.analyze();
  expect(total.pull_requests).toMatchObject({ captured: 6, github: 5, percent: expect.closeTo(83.3) });
});

test.each(["issue", "review"])(
  "a deleted %s comment is no gap, although GitHub counted it earlier",
  async (kind) => {
    const pullRequest = nth(1);
    await scene.app.services.queue.queuePullRequest(scene.web.id, pullRequest.number);
    await idle();
    const receivedAfter = Date.now();
    const [comment] = pullRequest.comments;
    const [reviewComment] = pullRequest.reviews[0]?.comments ?? [];
    if (!comment || !reviewComment) throw new Error("no comment");
    if (kind === "issue") github.deleteIssueComment(comment);
    else github.deleteReviewComment(reviewComment);
    const late = opened.filter(({ payload }) => payload.action === "created").slice(0, 8);
    await deliver();
    await deliver(late.map((delivery) => ({ ...delivery, id: `late ${delivery.id}` })));
    const [coverage] = await rows("capture.coverage where number = 2");
    expect(coverage).toMatchObject({ comments_missing: 0, comments_excess: 0 });
    const [deleted] = await rows("github.comments where deleted_at is not null");
    expect(deleted).toMatchObject({ kind });
    expect(Number(deleted?.["deleted_at"])).toBeGreaterThanOrEqual(receivedAfter);
    expect(await differences()).toEqual([]);
  },
);

/** The jobs of gaps, without those that capture the details of a stub for a review or comment. */
const queuedJobs = async () => {
  const jobs = await rows("capture.jobs where reason = 'gap' and event_id not like '%:details'");
  return jobs
    .map((job) => `${String(job["event_name"])} ${String(job["number"])} ${String(job["state"])}`)
    .toSorted();
};

test("live captures leave no gap to fix", async () => {
  expect(await gaps()).toEqual([]);
  expect(await scene.app.services.queue.fixGaps()).toBe(0);
  expect(await queuedJobs()).toEqual([]);
});

test("gaps of every kind are found and closed, and nothing else is queued", async () => {
  const [, second, third, fourth, fifth, sixth] = pullRequests.map((each) => each.number);
  // A push was missed, and a later review shows the new head.
  withoutWebhooks(4000, () => github.push(nth(1), { files: [{ filename: "pushed.ts" }] }));
  github.after(4010, () => github.submitReview({ pullRequest: nth(1), author: nth(1).author, comments: [] }));
  await deliver();
  // Rows are lost.
  await scene.database.exec(
    `delete from github.pull_request_files where pull_request_number = ${third} and filename like 'a%'`,
  );
  await scene.database.exec(
    `delete from github.comments where kind = 'issue' and pull_request_number = ${fourth}`,
  );
  // GitHub has listed one more review than the rows have.
  await scene.app.services.queue.queuePullRequest(scene.web.id, nth(4).number);
  await idle();
  await scene.database.exec(
    `delete from github.reviews where id = (select min(id) from github.reviews where pull_request_number = ${fifth})`,
  );
  // A comment's webhook made a stub, and its details were never captured.
  await scene.database.exec(`delete from github.pull_requests where number = ${sixth}`);
  await scene.database.exec(
    `insert into github.pull_requests (repository_id, number) values (${scene.web.id}, ${sixth})`,
  );

  expect(await gaps()).toEqual([
    `details ${sixth} 0/1`,
    `reviews ${fifth} 1/2`,
    `comments ${fourth} 2/4`,
    `files ${third} 1/2`,
    `details ${second} 0/1`,
  ]);
  expect(await scene.app.services.queue.fixGaps({ repository: "acme/web" })).toBe(7);
  await idle();
  expect(await queuedJobs()).toEqual(
    [
      `capture/pr.comments ${fourth}`,
      `capture/pr.comments ${sixth}`,
      `capture/pr.details ${second}`,
      `capture/pr.details ${third}`,
      `capture/pr.details ${sixth}`,
      `capture/pr.reviews ${fifth}`,
      `capture/pr.reviews ${sixth}`,
    ]
      .map((job) => `${job} completed`)
      .toSorted(),
  );
  expect(await gaps()).toEqual([]);
  expect(await differences()).toEqual([]);
  expect(await scene.app.services.queue.fixGaps()).toBe(0);
});

test("the inventory shows missing pull requests, and a fix captures them", async () => {
  await backfill();
  await scene.database.exec(
    `delete from github.pull_requests where number in (${nth(2).number}, ${nth(3).number})`,
  );
  const missing = [nth(3).number, nth(2).number];
  expect(await gaps()).toEqual(missing.map((number) => `pull_requests ${number} 0/1`));
  expect(await scene.app.services.queue.fixGaps()).toBe(6);
  await idle();
  expect(await queuedJobs()).toEqual(
    ["comments", "details", "reviews"]
      .flatMap((list) => missing.map((number) => `capture/pr.${list} ${number} completed`))
      .toSorted(),
  );
  expect(await gaps()).toEqual([]);
  expect(await differences()).toEqual([]);
});

test("a fix takes an inventory to find a pull request that GitHub counts and no inventory lists", async () => {
  const { queue } = scene.app.services;
  await backfill();
  // An incremental sync does not list it, but GitHub counts it.
  withoutWebhooks(-3600, () => github.openPullRequest({ repository: scene.web, author: nth(0).author }));
  await queue.queueRecentPRs("acme/web");
  await idle();
  expect(await gaps()).toEqual(["pull_requests null 6/7"]);

  expect(await queue.fixGaps()).toBe(1);
  await idle();
  expect(await gaps()).toEqual([]);
  expect(await differences()).toEqual([]);
  expect(await queue.fixGaps()).toBe(0);
});

test("missing lists are queued by kind, newest pull request first, up to a limit", async () => {
  const { queue } = scene.app.services;
  await scene.database.exec("delete from github.comments");
  await scene.database.exec("delete from github.pull_request_files");
  expect(await queue.queueMissingComments("acme/web", 2)).toBe(2);
  await idle();
  expect(await queuedJobs()).toEqual(
    [5, 4].map((index) => `capture/pr.comments ${nth(index).number} completed`).toSorted(),
  );
  expect(await queue.queueMissingFileChanges(scene.web.id)).toBe(5);
  expect(await queue.queueMissingReviews("acme/web")).toBe(0);
  expect(await queue.queueMissingComments("acme/web", undefined, "low")).toBe(3);
  await idle();
  expect(await rows("capture.jobs where priority = 'low' and reason = 'gap'")).toHaveLength(3);
  expect(await gaps()).toEqual([]);
  expect(await differences()).toEqual([]);
});
