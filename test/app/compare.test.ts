import { expect, test } from "vitest";
import { comparisonSchema, type Comparison } from "../../src/api/console-contract.ts";
import type { PullRequest } from "../../src/fake-github/index.ts";
import { adminToken, useScene } from "../support/scene.ts";

const scene = useScene();

async function ask(number: number, repository: string | number = "acme/web") {
  const response = await fetch(`${scene.app.url}/api/pull-requests/compare`, {
    method: "POST",
    headers: { authorization: `Bearer ${adminToken}` },
    body: JSON.stringify({ repository, number }),
  });
  const body: any = await response.json(); // oxlint-disable-line typescript/no-explicit-any -- the test says what it expects
  return { status: response.status, retryAfter: response.headers.get("retry-after"), body };
}

async function compare({ number }: PullRequest): Promise<Comparison> {
  const { status, body } = await ask(number);
  expect({ status, body }).toMatchObject({ status: 200 });
  return comparisonSchema.parse(body);
}

/** A pull request with several pages of everything. */
function openLarge(): PullRequest {
  const { github, ann, web, acme } = scene;
  const bob = github.createAccount({ login: "bob" });
  const gone = github.createAccount({ login: "gone" });
  const opened = github.openPullRequest({
    repository: web,
    author: ann,
    body: "Text",
    files: Array.from({ length: 130 }, (_, index) => ({ filename: `src/${index}.ts` })),
  });
  github.label(opened, "bug");
  github.requestReview(opened, bob);
  scene.pass(2);
  for (let index = 0; index < 110; index++)
    github.createIssueComment({ on: opened, author: index % 2 ? gone : acme, body: `Comment ${index}` });
  for (let index = 0; index < 104; index++)
    github.submitReview({ pullRequest: opened, author: ann, comments: [{ body: `On the diff ${index}` }] });
  for (const thread of opened.threads.slice(0, 3)) github.resolveThread(thread);
  github.deleteAccount(gone);
  scene.pass(2);
  scene.takeDeliveries();
  return opened;
}

async function everyRow() {
  const tables = [
    "github.pull_requests",
    "github.pull_request_files",
    "github.reviews",
    "github.comments",
    "capture.jobs",
  ];
  return Promise.all([...tables, "github.repositories", "github.accounts"].map((table) => scene.rows(table)));
}

test("a pull request in sync has no difference on any page of any list, and the comparison writes nothing", async () => {
  const opened = openLarge();
  await scene.backfill();
  const before = await everyRow();
  const compared = await compare(opened);
  expect(compared).toMatchObject({ exists: true, differences: [], problems: [] });
  expect(compared.requests).toBe(1 + 2 + 2 + 2 + 2); // the pull request, and two pages of each list
  expect(compared.points).toBeGreaterThan(0);
  expect(await everyRow()).toEqual(before);
});

test("rows that only webhooks wrote have no difference", async () => {
  const { github, ann, web } = scene;
  const opened = github.openPullRequest({ repository: web, author: ann, files: [{ filename: "a.ts" }] });
  scene.pass(2);
  github.createIssueComment({ on: opened, author: ann, body: "Hi" });
  const deleted = github.createIssueComment({ on: opened, author: ann, body: "Deleted on both sides" });
  scene.pass(2);
  github.deleteIssueComment(deleted);
  scene.pass(2);
  github.submitReview({ pullRequest: opened, author: ann, state: "COMMENTED", comments: [{ body: "Hm" }] });
  scene.pass(2);
  github.mergePullRequest(opened, { by: ann });
  scene.pass(2);
  await scene.deliver();
  expect(await compare(opened)).toMatchObject({ exists: true, differences: [], problems: [] });
});

test("every lost change is a difference that names the item, the column and both values", async () => {
  const { github, ann } = scene;
  const opened = openLarge();
  await scene.backfill();
  const [first, second] = opened.comments;
  const [thread] = opened.threads;
  const review = opened.reviews.at(-1);
  if (!first || !second || !thread || !review) throw new Error("Something is missing.");
  github.editPullRequest(opened, { title: "<script>alert(1)</script>" });
  github.editIssueComment(first, "Edited");
  github.deleteIssueComment(second);
  github.unresolveThread(thread);
  github.dismissReview(review);
  const added = github.createIssueComment({ on: opened, author: ann, body: "Lost" });
  scene.takeDeliveries();
  await scene.database.exec("delete from github.pull_request_files where filename = 'src/7.ts'");
  await scene.database.exec(
    "update github.pull_request_files set additions = 4711 where filename = 'src/8.ts'",
  );

  const { differences } = await compare(opened);
  const found = differences.filter(({ column }) => column !== "updated_at");
  expect(found).toEqual([
    {
      item: "pull request",
      column: "title",
      captured: expect.any(String),
      github: "<script>alert(1)</script>",
    },
    { item: "src/7.ts", column: null, captured: null, github: "modified" },
    { item: "src/8.ts", column: "additions", captured: 4711, github: expect.any(Number) },
    { item: `review ${review.id}`, column: "state", captured: "COMMENTED", github: "DISMISSED" },
    { item: `comment ${first.id}`, column: "body", captured: "Comment 0", github: "Edited" },
    { item: `comment ${added.id}`, column: null, captured: null, github: "Lost" },
    { item: `comment ${second.id}`, column: null, captured: "Comment 1", github: null },
    { item: `review comment ${thread.comments[0]?.id}`, column: "resolved", captured: true, github: false },
  ]);
});

test("a pull request that GitHub no longer shows is one difference, and so is one that was never captured", async () => {
  const { github, ann, web } = scene;
  const captured = github.openPullRequest({ repository: web, author: ann, title: "Captured" });
  await scene.deliver();
  const lost = github.openPullRequest({ repository: web, author: ann, title: "Lost" });
  scene.takeDeliveries();
  expect(await compare(lost)).toMatchObject({
    exists: true,
    differences: [{ item: "pull request", column: null, captured: null, github: "Lost" }],
  });
  github.intercept(({ url }) =>
    url.includes("/pulls/") ? Response.json({ message: "Not Found" }, { status: 404 }) : undefined,
  );
  expect(await compare(captured)).toMatchObject({
    exists: false,
    requests: 1,
    differences: [{ item: "pull request", column: null, captured: "Captured", github: null }],
  });
  expect((await ask(4711)).body).toMatchObject({ exists: false, differences: [] });
  expect(await ask(1, "no/such")).toMatchObject({ status: 404 });
  expect((await ask(0)).status).toBe(400);
});

test("at the rate limit the answer is 503, and says when to try again", async () => {
  const { github, ann, web } = scene;
  const opened = github.openPullRequest({ repository: web, author: ann });
  await scene.deliver();
  github.intercept(({ url }) =>
    url.includes("/pulls/")
      ? Response.json(
          { message: "API rate limit exceeded" },
          { status: 403, headers: { "x-ratelimit-remaining": "0", "retry-after": "90" } },
        )
      : undefined,
  );
  const first = await ask(opened.number);
  expect(first).toMatchObject({
    status: 503,
    body: { detail: expect.stringMatching(/rate limit.*Try again after 2/) },
  });
  expect(Number(first.retryAfter)).toBeGreaterThan(80);
  expect(await ask(opened.number)).toMatchObject({
    status: 503,
    body: { detail: expect.stringContaining("rate limit is reached until") },
  });
});

test("what GitHub refuses to show is a problem, and the rest is compared", async () => {
  const opened = openLarge();
  await scene.backfill();
  await scene.database.exec("update github.comments set body = 'Other' where body = 'Comment 0'");
  scene.github.intercept(({ url }) =>
    /\/pulls\/\d+\/files/.test(url)
      ? Response.json({ message: "Sorry, this diff is too large" }, { status: 406 })
      : undefined,
  );
  const compared = await compare(opened);
  expect(compared.problems).toEqual([expect.stringContaining("GitHub answered 406 to GET")]);
  expect(compared.differences).toMatchObject([{ column: "body", captured: "Other", github: "Comment 0" }]);
});
