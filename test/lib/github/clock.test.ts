import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createFakeGitHub, serveGitHub } from "../../../src/fake-github/index.ts";
import { createGitHub } from "../../../src/lib/github/client.ts";
import { issueCommentsListing } from "../../../src/lib/github/list-comments.ts";
import { resolveRepositoryName } from "../../../src/lib/github/resolve-repository-name.ts";
import { toLocalTime } from "../../../src/lib/github/github-clock.ts";
import { queryGraphql } from "../../../src/lib/github/query-graphql.ts";
import { listStart, readPage } from "../../../src/lib/github/read-page.ts";
import { testEnvironment } from "../../../src/testing/test-config.ts";
import { z } from "zod";

const app = { id: Number(testEnvironment.APP_ID), privateKey: testEnvironment.PRIVATE_KEY };
let aheadMs = 0;
const github = createFakeGitHub({ seed: 1, appId: app.id, now: () => new Date(Date.now() - aheadMs) });
let served: Awaited<ReturnType<typeof serveGitHub>>;

beforeEach(async () => {
  served = await serveGitHub(github);
});
afterEach(async () => {
  vi.useRealTimers();
  aheadMs = 0;
  await served.close();
});

test.each([31, 40, 600, -600, -3_600])(
  "a local clock %i s ahead of GitHub's is corrected for the App and its installations, with one warning",
  async (aheadSeconds) => {
    const acme = github.createOrganization({ login: `acme${aheadSeconds}`, members: [] });
    const repository = github.createRepository({ owner: acme, name: "web" });
    const installation = github.install({ account: acme });
    const warnings: object[] = [];
    const clients = createGitHub({
      apiUrl: served.url,
      app,
      token: null,
      log: { warn: (details, message) => warnings.push({ ...details, message }) },
    });
    const real = Date.now();
    aheadMs = aheadSeconds * 1000;
    vi.useFakeTimers({ toFake: ["Date"], now: real + aheadMs });
    for (let time = 0; time < 2; time++) {
      const client = await clients.forInstallation(installation.id);
      expect((await client.request(`GET /repositories/${repository.id}`)).status).toBe(200);
      expect((await (await clients.forApp()).request("GET /app")).status).toBe(200);
    }
    expect(warnings).toEqual([
      expect.objectContaining({ message: expect.stringContaining(`${Math.abs(aheadSeconds)} s`) }),
    ]);
    expect(Math.abs(clients.now() - real)).toBeLessThan(5_000);
    const refused = github.requests.filter(({ status }) => status === 401);
    expect(refused.length).toBeLessThanOrEqual(1); // the first; the correction holds
    github.requests.length = 0;
  },
);

test("a rate limit's end is computed by GitHub's clock", () => {
  const now = Date.now();
  const date = new Date(now - 600_000).toUTCString();
  const wait = toLocalTime(now - 600_000 + 90_000, { date }) - now;
  expect(wait).toBeGreaterThanOrEqual(88_000);
  expect(wait).toBeLessThanOrEqual(92_000);
});

/** Serves the fake GitHub as an Enterprise Server: everything but GraphQL is under /api/v3, links and redirects included. */
async function enterpriseFetch(request: Request): Promise<Response> {
  const url = new URL(request.url);
  if (url.pathname === "/api/graphql") url.pathname = "/graphql";
  else if (url.pathname.startsWith("/api/v3/") && url.pathname !== "/api/v3/graphql")
    url.pathname = url.pathname.slice("/api/v3".length);
  else return Response.json({ message: "Not Found" }, { status: 404 });
  const response = await github.fetch(new Request(url, request));
  for (const name of ["location", "link"]) {
    const value = response.headers.get(name);
    if (value) response.headers.set(name, value.replaceAll(url.origin, `${url.origin}/api/v3`));
  }
  return response;
}

test("on an Enterprise Server GraphQL is at /api/graphql, and REST's redirects and pages stay under /api/v3", async () => {
  const enterprise = await serveGitHub({ fetch: enterpriseFetch });
  const ann = github.createAccount({ login: "enterprise-ann" });
  const acme = github.createOrganization({ login: "enterprise", members: [ann] });
  const repository = github.createRepository({ owner: acme, name: "old" });
  github.install({ account: acme });
  const pullRequest = github.openPullRequest({ repository, author: ann });
  for (let count = 0; count < 101; count++)
    github.createIssueComment({ on: pullRequest, author: ann, body: `${count}` });
  github.renameRepository(repository, "new");
  const clients = createGitHub({ apiUrl: `${enterprise.url}/api/v3`, app, token: null });

  const found = await resolveRepositoryName(clients, "enterprise", "old");
  expect(found?.repository).toMatchObject({ id: repository.id, name: "new" });
  const client = await clients.forInstallation(found?.installationId ?? null);
  const ref = {
    repository: { id: repository.id, owner: "enterprise", name: "old" },
    number: pullRequest.number,
  };
  const { next } = await readPage(client, issueCommentsListing(ref), listStart, 0);
  if (!next) throw new Error("There is no second page.");
  expect((await readPage(client, issueCommentsListing(ref), next, 0)).data).toHaveLength(1);
  const query = 'query { repository(owner: "enterprise", name: "new") { databaseId } }';
  const answer = await queryGraphql(client, z.object({ repository: z.unknown() }), query, {});
  expect(answer.data).toEqual({ repository: { databaseId: repository.id } });
  await enterprise.close();
});
