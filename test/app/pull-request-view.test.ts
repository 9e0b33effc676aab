import { expect, test } from "vitest";
import { pullRequestSummarySchema, pullRequestViewSchema } from "../../src/api/console-contract.ts";
import { adminToken, useScene } from "../support/scene.ts";

const scene = useScene();

async function ask(path: string) {
  const response = await fetch(`${scene.app.url}/api/pull-requests${path}`, {
    headers: { authorization: `Bearer ${adminToken}` },
  });
  const body: any = await response.json(); // oxlint-disable-line typescript/no-explicit-any -- the test says what it expects
  return { status: response.status, body };
}

async function view(path: string) {
  const { status, body } = await ask(path);
  expect({ status, body }).toMatchObject({ status: 200 });
  return pullRequestViewSchema.parse(body);
}

async function list(query = "") {
  const { status, body } = await ask(query);
  expect(status).toBe(200);
  return pullRequestSummarySchema.array().parse(body);
}

/** Opens a pull request with a review, a thread and comments, one event each second. */
function discuss() {
  const { github, ann, web } = scene;
  const bob = github.createAccount({ login: "bob" });
  const opened = github.openPullRequest({
    repository: web,
    author: ann,
    title: "<b>Bold</b> & 'quoted'",
    files: [{ filename: "b.ts" }, { filename: "a.ts" }],
  });
  github.label(opened, "bug");
  github.assign(opened, ann);
  github.requestReview(opened, bob);
  scene.pass(2);
  const first = github.createIssueComment({ on: opened, author: bob, body: "First" });
  scene.pass(2);
  const review = github.submitReview({
    pullRequest: opened,
    author: bob,
    state: "CHANGES_REQUESTED",
    body: "Please",
    comments: [{ body: "On the diff" }],
  });
  scene.pass(2);
  const [thread] = opened.threads;
  const [root] = thread?.comments ?? [];
  if (!thread || !root) throw new Error("The review has no thread.");
  const reply = github.createReviewComment({
    pullRequest: opened,
    author: ann,
    body: "Done",
    inReplyTo: root,
  });
  github.resolveThread(thread);
  scene.pass(2);
  return { opened, bob, first, review, root, reply };
}

test("a pull request is shown with its facts, files and everything said about it, in order", async () => {
  const { opened, first, review, root, reply } = discuss();
  await scene.deliver();
  scene.github.deleteIssueComment(first);
  scene.pass(2);
  await scene.deliver();

  const shown = await view(`/acme/web/${opened.number}`);
  const page = `${scene.github.url}/acme/web/pull/${opened.number}`;
  expect(shown).toMatchObject({
    repository: "acme/web",
    number: opened.number,
    title: "<b>Bold</b> & 'quoted'",
    state: "open",
    author: "ann",
    url: page,
    facts: {
      title: "<b>Bold</b> & 'quoted'",
      author_id: "ann",
      assignees: ["ann"],
      labels: ["bug"],
      merged_by_id: null,
    },
    files: [{ filename: "a.ts" }, { filename: "b.ts" }],
  });
  for (const hidden of ["column_clocks", "details_clock", "captured_by", "label_ids"])
    expect(shown.facts).not.toHaveProperty(hidden);
  expect(shown.timeline.map(({ kind, id, author, body }) => ({ kind, id, author, body }))).toEqual([
    { kind: "issue_comment", id: first.id, author: "bob", body: "First" },
    { kind: "review", id: review.id, author: "bob", body: "Please" },
    { kind: "review_comment", id: root.id, author: "bob", body: "On the diff" },
    { kind: "review", id: reply.review.id, author: "ann", body: null }, // GitHub makes a review of a reply
    { kind: "review_comment", id: reply.id, author: "ann", body: "Done" },
  ]);
  expect(shown.timeline).toMatchObject([
    { url: `${page}#issuecomment-${first.id}`, deleted_at: expect.any(String) },
    { url: `${page}#pullrequestreview-${review.id}`, state: "CHANGES_REQUESTED", deleted_at: null },
    {
      url: `${page}#discussion_r${root.id}`,
      review_id: review.id,
      resolved: true,
      path: root.path,
      line: root.originalLine,
    },
    { kind: "review" },
    { in_reply_to_id: root.id, resolved: null },
  ]);
  expect(shown.jobs.length).toBeGreaterThan(5);
  expect(shown.jobs.every(({ number }) => number === opened.number)).toBe(true);
});

test("each row shows the captures that stored its present content, and a confirmation changes nothing", async () => {
  const { opened, first } = discuss();
  await scene.deliver();
  const byWebhook = await view(`/acme/web/${opened.number}`);
  for (const { provenance } of [byWebhook, ...byWebhook.timeline])
    expect(provenance).toMatchObject({
      captured_by: "webhook",
      captured_at: expect.any(String),
      clock: expect.any(String),
    });
  expect(byWebhook.files_provenance).toMatchObject({ captured_by: "webhook" });

  await scene.backfill();
  const confirmed = await view(`/acme/web/${opened.number}`);
  const stored = ({ captured_at, captured_by }: typeof confirmed.provenance) => ({
    captured_at,
    captured_by,
  });
  expect(stored(confirmed.provenance)).toEqual(stored(byWebhook.provenance));
  expect(stored(confirmed.files_provenance)).toEqual(stored(byWebhook.files_provenance));
  expect(confirmed.timeline.map(({ provenance }) => stored(provenance))).toEqual(
    byWebhook.timeline.map(({ provenance }) => stored(provenance)),
  );

  scene.github.editIssueComment(first, "Edited, and nobody was told");
  scene.github.editPullRequest(opened, { title: "Another title" });
  scene.takeDeliveries();
  scene.pass(2);
  await scene.backfill();
  const repaired = await view(`/acme/web/${opened.number}`);
  expect(repaired).toMatchObject({ title: "Another title", provenance: { captured_by: "backfill" } });
  expect(repaired.timeline.map(({ provenance }) => provenance.captured_by)).toEqual([
    "backfill",
    "webhook",
    "webhook",
    "webhook",
    "webhook",
  ]);
});

test("a repair by hand and an installation are shown as such", async () => {
  const { github, ann, web } = scene;
  const opened = github.openPullRequest({ repository: web, author: ann });
  scene.takeDeliveries();
  await scene.backfill();
  github.createIssueComment({ on: opened, author: ann, body: "Lost" });
  scene.takeDeliveries();
  await fetch(`${scene.app.url}/api/queue/pull-request`, {
    method: "POST",
    headers: { authorization: `Bearer ${adminToken}` },
    body: JSON.stringify({ repository: "acme/web", number: opened.number }),
  });
  await scene.idle();
  const shown = await view(`/acme/web/${opened.number}`);
  expect(shown.timeline).toMatchObject([{ body: "Lost", provenance: { captured_by: "manual" } }]);
  expect(shown.files_provenance.captured_by).toBe("backfill");
});

test("the gaps of a pull request are those of the analysis", async () => {
  const { opened } = discuss();
  await scene.deliver();
  await scene.backfill();
  await scene.database.exec(
    "delete from github.comments where kind = 'review'; delete from github.pull_request_files",
  );
  const { gaps } = await scene.analyze();
  expect(gaps.length).toBeGreaterThanOrEqual(2);
  expect((await view(`/acme/web/${opened.number}`)).gaps).toEqual(gaps);
});

test("a merged pull request, a deleted account and a renamed repository are shown", async () => {
  const { github, web, ann } = scene;
  const ghost = github.createAccount({ login: "ghost" });
  const opened = github.openPullRequest({ repository: web, author: ghost });
  github.mergePullRequest(opened, { by: ann });
  github.deleteAccount(ghost);
  scene.pass(2);
  scene.takeDeliveries();
  await scene.backfill();
  expect(await view(`/acme/web/${opened.number}`)).toMatchObject({
    state: "merged",
    author: null,
    facts: { author_id: null, merged_by_id: "ann", state: "closed" },
  });
  scene.pass(2);
  github.renameRepository(web, "site");
  scene.pass(2);
  await scene.deliver();
  expect((await view(`/ACME/Site/${opened.number}`)).repository).toBe("acme/site");
});

test("a pull request that is not captured is 404, and a malformed path is 400", async () => {
  expect(await ask("/acme/web/4711")).toMatchObject({
    status: 404,
    body: { detail: "acme/web#4711 is not captured." },
  });
  expect((await ask("/no/such/1")).status).toBe(404);
  for (const path of [
    "/acme/web/x",
    "/acme/web/0",
    "/acme/web/99999999999",
    "/acme/w%00b/1",
    "/acme/%27--/1",
  ])
    expect((await ask(path)).status).toBe(400);
  expect((await fetch(`${scene.app.url}/api/pull-requests`)).status).toBe(401);
});

test("the list shows the newest updates, of one repository or by number or title", async () => {
  const { github, ann, web, acme } = scene;
  const other = github.createRepository({ owner: acme, name: "other" });
  for (const [repository, title] of [
    [web, "First"],
    [web, "100 % of it"],
    [other, "Second"],
  ] as const) {
    github.openPullRequest({ repository, author: ann, title });
    scene.pass(2);
  }
  await scene.deliver();
  const titles = async (query: string) => (await list(query)).map(({ title }) => title);
  expect(await titles("")).toEqual(["Second", "100 % of it", "First"]);
  expect(await titles("?limit=1")).toEqual(["Second"]);
  expect(await titles("?repository=acme/web")).toEqual(["100 % of it", "First"]);
  expect(await titles("?repository=acme/unknown")).toEqual([]);
  expect(await titles("?text=FIR")).toEqual(["First"]);
  expect(await titles(`?text=${encodeURIComponent("100 %")}`)).toEqual(["100 % of it"]);
  expect(await titles(`?text=${encodeURIComponent("%")}`)).toEqual(["100 % of it"]);
  expect(await titles(`?text=${encodeURIComponent("'; drop table github.reviews; --")}`)).toEqual([]);
  expect(await titles("?text=a%00b")).toEqual([]);
  expect(await list("?repository=acme/other&text=%231")).toMatchObject([
    { repository: "acme/other", number: 1, title: "Second", state: "open", author: "ann" },
  ]);
});

test("long lists are bounded: 3,000 files, and the newest 2,000 reviews and comments", async () => {
  const { github, ann, web, database } = scene;
  const opened = github.openPullRequest({ repository: web, author: ann });
  await scene.deliver();
  await database.exec(`
    insert into github.pull_request_files (repository_id, pull_request_number, filename)
      select ${web.id}, ${opened.number}, 'f' || n from generate_series(1, 3100) as n;
    insert into github.comments (kind, id, repository_id, pull_request_number, created_at, updated_at)
      select 'issue', n, ${web.id}, ${opened.number}, timestamptz '2026-01-01' + n * interval '1 minute', now()
      from generate_series(1, 2100) as n;
  `);
  const shown = await view(`/acme/web/${opened.number}`);
  expect(shown.files).toHaveLength(3000);
  expect(shown.timeline).toHaveLength(2000);
  expect(shown.timeline.map(({ id }) => id)).toEqual(Array.from({ length: 2000 }, (_, index) => index + 101));
});
