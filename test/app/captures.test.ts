import { beforeEach, expect, test } from "vitest";
import { failures, type Account, type PullRequest, type Repository } from "../../src/fake-github/index.ts";
import type { TestGitHub } from "../support/open-github.ts";
import { useScene } from "../support/scene.ts";

/** The requests that captures make to GitHub, and what they do with the answers. */

const scene = useScene();
const { deliver, differences, rows, takeDeliveries } = scene;

let github: TestGitHub;
let ann: Account;
let web: Repository;

beforeEach(() => {
  ({ github, ann, web } = scene);
});

function open(options: Partial<Parameters<TestGitHub["openPullRequest"]>[0]> = {}): PullRequest {
  return github.after(0, () => github.openPullRequest({ repository: web, author: ann, ...options }));
}

/** The requests to GitHub except those for tokens, as `GET /path` without the repository and the query. */
function requests(): string[] {
  return github.requests
    .map(({ method, path }) => `${method} ${path.split("?", 1)[0]?.replace("/repos/acme/web", "")}`)
    .filter((request) => !request.includes("access_tokens"));
}

test("an opened pull request takes one request, for its files", async () => {
  open();
  await deliver();
  expect(requests()).toEqual(["GET /pulls/1/files"]);
  expect(await differences()).toEqual([]);
});

test("an action that changes neither head nor base takes no request", async () => {
  const pullRequest = open();
  await deliver();
  github.requests.length = 0;
  github.after(5, () => github.label(pullRequest, "bug"));
  github.after(6, () => github.closePullRequest(pullRequest));
  github.after(7, () => github.reopenPullRequest(pullRequest));
  await deliver();
  expect(requests()).toEqual([]);
  expect(await differences()).toEqual([]);
});

test("a new base reads the files again", async () => {
  const pullRequest = open();
  await deliver();
  github.requests.length = 0;
  github.after(5, () => github.editPullRequest(pullRequest, { base: { ref: "next" } }));
  await deliver();
  expect(requests()).toEqual(["GET /pulls/1/files"]);
  expect(await differences()).toEqual([]);
});

test("the files are read again when the base was changed to another branch and back, and only the return was delivered", async () => {
  const files = ["a.ts", "b.ts", "c.ts"].map((filename) => ({ filename }));
  const pullRequest = github.after(0, () => github.openPullRequest({ repository: web, author: ann, files }));
  await deliver();
  const [, , last] = files;
  const rest = last ? [last] : [];
  github.quietly(() =>
    github.after(10, () => github.editPullRequest(pullRequest, { base: { ref: "next", files: rest } })),
  );
  github.after(20, () => github.editPullRequest(pullRequest, { base: { ref: "main", files: rest } }));
  await deliver();
  expect(await differences()).toEqual([]);
});

test("an ambiguous burst within one second is resolved by one request", async () => {
  const pullRequest = open();
  for (const name of ["a", "b", "c", "d", "e"]) github.after(0, () => github.label(pullRequest, name));
  const burst = takeDeliveries().toReversed();
  await Promise.all(burst.map((delivery) => scene.app.deliver(delivery)));
  await scene.idle();
  expect(requests().filter((request) => request === "GET /pulls/1")).toHaveLength(1);
  expect(await differences()).toEqual([]);
});

test("an ambiguous order is resolved after its second is over", async () => {
  github.at(new Date(), () => {
    const pullRequest = github.openPullRequest({ repository: web, author: ann });
    github.label(pullRequest, "bug");
  });
  await deliver();
  const { details_clock: clock, details_fetched_at: fetched } = (await rows("github.pull_requests"))[0] ?? {};
  expect(Number(fetched)).toBeGreaterThan(Number(clock));
  expect(await differences()).toEqual([]);
});

test("comments that are edited within one second are resolved by one listing", async () => {
  const pullRequest = open();
  const comments = ["one", "two", "three"].map((body) =>
    github.after(5, () => github.createIssueComment({ on: pullRequest, author: ann, body })),
  );
  for (const comment of comments) github.after(5, () => github.editIssueComment(comment, `${comment.body}!`));
  await deliver();
  expect(requests().filter((request) => request.includes("comments"))).toEqual(["GET /issues/1/comments"]);
  expect(await differences()).toEqual([]);
});

test("a review of an unknown pull request is stored, and its details are requested once", async () => {
  const pullRequest = open();
  takeDeliveries();
  github.after(5, () => github.submitReview({ pullRequest, author: ann, body: "Fine" }));
  github.after(6, () => github.createIssueComment({ on: pullRequest, author: ann, body: "Thanks" }));
  await deliver();
  expect(requests().toSorted()).toEqual(["GET /pulls/1", "GET /pulls/1/files"]);
  expect(await differences()).toEqual([]);
});

test("a submitted review ends the request for it, without a pull_request webhook", async () => {
  const ben = github.after(-30, () => github.createAccount({ login: "ben" }));
  const pullRequest = open();
  github.after(5, () => github.requestReview(pullRequest, ben));
  await deliver();
  expect(await rows("github.pull_requests")).toMatchObject([{ requested_reviewers: [ben.id] }]);
  github.requests.length = 0;
  github.after(9, () => github.submitReview({ pullRequest, author: ben, body: "Fine" }));
  await deliver();
  expect(await rows("github.pull_requests")).toMatchObject([{ requested_reviewers: [] }]);
  expect(requests()).toEqual([]);
  expect(await differences()).toEqual([]);
});

test("a review that is requested and submitted within one second is resolved by one request", async () => {
  const ben = github.after(-30, () => github.createAccount({ login: "ben" }));
  const pullRequest = open();
  await deliver();
  github.requests.length = 0;
  github.after(5, () => github.requestReview(pullRequest, ben));
  const comments = [{ body: "one" }, { body: "two" }];
  github.after(5, () => github.submitReview({ pullRequest, author: ben, comments }));
  await deliver();
  expect(requests()).toEqual(["GET /pulls/1"]);
  expect(await differences()).toEqual([]);
});

test("a payload that is too large for Inngest is fetched from GitHub", async () => {
  open({ body: "\u{1F680}".repeat(65_000) });
  await deliver();
  expect(requests()).toEqual(["GET /pulls/1", "GET /pulls/1/files"]);
  expect(await differences()).toEqual([]);
});

test("files beyond the 3,000 that GitHub lists are marked as missing", async () => {
  open({ files: Array.from({ length: 3_050 }, (_, index) => ({ filename: `${index}.ts` })) });
  await deliver();
  expect(await rows("github.pull_request_files")).toHaveLength(3_000);
  expect(await rows("github.pull_requests")).toMatchObject([{ changed_files: 3_050, files_truncated: true }]);
  expect(await differences()).toEqual([]);
});

test("a push between two pages of the file list does not mix two heads", async () => {
  const files = (prefix: string) =>
    Array.from({ length: 150 }, (_, index) => ({ filename: `${prefix}${index}.ts` }));
  const pullRequest = open({ files: files("a") });
  const stop = github.intercept((request) => {
    if (!request.url.includes("files?per_page=100&page=2")) return;
    stop();
    github.after(30, () => github.push(pullRequest, { files: files("b") }));
  });
  await deliver();
  await deliver();
  expect(await differences()).toEqual([]);
});

test("a pull request is captured through the old name of its renamed repository", async () => {
  const pullRequest = open();
  const opened = github.deliveries.find(({ name }) => name === "pull_request");
  github.after(5, () => github.renameRepository(web, "site"));
  if (opened) await deliver([opened]);
  expect(await rows("github.pull_request_files")).toHaveLength(pullRequest.heads[0]?.files.length ?? 0);
  expect(await rows("capture.jobs")).toMatchObject([{ state: "completed" }]);
});

test("a list that GitHub's replicas do not have yet is requested again", async () => {
  github.intercept(failures.matching(/^GET .*files/, failures.once(failures.refused(404, "Not Found"))));
  github.openPullRequest({ repository: web, author: ann });
  await deliver();
  expect(requests()).toEqual(["GET /pulls/1/files", "GET /pulls/1/files"]);
  expect(await differences()).toEqual([]);
});

test("files that a replica lists for an older head are listed again until they are those of the shown head", async () => {
  const pullRequest = open();
  github.after(30, () => github.push(pullRequest, { files: [{ filename: "b.ts" }] }));
  const [before, after] = pullRequest.heads.map(({ sha }) => sha);
  let lagging = 5;
  github.intercept(async ({ method, url }, next) => {
    if (method !== "GET" || !url.includes("/files") || lagging-- <= 0) return;
    const answer = await next();
    return new Response((await answer.text()).replaceAll(after ?? "", before ?? ""), answer);
  });
  await deliver();
  await scene.app.skipPauses(120_000);
  expect(lagging).toBeLessThan(0);
  expect(await differences()).toEqual([]);
  expect(await rows("capture.jobs where state <> 'completed'")).toEqual([]);
});

test("the files of a head whose first file is removed are captured", async () => {
  open({ files: [{ filename: "a.ts", status: "removed" }, { filename: "b.ts" }] });
  await deliver();
  expect(requests()).toEqual(["GET /pulls/1/files"]);
  expect(await rows("github.pull_request_files")).toHaveLength(2);
});

test("a rate limit delays the request until its reset, and the payload's rows are stored meanwhile", async () => {
  const resetAt = new Date(Date.now() + 1_000);
  github.intercept(failures.matching(/^GET .*files/, failures.once(failures.rateLimited(resetAt))));
  open();
  const [opened] = takeDeliveries();
  if (opened) await scene.app.deliver(opened);
  await scene.app.idle();
  expect(await rows("github.pull_requests")).toHaveLength(1);
  expect(await rows("github.pull_request_files")).toEqual([]);
  await scene.app.services.engine?.idle(10_000); // the app's own clock decides when the limit is over
  expect(await differences()).toEqual([]);
  expect(requests()).toEqual(["GET /pulls/1/files", "GET /pulls/1/files"]);
});

test.each([404, 410, 451])("a list that GitHub answers with %i is not requested again", async (status) => {
  github.intercept(failures.matching(/^GET .*files/, failures.refused(status, "Gone")));
  open();
  await deliver();
  expect(requests()).toEqual(["GET /pulls/1/files"]);
  expect(await rows("capture.jobs")).toMatchObject([
    { state: "failed", error: { message: expect.stringContaining(String(status)) } },
  ]);
  expect(JSON.stringify(await rows("capture.jobs"))).not.toMatch(/ghs_|token [\w.]{8}/);
});

test("the captures of one installation share a token", async () => {
  for (let index = 0; index < 5; index++) open();
  await deliver();
  expect(github.requests.filter(({ path }) => path.includes("access_tokens"))).toHaveLength(1);
  expect(await differences()).toEqual([]);
});

test("a pull request whose author and fork are deleted keeps its row", async () => {
  const stranger = github.after(-30, () => github.createAccount({ login: "stranger" }));
  const pullRequest = open({ author: stranger });
  github.after(1, () => {
    github.deleteHeadRepository(pullRequest);
    github.deleteAccount(stranger);
    github.label(pullRequest, "orphan");
  });
  await deliver();
  expect(await rows("github.pull_requests")).toMatchObject([{ author_id: null, labels: ["orphan"] }]);
  expect(await differences()).toEqual([]);
});
