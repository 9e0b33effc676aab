import { expect, test } from "vitest";
import {
  failures,
  filesOf,
  pointsOf,
  seedPullRequests,
  type PullRequest,
} from "../../src/fake-github/index.ts";
import { createReader, createSmallTeam, tokenFor } from "./small-team.ts";

async function createTeamWithReader(options: Parameters<typeof createSmallTeam>[0] = {}) {
  const team = createSmallTeam(options);
  const token = await tokenFor(team.github, team.installation.id, team.clock.now());
  return { ...team, reader: createReader(team.github, token) };
}

test("points match GitHub's examples", () => {
  // 1 + 100 + 100 × 50 = 5,101 requests, by 100.
  const labels = `{ viewer { login repositories(first: 100) { edges { node { id
    issues(first: 50) { edges { node { id labels(first: 60) { edges { node { id name } } } } } } } } } } }`;
  expect(pointsOf(labels)).toBe(51);
  // 1 + 50 + 50 × 20 = 1,051 requests.
  const comments = `{ viewer { repositories(first: 50) { edges { node { name
    pullRequests(first: 20) { edges { node { title comments(first: 10) { edges { node { body } } } } } } } } } } }`;
  expect(pointsOf(comments)).toBe(11);
  expect(pointsOf(`{ viewer { login } }`)).toBe(1);
});

test("points respect variables, their defaults, fragments and skipped fields", () => {
  const query = `query ($n: Int = 100, $deep: Boolean = true) { repository(owner: "a", name: "b") {
      pullRequests(first: $n) { nodes { ...sizes ...sizes ... on PullRequest @include(if: $deep) { reviews(last: 10) { nodes { comments(first: 5) { totalCount } } } } } } } }
    fragment sizes on PullRequest { files(first: 100) { nodes { path } } }`;
  expect(pointsOf(query)).toBe(12); // 1 + 100 + 100 + 1,000
  expect(pointsOf(query, { n: 10 })).toBe(1);
  expect(pointsOf(query, { deep: false })).toBe(1); // 101; were the fragment counted twice, 201
});

test("a query's points are charged and reported, and a query over the limit is refused", async () => {
  const { installation, reader } = await createTeamWithReader({ rateLimit: 3 });
  const query = `{ rateLimit { cost limit remaining used nodeCount resetAt } repository(owner: "acme", name: "web") {
    pullRequests(first: 100) { nodes { files(first: 100) { nodes { path } } reviews(first: 1) { totalCount } } } } }`;
  const { data } = await reader.query(query);
  expect(data.rateLimit).toEqual({
    cost: 2,
    limit: 3,
    remaining: 1,
    used: 2,
    nodeCount: 10_200,
    resetAt: "2026-03-02T10:00:00Z",
  });
  expect(await reader.query(query)).toEqual({
    errors: [
      {
        type: "RATE_LIMIT",
        code: "graphql_rate_limit",
        message: `API rate limit already exceeded for installation ID ${installation.id}.`,
      },
    ],
  });
});

test("a query is validated against GitHub's schema", async () => {
  const { reader } = await createTeamWithReader();
  const { data, errors } = await reader.query(
    `{ repository(owner: "acme", name: "web") { pullRequest(number: 1) { nonsense } } }`,
  );
  expect(data).toBeUndefined();
  expect(errors?.[0]?.message).toContain("nonsense");
});

test("a field without a resolver is an error, not null", async () => {
  const { github, ann, repository, reader } = await createTeamWithReader();
  github.openPullRequest({ repository, author: ann });
  const { errors } = await reader.query(
    `{ repository(owner: "acme", name: "web") { pullRequest(number: 1) { reviewDecision } } }`,
  );
  expect(errors).toMatchObject([{ message: "The fake GitHub does not resolve PullRequest.reviewDecision" }]);
});

test("a list needs a size of at most 100, but its count needs none", async () => {
  const { reader } = await createTeamWithReader();
  const ask = (selection: string) =>
    reader.query(`{ repository(owner: "acme", name: "web") { ${selection} } }`);
  expect((await ask("pullRequests { nodes { number } }")).errors).toMatchObject([
    { type: "MISSING_PAGINATION_BOUNDARIES", path: ["repository", "pullRequests"] },
  ]);
  expect((await ask("pullRequests(first: 101) { nodes { number } }")).errors).toMatchObject([
    { type: "EXCESSIVE_PAGINATION" },
  ]);
  expect(await ask("pullRequests { totalCount }")).toEqual({
    data: { repository: { pullRequests: { totalCount: 0 } } },
  });
  const deep =
    "pullRequests(first: 100) { nodes { reviews(first: 100) { nodes { comments(first: 100) { nodes { body } } } } } }";
  expect(await ask(deep)).toEqual({
    errors: [
      {
        type: "MAX_NODE_LIMIT_EXCEEDED",
        message:
          "This query requests up to 1,010,100 possible nodes which exceeds the maximum limit of 500,000.",
      },
    ],
  });
});

test("a missing or hidden object is NOT_FOUND", async () => {
  const { github, stranger, reader } = await createTeamWithReader();
  github.createRepository({ owner: stranger, name: "secret", private: true });
  const secret = await reader.query(`{ repository(owner: "stranger", name: "secret") { id } }`);
  expect(secret).toMatchObject({
    data: { repository: null },
    errors: [{ type: "NOT_FOUND", path: ["repository"] }],
  });
  const number = await reader.query(
    `{ repository(owner: "acme", name: "web") { pullRequest(number: 9) { id } } }`,
  );
  expect(number).toMatchObject({
    data: { repository: { pullRequest: null } },
    errors: [{ type: "NOT_FOUND", message: "Could not resolve to a PullRequest with the number of 9." }],
  });
});

test("a renamed repository is found by its old name, and a node by its id", async () => {
  const { github, ann, repository, reader } = await createTeamWithReader();
  github.openPullRequest({ repository, author: ann });
  github.renameRepository(repository, "site");
  const { data } = await reader.query(
    `{ repository(owner: "acme", name: "web") { nameWithOwner databaseId pullRequest(number: 1) { id } } }`,
  );
  expect(data.repository).toMatchObject({ nameWithOwner: "acme/site", databaseId: repository.id });
  const nodes = await reader.query(
    `query ($ids: [ID!]!) { nodes(ids: $ids) { __typename ... on PullRequest { number } } }`,
    {
      ids: [data.repository.pullRequest.id, "nothing"],
    },
  );
  expect(nodes).toMatchObject({
    data: { nodes: [{ __typename: "PullRequest", number: 1 }, null] },
    errors: [{ type: "NOT_FOUND", path: ["nodes", 1] }],
  });
});

test("an author can be of any type, or null", async () => {
  const { github, ann, ben, bot, org, repository, reader } = await createTeamWithReader();
  const mannequin = github.createAccount({ login: "imported", type: "Mannequin" });
  const pullRequest = github.openPullRequest({ repository, author: ann });
  for (const author of [bot, mannequin, ben, org]) github.submitReview({ pullRequest, author });
  github.deleteAccount(ben);
  const { data, errors } =
    await reader.query(`{ repository(owner: "acme", name: "web") { pullRequest(number: 1) {
    reviews(first: 10) { nodes { author { __typename login avatarUrl
      ... on Bot { databaseId } ... on Mannequin { databaseId } ... on Organization { databaseId } ... on User { databaseId } } } } } } }`);
  expect(errors).toBeUndefined();
  const authors = data.repository.pullRequest.reviews.nodes.map(({ author }: { author: unknown }) => author);
  expect(authors).toMatchObject([
    { __typename: "Bot", login: "helper", databaseId: bot.id },
    { __typename: "Mannequin", login: "imported", databaseId: mannequin.id },
    null,
    { __typename: "Organization", login: "acme", databaseId: org.id },
  ]);
});

test("ids over 32 bits are text in `fullDatabaseId` and fail in `databaseId`", async () => {
  const { github, ann, repository, reader } = await createTeamWithReader();
  const { id } = github.openPullRequest({ repository, author: ann });
  const { data, errors } = await reader.query(
    `{ repository(owner: "acme", name: "web") { pullRequest(number: 1) { fullDatabaseId databaseId } } }`,
  );
  expect(data.repository.pullRequest).toEqual({ fullDatabaseId: String(id), databaseId: null });
  expect(errors).toHaveLength(1);
});

test("pages continue at their cursor when pull requests change in between", async () => {
  const { github, ann, repository, reader, clock } = await createTeamWithReader();
  for (let count = 0; count < 5; count++) {
    github.openPullRequest({ repository, author: ann });
    clock.advance(1);
  }
  const query = `query ($after: String) { repository(owner: "acme", name: "web") {
    pullRequests(first: 2, after: $after, orderBy: { field: UPDATED_AT, direction: DESC }) { totalCount pageInfo { endCursor hasNextPage } nodes { number } } } }`;
  const page = async (after: string | null) => {
    const { data } = await reader.query(query, { after });
    const { nodes, pageInfo } = data.repository.pullRequests;
    return { numbers: nodes.map(({ number }: { number: number }) => number), ...pageInfo };
  };
  const first = await page(null);
  expect(first).toMatchObject({ numbers: [5, 4], hasNextPage: true });
  for (const pullRequest of repository.pullRequests.values())
    if (pullRequest.number === 3) github.label(pullRequest, "moved"); // to the top
  const second = await page(first.endCursor);
  expect(second).toMatchObject({ numbers: [2, 1], hasNextPage: false });
});

test("empty texts, merge commits and bots' logins differ from REST as on GitHub", async () => {
  const { github, bot, repository, reader } = await createTeamWithReader();
  const pullRequest = github.openPullRequest({
    repository,
    author: bot,
    body: null,
    files: [{ filename: "b", previousFilename: "a" }],
  });
  const query = `{ repository(owner: "acme", name: "web") { pullRequest(number: 1) { body state merged mergeCommit { oid } files(first: 1) { nodes { path changeType } } } } }`;
  expect((await reader.query(query)).data.repository.pullRequest).toEqual({
    body: "",
    state: "OPEN",
    merged: false,
    mergeCommit: null,
    files: { nodes: [{ path: "b", changeType: "RENAMED" }] },
  });
  github.mergePullRequest(pullRequest);
  expect((await reader.query(query)).data.repository.pullRequest).toMatchObject({
    state: "MERGED",
    mergeCommit: { oid: pullRequest.mergeCommitSha },
  });
});

test("an answer can be partial", async () => {
  const { github, ann, repository, reader } = await createTeamWithReader();
  for (let count = 0; count < 2; count++) github.openPullRequest({ repository, author: ann });
  github.intercept(
    failures.matching(
      /graphql/,
      failures.once(failures.graphqlPartial(["repository", "pullRequests", "nodes", 1])),
    ),
  );
  const { data, errors } = await reader.query(
    `{ repository(owner: "acme", name: "web") { pullRequests(first: 9) { nodes { number } } } }`,
  );
  expect(data.repository.pullRequests.nodes).toEqual([{ number: 1 }, null]);
  expect(errors).toMatchObject([
    { type: "RESOURCE_LIMITS_EXCEEDED", path: ["repository", "pullRequests", "nodes", 1] },
  ]);
});

function digest({ updatedAt, comments, head }: PullRequest) {
  return [updatedAt, comments.length, head.sha];
}

function seedHistory() {
  const { github, repository } = createSmallTeam();
  const before = github.deliveries.length;
  const pullRequests = seedPullRequests(github, { repository, count: 200, longTails: true, seed: 3 });
  return { pullRequests, deliveries: github.deliveries.length - before };
}

test("a seeded history is varied, causes no webhooks, and is the same for the same seed", () => {
  const { pullRequests, deliveries } = seedHistory();
  const again = seedHistory().pullRequests;
  expect(deliveries).toBe(0);
  expect(pullRequests.map(digest)).toEqual(again.map(digest));
  expect(Math.max(...pullRequests.map(({ reviews }) => reviews.length))).toBe(120);
  expect(Math.max(...pullRequests.map((pullRequest) => filesOf(pullRequest).length))).toBe(3100);
  expect(new Set(pullRequests.flatMap(({ reviews }) => reviews.map(({ state }) => state)))).toContain(
    "DISMISSED",
  );
  expect(pullRequests.some(({ author }) => author.deleted)).toBe(true);
});
