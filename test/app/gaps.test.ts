import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { compareRows } from "../../src/demo/compare-rows.ts";
import type { PullRequest, Repository } from "../../src/demo/github/index.ts";
import { toTruth } from "../../src/demo/truth.ts";
import type { SqlDatabase } from "../../src/lib/embedded/sql-database.ts";
import { openTestDatabase, resetDatabase } from "../support/database.ts";
import { openGitHub, type TestGitHub } from "../support/open-github.ts";
import { startApp, type TestApp } from "../support/start-app.ts";

let database: SqlDatabase;
let github: TestGitHub;
let app: TestApp;
let repository: Repository;
let pullRequests: PullRequest[];

beforeAll(async () => {
  database = await openTestDatabase();
});
beforeEach(async () => {
  await resetDatabase(database);
  github = await openGitHub();
  app = await startApp(database, { GITHUB_API_URL: github.url });
  ({ repository, pullRequests } = github.after(0, openPullRequests));
  await deliverAll();
  return async () => {
    await app.close();
    await github.close();
  };
});
afterAll(() => database.close());

/** Six pull requests, #1 without files, reviews and comments, the others with two of each. */
function openPullRequests() {
  const ann = github.createAccount({ login: "ann" });
  const bob = github.createAccount({ login: "bob" });
  const acme = github.createOrganization({ login: "acme", members: [ann, bob] });
  const web = github.createRepository({ owner: acme, name: "web" });
  github.install({ account: acme });
  const opened = Array.from({ length: 6 }, (_, index) => {
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
  return { repository: web, pullRequests: opened };
}

let delivered = 0;

async function deliverAll(): Promise<void> {
  delivered = 0;
  await deliverNew();
}

/** Delivers what has happened since the last delivery. */
async function deliverNew(): Promise<void> {
  for (const delivery of github.deliveries.slice(delivered)) await app.deliver(delivery);
  delivered = github.deliveries.length;
  await app.settled();
}

/** What happens meanwhile is never delivered. */
function unheard<Result>(seconds: number, work: () => Result): Result {
  return github.quietly(() => github.after(seconds, work));
}

function nth(index: number): PullRequest {
  const pullRequest = pullRequests[index];
  if (!pullRequest) throw new Error(`There is no pull request ${index}.`);
  return pullRequest;
}

async function gaps(): Promise<string[]> {
  const analysis = await app.services.queue.analyze();
  return analysis.gaps.map((gap) => `${gap.kind} ${gap.number} ${gap.captured}/${gap.github}`);
}

const queuedJobs = async () => {
  const jobs = await app.rows("capture.jobs where reason = 'gap'");
  return jobs
    .map((job) => `${String(job["event_name"])} ${String(job["number"])} ${String(job["state"])}`)
    .toSorted();
};

const differences = () => compareRows(toTruth(github), (table) => app.rows(`github.${table}`));

test("what was captured live has no gap, and nothing is queued for it", async () => {
  expect(await gaps()).toEqual([]);
  expect(await app.services.queue.fixGaps()).toBe(0);
  expect(await queuedJobs()).toEqual([]);
});

test("planted gaps of every kind are found and closed, and nothing else is queued", async () => {
  const [, second, third, fourth, fifth, sixth] = pullRequests.map((each) => each.number);
  // A webhook was missed, and a later one shows it.
  unheard(100, () => github.push(nth(1), { files: [{ filename: "pushed.ts" }] }));
  github.after(110, () => github.submitReview({ pullRequest: nth(1), author: nth(1).author, comments: [] }));
  await deliverNew();
  // Rows are lost.
  await database.exec(
    `delete from github.pull_request_files where pull_request_number = ${third} and filename like 'a%'`,
  );
  await database.exec(`delete from github.comments where kind = 'issue' and pull_request_number = ${fourth}`);
  // GitHub has listed a review more than there is here.
  await app.services.queue.queuePullRequest(repository.id, nth(4).number);
  await app.settled();
  await database.exec(
    `delete from github.reviews where id = (select min(id) from github.reviews where pull_request_number = ${fifth})`,
  );
  // A comment's webhook came before anything else of its pull request, and the details never.
  await database.exec(`delete from github.pull_requests where number = ${sixth}`);
  await database.exec(
    `insert into github.pull_requests (repository_id, number) values (${repository.id}, ${sixth})`,
  );

  expect(await gaps()).toEqual([
    `details ${sixth} 0/1`,
    `reviews ${fifth} 1/2`,
    `comments ${fourth} 2/4`,
    `files ${third} 1/2`,
    `details ${second} 0/1`,
  ]);
  expect(await app.services.queue.fixGaps({ repository: "acme/web" })).toBe(7);
  await app.settled();
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
  expect(await app.services.queue.fixGaps()).toBe(0);
});

test("pull requests that are missing altogether are found by GitHub's count, and closed by one sync", async () => {
  await app.services.queue.queueBackfill("acme/web", { all: true });
  await app.settled();
  await database.exec(
    `delete from github.pull_requests where number in (${nth(2).number}, ${nth(3).number})`,
  );
  expect(await gaps()).toEqual(["pull_requests null 4/6"]);
  expect(await app.services.queue.fixGaps()).toBe(1);
  await app.settled();
  expect(await queuedJobs()).toEqual(["capture/repository.sync null completed"]);
  expect(await gaps()).toEqual([]);
  expect(await differences()).toEqual([]);
});

test("what is missing is queued by kind, newest pull request first, at most so many", async () => {
  const { queue } = app.services;
  await database.exec("delete from github.comments");
  await database.exec("delete from github.pull_request_files");
  expect(await queue.queueMissingComments("acme/web", 2)).toBe(2);
  await app.settled();
  expect(await queuedJobs()).toEqual(
    [5, 4].map((index) => `capture/pr.comments ${nth(index).number} completed`).toSorted(),
  );
  expect(await queue.queueMissingFileChanges(repository.id)).toBe(5);
  expect(await queue.queueMissingReviews("acme/web")).toBe(0);
  expect(await queue.queueMissingComments("acme/web", undefined, "low")).toBe(3);
  await app.settled();
  expect(await app.rows("capture.jobs where priority = 'low' and reason = 'gap'")).toHaveLength(3);
  expect(await gaps()).toEqual([]);
  expect(await differences()).toEqual([]);
});
