import { expect, test } from "vitest";
import { failures, serveGitHub, type FakeGitHub } from "../../src/fake-github/index.ts";
import { createReader, createSmallTeam, json, jwt, tokenFor } from "./small-team.ts";

async function createTeamWithReader(options: Parameters<typeof createSmallTeam>[0] = {}) {
  const team = createSmallTeam(options);
  const token = await tokenFor(team.github, team.installation.id, team.clock.now());
  return { ...team, token, reader: createReader(team.github, token) };
}

function asApp(github: FakeGitHub, now: Date, path: string, method = "GET", claims = {}) {
  const headers = { authorization: `Bearer ${jwt(now, claims)}` };
  return github.fetch(new Request(`https://api.github.com${path}`, { method, headers }));
}

test("lists are paged, with links by the repository's id", async () => {
  const { github, ann, repository, reader } = await createTeamWithReader();
  for (let count = 0; count < 5; count++) github.openPullRequest({ repository, author: ann });
  const base = `https://api.github.com/repositories/${repository.id}/pulls?per_page=2&page=`;

  const second = await reader.get("/repos/acme/web/pulls?per_page=2&page=2");
  expect(second.headers.get("link")).toBe(
    `<${base}1>; rel="prev", <${base}3>; rel="next", <${base}3>; rel="last", <${base}1>; rel="first"`,
  );
  expect(await second.json()).toMatchObject([{ number: 3 }, { number: 2 }]); // newest first
  const last = await reader.get(`${base}3`);
  expect(last.headers.get("link")).toBe(`<${base}2>; rel="prev", <${base}1>; rel="first"`);
  expect(await last.json()).toHaveLength(1);
  expect(await reader.list(`${base}4`)).toEqual([]);
});

test("a page has at most 100 items, and a list of files at most 3,000", async () => {
  const { github, ann, repository, reader } = await createTeamWithReader();
  const files = Array.from({ length: 3100 }, (_, index) => ({ filename: `file-${index}` }));
  github.openPullRequest({ repository, author: ann, files });
  expect(await reader.list("/repos/acme/web/pulls/1/files?per_page=1000")).toHaveLength(100);
  expect(await reader.list("/repos/acme/web/pulls/1/files?per_page=100&page=30")).toHaveLength(100);
  expect(await reader.list("/repos/acme/web/pulls/1/files?per_page=100&page=31")).toEqual([]);
  expect(await (await reader.get("/repos/acme/web/pulls/1")).json()).toMatchObject({ changed_files: 3100 });
});

test("a file has its head, its previous name and, if it is text, its patch", async () => {
  const { github, ann, repository, reader } = await createTeamWithReader();
  const { head } = github.openPullRequest({
    repository,
    author: ann,
    files: [
      { filename: "new name.ts", previousFilename: "old.ts" },
      { filename: "logo.png", patch: null },
    ],
  });
  const [renamed, binary] = await reader.list<Record<string, unknown>>("/repos/acme/web/pulls/1/files");
  expect(renamed).toMatchObject({ status: "renamed", previous_filename: "old.ts", changes: 2 });
  expect(renamed?.["contents_url"]).toBe(
    `https://api.github.com/repos/acme/web/contents/new%20name.ts?ref=${head.sha}`,
  );
  expect(binary).not.toHaveProperty("patch");
  expect(binary).not.toHaveProperty("previous_filename");
});

test("a repository's comments can be filtered by `since` and sorted", async () => {
  const { github, ann, repository, reader, clock } = await createTeamWithReader();
  const pullRequest = github.openPullRequest({ repository, author: ann });
  const issue = github.createIssue({ repository, author: ann });
  const first = github.createIssueComment({ on: pullRequest, author: ann, body: "1" });
  clock.advance(60);
  github.createIssueComment({ on: issue, author: ann, body: "2" });
  clock.advance(60);
  github.editIssueComment(first, "1, edited");
  const bodies = async (query: string) =>
    (await reader.list<{ body: string }>(`/repos/acme/web/issues/comments?${query}`)).map(({ body }) => body);
  expect(await bodies("")).toEqual(["1, edited", "2"]);
  expect(await bodies("sort=updated&direction=asc")).toEqual(["2", "1, edited"]);
  expect(await bodies("sort=updated&direction=desc")).toEqual(["1, edited", "2"]);
  expect(await bodies("since=2026-03-02T09:02:00Z")).toEqual(["1, edited"]);
});

test("the old names of a renamed and transferred repository redirect to its id", async () => {
  const { github, ann, org, repository, reader } = await createTeamWithReader();
  github.openPullRequest({ repository, author: ann });
  github.renameRepository(repository, "site");
  const moved = await reader.get("/repos/acme/web/pulls/1?x=1");
  const location = `https://api.github.com/repositories/${repository.id}/pulls/1?x=1`;
  expect([moved.status, moved.headers.get("location")]).toEqual([301, location]);
  expect(await moved.json()).toMatchObject({ message: "Moved Permanently", url: location });
  expect(await (await reader.get(location)).json()).toMatchObject({
    number: 1,
    base: { repo: { full_name: "acme/site" } },
  });

  const other = github.createOrganization({ login: "other" });
  github.transferRepository(repository, other);
  expect((await reader.get("/repos/acme/site")).status).toBe(404); // private, and no longer of this installation
  github.publicizeRepository(repository);
  expect((await reader.get("/repos/acme/web")).status).toBe(301);
  github.createRepository({ owner: org, name: "web" });
  expect((await reader.get("/repos/acme/web")).status).toBe(200); // the name is taken anew
});

test("every answer has the rate limit, and a spent one refuses requests", async () => {
  const { github, installation, reader, clock } = await createTeamWithReader({ rateLimit: 2 });
  const first = await reader.get("/repos/acme/web");
  expect(Object.fromEntries(first.headers)).toMatchObject({
    "x-ratelimit-limit": "2",
    "x-ratelimit-remaining": "1",
    "x-ratelimit-used": "1",
    "x-ratelimit-resource": "core",
    date: "Mon, 02 Mar 2026 09:00:00 GMT",
  });
  expect(
    (await reader.get("/repos/acme/web", { "if-none-match": first.headers.get("etag") ?? "" })).status,
  ).toBe(304); // free
  expect((await reader.get("/repos/acme/web/pulls/9")).status).toBe(404); // costs as much as an answer
  const refused = await reader.get("/repos/acme/web");
  expect([refused.status, refused.headers.get("x-ratelimit-remaining")]).toEqual([403, "0"]);
  expect((await json<{ message: string }>(refused)).message).toContain(
    `API rate limit exceeded for installation ID ${installation.id}`,
  );
  expect(await (await reader.get("/rate_limit")).json()).toMatchObject({
    resources: { core: { remaining: 0 }, graphql: { remaining: 2 } },
  });

  const another = createReader(github, await tokenFor(github, installation.id, clock.now()));
  expect((await another.get("/repos/acme/web")).status).toBe(403); // the budget is the installation's, not the token's
  clock.advance(3599);
  expect((await another.get("/repos/acme/web")).status).toBe(403);
  clock.advance(1);
  const renewed = createReader(github, await tokenFor(github, installation.id, clock.now()));
  expect((await renewed.get("/repos/acme/web")).status).toBe(200);
});

test("a token ends after an hour, with a suspension and with the installation", async () => {
  const { github, installation, reader, clock } = await createTeamWithReader();
  github.suspend(installation);
  expect((await reader.get("/repos/acme/web")).status).toBe(403);
  github.unsuspend(installation);
  expect((await reader.get("/repos/acme/web")).status).toBe(200);
  clock.advance(3600);
  const expired = await reader.get("/repos/acme/web");
  expect([expired.status, await expired.json()]).toMatchObject([401, { message: "Bad credentials" }]);
  const fresh = createReader(github, await tokenFor(github, installation.id, clock.now()));
  github.uninstall(installation);
  expect((await fresh.get("/repos/acme/web")).status).toBe(401);
  expect((await asApp(github, clock.now(), `/app/installations/${installation.id}`)).status).toBe(404);
});

test("the App is authenticated by its own, current JWT", async () => {
  const { github, clock } = createSmallTeam();
  expect(await (await asApp(github, clock.now(), "/app")).json()).toMatchObject({
    id: 7,
    slug: "pr-capture",
  });
  const seconds = clock.now().getTime() / 1000;
  for (const claims of [{ iss: 8 }, { exp: seconds - 1 }, { exp: seconds + 3600 }, { iat: seconds + 120 }]) {
    expect((await asApp(github, clock.now(), "/app", "GET", claims)).status).toBe(401);
  }
});

test("strangers see only public repositories, and pending reviews and deleted repositories are hidden", async () => {
  const { github, ann, ben, repository, reader } = await createTeamWithReader();
  const pullRequest = github.openPullRequest({ repository, author: ann });
  github.startReview({ pullRequest, author: ben, comments: [{ body: "draft" }] });
  expect(await reader.list("/repos/acme/web/pulls/1/reviews")).toEqual([]);
  expect(await reader.list("/repos/acme/web/pulls/1/comments")).toEqual([]);
  expect(await (await reader.get("/repos/acme/web/pulls/1")).json()).toMatchObject({ review_comments: 0 });
  const stranger = createReader(github, null);
  expect((await stranger.get("/repos/acme/web")).status).toBe(404);
  github.publicizeRepository(repository);
  expect((await stranger.get("/repos/acme/web")).headers.get("x-ratelimit-limit")).toBe("60");
  github.deleteRepository(repository);
  expect((await reader.get("/repos/acme/web")).status).toBe(404);
  expect((await reader.get(`/repositories/${repository.id}`)).status).toBe(404);
});

test("reading a pull request starts its test merge without changing updated_at", async () => {
  const { github, ann, repository, reader } = await createTeamWithReader();
  const pullRequest = github.openPullRequest({ repository, author: ann });
  expect(github.deliveries.at(-1)?.payload["pull_request"]).toMatchObject({
    mergeable: null,
    merge_commit_sha: null,
  });
  const { updatedAt } = pullRequest;
  expect(await (await reader.get("/repos/acme/web/pulls/1")).json()).toMatchObject({
    mergeable: true,
    mergeable_state: "clean",
    updated_at: updatedAt,
  });
  expect(pullRequest.mergeCommitSha).not.toBeNull();
});

test("the delivery log lists attempts and accepts requests for redelivery", async () => {
  const { github, ann, repository, clock } = createSmallTeam();
  for (let count = 0; count < 3; count++) github.openPullRequest({ repository, author: ann });
  const [first, second, third] = github.deliveries.slice(-3);
  if (!first || !second || !third) throw new Error("no deliveries");
  github.recordAttempt(first, 200);
  clock.advance(60);
  github.recordAttempt(second, 503);
  github.recordAttempt(third, 0, "timed out");
  const log = async (query: string) => asApp(github, clock.now(), `/app/hook/deliveries?${query}`);
  expect(await (await log("")).json()).toMatchObject([
    {
      guid: third.id,
      status: "timed out",
      status_code: 0,
      event: "pull_request",
      action: "opened",
      redelivery: false,
    },
    { guid: second.id, status: "Invalid HTTP Response: 503", repository_id: repository.id },
    { guid: first.id, status: "OK", delivered_at: "2026-03-02T09:00:00.000Z" },
  ]);
  const page = await log("per_page=1&status=failure");
  const next =
    /<https:\/\/api\.github\.com([^>]+)>; rel="next"/.exec(page.headers.get("link") ?? "")?.[1] ?? "";
  const failed = await (await asApp(github, clock.now(), next)).text();
  expect(JSON.parse(failed)).toMatchObject([{ guid: second.id }]);
  const [, id = ""] = /"id":(\d+)/.exec(failed) ?? [];
  expect(BigInt(id)).toBeGreaterThan(Number.MAX_SAFE_INTEGER); // GitHub's are

  const ordered = await asApp(github, clock.now(), `/app/hook/deliveries/${id}/attempts`, "POST");
  expect([ordered.status, github.takeRedeliveries(), github.takeRedeliveries()]).toEqual([202, [second], []]);
  github.recordAttempt(second, 202);
  expect(await (await log("status=success&per_page=1")).json()).toMatchObject([
    { guid: second.id, redelivery: true },
  ]);
  clock.advance(3 * 86_400);
  expect(await (await log("")).json()).toHaveLength(3); // a minute's were kept: exactly three days
  clock.advance(1);
  expect(await (await log("")).json()).toEqual([]);
});

test("authors that are bots, deleted accounts or mannequins are shown as on GitHub", async () => {
  const { github, bot, ben, repository, reader } = await createTeamWithReader();
  const mannequin = github.createAccount({ login: "imported", type: "Mannequin" });
  const pullRequest = github.openPullRequest({ repository, author: bot });
  for (const author of [ben, mannequin]) github.submitReview({ pullRequest, author });
  github.createIssueComment({ on: pullRequest, author: ben, body: "So long" });
  github.deleteAccount(ben);
  const user = { login: "helper[bot]", type: "Bot", html_url: "https://github.com/apps/helper" };
  expect(await (await reader.get("/repos/acme/web/pulls/1")).json()).toMatchObject({ user });
  expect(await reader.list("/repos/acme/web/pulls/1/reviews")).toMatchObject([
    { user: null, author_association: "NONE" },
    { user: { type: "Mannequin" }, author_association: "MANNEQUIN" },
  ]);
  expect(await reader.list("/repos/acme/web/issues/1/comments")).toMatchObject([{ user: null }]);
});

test("a deleted account can be GitHub's ghost, except on reviews", async () => {
  const { github, ben, repository, reader } = await createTeamWithReader({ deletedAccounts: "ghost" });
  const pullRequest = github.openPullRequest({ repository, author: ben });
  github.submitReview({ pullRequest, author: ben });
  github.deleteAccount(ben);
  expect(await (await reader.get("/repos/acme/web/pulls/1")).json()).toMatchObject({
    user: { login: "ghost", id: 10137 },
  });
  expect(await reader.list("/repos/acme/web/pulls/1/reviews")).toMatchObject([{ user: null }]);
});

test("an unknown request is answered with an error and recorded", async () => {
  const { github, reader } = await createTeamWithReader();
  expect((await reader.get("/repos/acme/web/commits")).status).toBe(501);
  expect(github.unexpected).toEqual(["GET /repos/acme/web/commits"]);
});

test("an interceptor replaces answers until it is removed", async () => {
  const { github, reader } = await createTeamWithReader();
  github.intercept(failures.once(failures.secondaryLimited(30)));
  const end = github.intercept(failures.matching(/pulls/, failures.serverError(502)));
  const refused = await reader.get("/repos/acme/web");
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([403, "30"]);
  expect((await reader.get("/repos/acme/web")).status).toBe(200);
  expect((await reader.get("/repos/acme/web/pulls")).status).toBe(502);
  end();
  expect((await reader.get("/repos/acme/web/pulls")).status).toBe(200);
  expect(github.requests.slice(-4).map(({ intercepted, cost }) => [intercepted, cost])).toEqual([
    [true, 0],
    [false, 1],
    [true, 0],
    [false, 1],
  ]);
});

test("the fake GitHub answers over HTTP, or closes the connection", async () => {
  const { github, token } = await createTeamWithReader();
  const server = await serveGitHub(github);
  const get = () =>
    fetch(`${server.url}/repos/acme/web/pulls?per_page=1`, { headers: { authorization: `token ${token}` } });
  expect((await get()).status).toBe(200);
  github.intercept(failures.unreachable());
  await expect(get()).rejects.toThrow("fetch failed");
  await server.close();
});
