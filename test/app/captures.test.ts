import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { compareRows } from "../../src/demo/compare-rows.ts";
import { failures, type Account, type PullRequest, type Repository } from "../../src/demo/github/index.ts";
import { toTruth } from "../../src/demo/truth.ts";
import type { SqlDatabase } from "../../src/lib/embedded/sql-database.ts";
import { openTestDatabase, resetDatabase } from "../support/database.ts";
import { openGitHub, type TestGitHub } from "../support/open-github.ts";
import { startApp, type TestApp } from "../support/start-app.ts";

/** What captures ask of GitHub, and what becomes of its answers. */

let database: SqlDatabase;
let github: TestGitHub;
let app: TestApp;
let ann: Account;
let repository: Repository;

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
    github.install({ account: acme });
  });
  github.deliveries.length = 0;
});
afterEach(async () => {
  await app.close();
  await github.close();
  await resetDatabase(database);
});
afterAll(() => database.close());

/** Sends everything that has happened since the last call. */
async function deliverAll(): Promise<void> {
  for (const delivery of github.deliveries.splice(0)) await app.deliver(delivery);
}

function open(options: Partial<Parameters<TestGitHub["openPullRequest"]>[0]> = {}): PullRequest {
  return github.after(0, () => github.openPullRequest({ repository, author: ann, ...options }));
}

/** Requests to GitHub that are not for a token, as `GET /path` without the repository and the query. */
function requests(): string[] {
  return github.requests
    .map(({ method, path }) => `${method} ${path.split("?", 1)[0]?.replace("/repos/acme/web", "")}`)
    .filter((request) => !request.includes("access_tokens"));
}

async function differences(): Promise<unknown[]> {
  return compareRows(toTruth(github), (table) => app.rows(`github.${table}`));
}

test("an opened pull request takes one request: its files", async () => {
  open();
  await deliverAll();
  await app.settled();
  expect(requests()).toEqual(["GET /pulls/1/files"]);
  expect(await differences()).toEqual([]);
});

test("an action that leaves head and base alone takes none", async () => {
  const pullRequest = open();
  await deliverAll();
  await app.settled();
  github.requests.length = 0;
  github.after(5, () => github.label(pullRequest, "bug"));
  github.after(6, () => github.closePullRequest(pullRequest));
  github.after(7, () => github.reopenPullRequest(pullRequest));
  await deliverAll();
  await app.settled();
  expect(requests()).toEqual([]);
  expect(await differences()).toEqual([]);
});

test("another base takes the files anew", async () => {
  const pullRequest = open();
  await deliverAll();
  await app.settled();
  github.requests.length = 0;
  github.after(5, () => github.editPullRequest(pullRequest, { base: { ref: "next" } }));
  await deliverAll();
  await app.settled();
  expect(requests()).toEqual(["GET /pulls/1/files"]);
  expect(await differences()).toEqual([]);
});

test("a burst within one second, none of which says who was last, is settled by one question", async () => {
  const pullRequest = open();
  for (const name of ["a", "b", "c", "d", "e"]) github.after(0, () => github.label(pullRequest, name));
  const burst = github.deliveries.splice(0);
  await Promise.all(burst.toReversed().map((delivery) => app.deliver(delivery)));
  await app.settled();
  expect(requests().filter((request) => request === "GET /pulls/1")).toHaveLength(1);
  expect(await differences()).toEqual([]);
});

test("a second that is not yet over is waited for before GitHub is asked", async () => {
  const pullRequest = github.openPullRequest({ repository, author: ann });
  github.label(pullRequest, "bug");
  await deliverAll();
  await app.services.engine?.idle(5_000);
  const { details_clock: clock, details_fetched_at: fetched } =
    (await app.rows("github.pull_requests"))[0] ?? {};
  expect(Number(fetched)).toBeGreaterThan(Number(clock));
  expect(await differences()).toEqual([]);
});

test("comments edited within one second are settled by one listing", async () => {
  const pullRequest = open();
  const comments = ["one", "two", "three"].map((body) =>
    github.after(5, () => github.createIssueComment({ on: pullRequest, author: ann, body })),
  );
  for (const comment of comments) github.after(5, () => github.editIssueComment(comment, `${comment.body}!`));
  await deliverAll();
  await app.settled();
  expect(requests().filter((request) => request.includes("comments"))).toEqual(["GET /issues/1/comments"]);
  expect(await differences()).toEqual([]);
});

test("a review of an unseen pull request is kept, and the details are asked for once", async () => {
  const pullRequest = open();
  github.deliveries.length = 0;
  github.after(5, () => github.submitReview({ pullRequest, author: ann, body: "Fine" }));
  github.after(6, () => github.createIssueComment({ on: pullRequest, author: ann, body: "Thanks" }));
  await deliverAll();
  await app.settled();
  expect(requests().toSorted()).toEqual(["GET /pulls/1", "GET /pulls/1/files"]);
  expect(await differences()).toEqual([]);
});

test("who has reviewed is asked for a review no more, which no pull_request webhook tells", async () => {
  const ben = github.after(-30, () => github.createAccount({ login: "ben" }));
  const pullRequest = open();
  github.after(5, () => github.requestReview(pullRequest, ben));
  await deliverAll();
  await app.settled();
  expect(await app.rows("github.pull_requests")).toMatchObject([{ requested_reviewers: [ben.id] }]);
  github.requests.length = 0;
  github.after(9, () => github.submitReview({ pullRequest, author: ben, body: "Fine" }));
  await deliverAll();
  await app.settled();
  expect(await app.rows("github.pull_requests")).toMatchObject([{ requested_reviewers: [] }]);
  expect(requests()).toEqual([]);
  expect(await differences()).toEqual([]);
});

test("asked and reviewed within one second is settled by one question", async () => {
  const ben = github.after(-30, () => github.createAccount({ login: "ben" }));
  const pullRequest = open();
  await deliverAll();
  await app.settled();
  github.requests.length = 0;
  github.after(5, () => github.requestReview(pullRequest, ben));
  const comments = [{ body: "one" }, { body: "two" }];
  github.after(5, () => github.submitReview({ pullRequest, author: ben, comments }));
  await deliverAll();
  await app.settled();
  expect(requests()).toEqual(["GET /pulls/1"]);
  expect(await differences()).toEqual([]);
});

test("a payload too large for Inngest is fetched instead", async () => {
  open({ body: "\u{1F680}".repeat(65_000) });
  await deliverAll();
  await app.settled();
  expect(requests()).toEqual(["GET /pulls/1", "GET /pulls/1/files"]);
  expect(await differences()).toEqual([]);
});

test("of more than 3,000 files those that GitHub lists are captured, and the rest is known to be missing", async () => {
  open({ files: Array.from({ length: 3_050 }, (_, index) => ({ filename: `${index}.ts` })) });
  await deliverAll();
  await app.settled();
  expect(await app.rows("github.pull_request_files")).toHaveLength(3_000);
  expect(await app.rows("github.pull_requests")).toMatchObject([
    { changed_files: 3_050, files_truncated: true },
  ]);
  expect(await differences()).toEqual([]);
});

test("a push between two pages of the file list leaves no mixture", async () => {
  const files = (prefix: string) =>
    Array.from({ length: 150 }, (_, index) => ({ filename: `${prefix}${index}.ts` }));
  const pullRequest = open({ files: files("a") });
  const stop = github.intercept((request) => {
    if (!request.url.includes("files?per_page=100&page=2")) return;
    stop();
    github.after(30, () => github.push(pullRequest, { files: files("b") }));
  });
  await deliverAll();
  await app.settled();
  await deliverAll();
  await app.settled();
  expect(await differences()).toEqual([]);
});

test("a renamed repository's old name still leads to its pull requests", async () => {
  const pullRequest = open();
  const opened = github.deliveries.find(({ name }) => name === "pull_request");
  github.after(5, () => github.renameRepository(repository, "site"));
  if (opened) await app.deliver(opened);
  await app.settled();
  expect(await app.rows("github.pull_request_files")).toHaveLength(pullRequest.heads[0]?.files.length ?? 0);
  expect(await app.rows("capture.jobs")).toMatchObject([{ state: "completed" }]);
});

test("what GitHub's replicas do not have yet is asked for again", async () => {
  github.intercept(failures.matching(/^GET .*files/, failures.once(failures.refused(404, "Not Found"))));
  github.openPullRequest({ repository, author: ann });
  await deliverAll();
  await app.services.engine?.idle(10_000);
  expect(requests()).toEqual(["GET /pulls/1/files", "GET /pulls/1/files"]);
  expect(await differences()).toEqual([]);
});

test("the files of a head whose first one is removed are captured", async () => {
  open({ files: [{ filename: "a.ts", status: "removed" }, { filename: "b.ts" }] });
  await deliverAll();
  await app.settled();
  expect(requests()).toEqual(["GET /pulls/1/files"]);
  expect(await app.rows("github.pull_request_files")).toHaveLength(2);
});

test("a limit waits until the moment that GitHub named, and the rows of the payload are there meanwhile", async () => {
  const resetAt = new Date(Date.now() + 2_000);
  github.intercept(failures.matching(/^GET .*files/, failures.once(failures.rateLimited(resetAt))));
  open();
  await deliverAll();
  await app.settled();
  expect(await app.rows("github.pull_requests")).toHaveLength(1);
  expect(await app.rows("github.pull_request_files")).toEqual([]);
  await app.services.engine?.idle(10_000);
  expect(await differences()).toEqual([]);
  expect(requests()).toEqual(["GET /pulls/1/files", "GET /pulls/1/files"]);
});

test.each([404, 410, 451])("what GitHub answers %i is not asked for again", async (status) => {
  github.intercept(failures.matching(/^GET .*files/, failures.refused(status, "Gone")));
  open();
  await deliverAll();
  await app.settled();
  expect(requests()).toEqual(["GET /pulls/1/files"]);
  expect(await app.rows("capture.jobs")).toMatchObject([
    { state: "failed", error: { message: expect.stringContaining(String(status)) } },
  ]);
  expect(JSON.stringify(await app.rows("capture.jobs"))).not.toMatch(/ghs_|token [\w.]{8}/);
});

test("one installation's token serves all its captures", async () => {
  for (let index = 0; index < 5; index++) open();
  await deliverAll();
  await app.settled();
  expect(github.requests.filter(({ path }) => path.includes("access_tokens"))).toHaveLength(1);
  expect(await differences()).toEqual([]);
});

test("a pull request whose account and fork are gone keeps its row", async () => {
  const stranger = github.after(-30, () => github.createAccount({ login: "stranger" }));
  const pullRequest = open({ author: stranger });
  github.after(1, () => {
    github.deleteHeadRepository(pullRequest);
    github.deleteAccount(stranger);
    github.label(pullRequest, "orphan");
  });
  await deliverAll();
  await app.settled();
  expect(await app.rows("github.pull_requests")).toMatchObject([{ author_id: null, labels: ["orphan"] }]);
  expect(await differences()).toEqual([]);
});
