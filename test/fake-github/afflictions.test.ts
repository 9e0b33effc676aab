import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { failures } from "../../src/fake-github/index.ts";
import { createReader, createSmallTeam, tokenFor } from "./small-team.ts";

/** Opens three pull requests, each with a review, a review comment and a comment. */
async function createHistory() {
  const team = createSmallTeam();
  const { github, ann, ben, repository, installation, clock } = team;
  const pullRequests = [1, 2, 3].map((number) => {
    clock.advance(60);
    const pullRequest = github.openPullRequest({ repository, author: ann });
    github.submitReview({ pullRequest, author: ben, comments: [{ body: `Remark on ${number}` }] });
    github.createIssueComment({ on: pullRequest, author: ben, body: `Comment on ${number}` });
    return pullRequest;
  });
  const [first, second, third] = pullRequests;
  if (!first || !second || !third) throw new Error("There are three.");
  const reader = createReader(github, await tokenFor(github, installation.id, clock.now()));
  const ids = pullRequests.map(({ id }) => id);
  return { ...team, reader, first, second, third, ids };
}

const listing = (order: string, first = 3) =>
  `{ repository(owner: "acme", name: "web") { pullRequests(first: ${first}, orderBy: ${order}) { nodes { id number title reviews(first: 5) { totalCount } comments(first: 5) { totalCount } } } } }`;
const oldestFirst = "{ field: CREATED_AT, direction: ASC }";
const newestFirst = "{ field: UPDATED_AT, direction: DESC }";

test("a poisoned pull request fails the queries that would return it, and no other", async () => {
  const { github, reader, second } = await createHistory();
  const { data } = await reader.query(listing(oldestFirst));
  const ids: string[] = data.repository.pullRequests.nodes.map(({ id }: { id: string }) => id);
  const heal = github.poison(second, { mode: "fail" });
  const fails = [
    listing(oldestFirst),
    listing(newestFirst),
    listing(oldestFirst, 2),
    `{ repository(owner: "acme", name: "web") { pullRequest(number: 2) { number } } }`,
    `{ node(id: "${ids[1]}") { ... on PullRequest { number } } }`,
    `{ nodes(ids: ${JSON.stringify(ids)}) { ... on PullRequest { number } } }`,
  ];
  for (const query of fails) {
    const before = github.requests.length;
    await reader.query(query);
    expect(github.requests[before]).toMatchObject({ status: 502, cost: 1 }); // charged all the same
  }
  const works = await reader.query(
    `{ nodes(ids: ${JSON.stringify([ids[0], ids[2]])}) { ... on PullRequest { number } } }`,
  );
  expect(works).toEqual({ data: { nodes: [{ number: 1 }, { number: 3 }] } });
  expect(await reader.query(listing(oldestFirst, 1))).not.toHaveProperty("errors");
  expect((await reader.get("/repos/acme/web/pulls/2")).status).toBe(200); // REST works
  heal();
  expect(await reader.query(listing(oldestFirst))).toEqual({ data });
});

test("a poisoned pull request can fail in REST too", async () => {
  const { github, reader, second } = await createHistory();
  github.poison(second, { mode: "fail", status: 504, rest: true });
  for (const path of ["pulls/2", "pulls/2/files", "pulls/2/reviews", "issues/2/comments"])
    expect((await reader.get(`/repos/acme/web/${path}`)).status).toBe(502);
  expect((await reader.get("/repos/acme/web/pulls/3")).status).toBe(200);
});

test("a poisoned pull request can leave the client waiting", async () => {
  const { github, installation, clock, second } = await createHistory();
  github.poison(second, { mode: "hang" });
  const token = await tokenFor(github, installation.id, clock.now());
  const patience = new AbortController();
  const answer = github.fetch(
    new Request("https://api.github.com/graphql", {
      method: "POST",
      headers: { authorization: `token ${token}` },
      body: JSON.stringify({ query: listing(oldestFirst) }),
      signal: patience.signal,
    }),
  );
  patience.abort();
  await expect(answer).rejects.toThrow("The client gave up.");
  expect(github.unexpected).toEqual([]);
});

test.each(["RESOURCE_LIMITS_EXCEEDED", "FORBIDDEN", "NOT_FOUND", "INTERNAL"] as const)(
  "a node can be null with %s in an otherwise complete answer",
  async (type) => {
    const { github, reader, second } = await createHistory();
    github.poison(second, { mode: "node", type });
    const { data, errors } = await reader.query(listing(newestFirst));
    expect(data.repository.pullRequests.nodes).toMatchObject([{ number: 3 }, null, { number: 1 }]);
    expect(errors).toMatchObject([{ type, path: ["repository", "pullRequests", "nodes", 1] }]);
  },
);

test("a poisoned field is null, and makes its node null if it is not nullable", async () => {
  const { github, reader, second } = await createHistory();
  github.poison(second, { mode: "field", field: "reviews", type: "FORBIDDEN" });
  const alone = await reader.query(listing(oldestFirst));
  expect(alone.data.repository.pullRequests.nodes[1]).toMatchObject({ number: 2, reviews: null });
  expect(alone.errors).toMatchObject([
    { path: ["repository", "pullRequests", "nodes", 1, "reviews"], extensions: { saml_failure: false } },
  ]);
  github.poison(second, { mode: "field", field: "comments" }); // IssueCommentConnection!
  const whole = await reader.query(listing(oldestFirst));
  expect(whole.data.repository.pullRequests.nodes).toMatchObject([{ number: 1 }, null, { number: 3 }]);
  expect(whole.errors).toMatchObject([
    { type: "RESOURCE_LIMITS_EXCEEDED", path: ["repository", "pullRequests", "nodes", 1, "comments"] },
  ]);
});

test("a node inside a pull request can be null", async () => {
  const { github, reader, second } = await createHistory();
  const [review] = second.reviews;
  if (!review) throw new Error("There is a review.");
  github.poison(review, { mode: "node" });
  const { data, errors } = await reader.query(
    `{ repository(owner: "acme", name: "web") { pullRequest(number: 2) { number reviews(first: 5) { nodes { id } edges { node { id } } } } } }`,
  );
  expect(data.repository.pullRequest).toEqual({
    number: 2,
    reviews: { nodes: [null], edges: [{ node: null }] },
  });
  expect(errors?.map(({ path }) => path?.slice(2))).toEqual([
    ["reviews", "nodes", 0],
    ["reviews", "edges", 0, "node"],
  ]);
});

test("a garbled item has wrong values in answers and right ones in webhooks", async () => {
  const { github, reader, second } = await createHistory();
  const comment = second.threads[0]?.comments[0];
  const [file] = second.heads[0]?.files ?? [];
  if (!comment || !file) throw new Error("There is a remark on a file.");
  github.garble(comment, {
    rest: { diff_hunk: null, path: 7 },
    graphql: { diffHunk: null, path: 7 },
  });
  const all = await reader.list("/repos/acme/web/pulls/comments");
  expect(all).toMatchObject([
    { path: "README.md", diff_hunk: expect.any(String) },
    { id: comment.id, path: 7, diff_hunk: null },
    { path: "README.md" },
  ]);
  expect(await reader.list("/repos/acme/web/pulls/2/comments")).toMatchObject([{ path: 7 }]);
  const { data, errors } = await reader.query(
    `{ repository(owner: "acme", name: "web") { pullRequest(number: 2) { reviewThreads(first: 1) { nodes { comments(first: 1) { nodes { body where: path diffHunk } } } } } } }`,
  );
  expect(errors).toBeUndefined();
  expect(data.repository.pullRequest.reviewThreads.nodes[0].comments.nodes).toEqual([
    { body: "Remark on 2", where: 7, diffHunk: null },
  ]);
  github.editReviewComment(comment, "Better");
  expect(github.deliveries.at(-1)?.payload).toMatchObject({ comment: { path: "README.md" } });

  const heal = github.garble(file, { rest: { status: null } });
  expect(await reader.list("/repos/acme/web/pulls/2/files")).toMatchObject([{ status: null }]);
  heal();
  expect(await reader.list("/repos/acme/web/pulls/2/files")).toMatchObject([{ status: "modified" }]);
});

test("a file's path can be as long as git allows", async () => {
  const { github, ann, repository, reader } = await createHistory();
  const filename = randomBytes(1750).toString("hex"); // 3,500 characters that do not compress
  github.openPullRequest({ repository, author: ann, files: [{ filename }] });
  expect(await reader.list("/repos/acme/web/pulls/4/files")).toMatchObject([{ filename }]);
});

test("a REST page can fail only when it is large", async () => {
  const { github, reader } = await createHistory();
  const end = github.intercept(failures.tooLarge(/\/pulls\/comments$/, 50));
  const statusOf = async (path: string) => (await reader.get(`/repos/acme/web/${path}`)).status;
  expect(await statusOf("pulls/comments?per_page=100")).toBe(502);
  expect(await statusOf("pulls/comments?per_page=50")).toBe(200);
  expect(await statusOf("pulls/comments")).toBe(200); // 30
  expect(await statusOf("issues/comments?per_page=100")).toBe(200);
  end();
  for (const [path, largest] of [
    ["pulls/2/files", 10],
    ["pulls/2/reviews", 25],
    ["issues/comments", 99],
    ["pulls", 1],
  ] as const) {
    const stop = github.intercept(failures.tooLarge(new RegExp(`/${path}$`), largest));
    expect([await statusOf(`${path}?per_page=100`), await statusOf(`${path}?per_page=${largest}`)]).toEqual([
      502, 200,
    ]);
    stop();
  }
});

test("a diff can be unavailable for some requests or for some time", async () => {
  const { github, reader, clock } = await createHistory();
  const statusOf = async (number: number) =>
    (await reader.get(`/repos/acme/web/pulls/${number}/files`)).status;
  const end = github.intercept(failures.times(2, failures.diffUnavailable(2)));
  const refused = await reader.get("/repos/acme/web/pulls/2/files");
  expect([refused.status, await refused.json()]).toMatchObject([
    422,
    {
      message: expect.stringContaining("this diff is temporarily unavailable"),
      errors: [{ code: "not_available" }],
    },
  ]);
  expect([await statusOf(1), await statusOf(2), await statusOf(2)]).toEqual([200, 422, 200]);
  end();
  const until = new Date(clock.now().getTime() + 60_000);
  github.intercept(failures.during(() => clock.now() < until, failures.diffUnavailable()));
  expect([await statusOf(1), await statusOf(2)]).toEqual([422, 422]);
  clock.advance(60);
  expect(await statusOf(2)).toBe(200);
});
