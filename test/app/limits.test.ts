import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { failures, type Account, type Installation } from "../../src/demo/github/index.ts";
import type { SqlDatabase } from "../../src/lib/embedded/sql-database.ts";
import { openTestDatabase, resetDatabase } from "../support/database.ts";
import { openGitHub, type TestGitHub } from "../support/open-github.ts";
import { startApp, type TestApp } from "../support/start-app.ts";

/** Two installations, one of which has reached GitHub's limit. */

let database: SqlDatabase;
let github: TestGitHub;
let app: TestApp;

beforeAll(async () => {
  database = await openTestDatabase();
});
beforeEach(async () => {
  github = await openGitHub();
  app = await startApp(database, { GITHUB_API_URL: github.url });
});
afterEach(async () => {
  await app.close();
  await github.close();
  await resetDatabase(database);
});
afterAll(() => database.close());

function installOn(login: string): { account: Account; installation: Installation } {
  const account = github.createAccount({ login });
  return { account, installation: github.install({ account }) };
}

/** Opens and delivers so many pull requests, each with a file list to be asked for. */
async function openPullRequests(account: Account, count: number): Promise<number> {
  const repository = github.createRepository({ owner: account, name: "web" });
  github.deliveries.length = 0;
  for (let index = 0; index < count; index++) {
    github.after(index, () =>
      github.openPullRequest({ repository, author: account, files: [{ filename: "a.ts" }] }),
    );
  }
  for (const delivery of github.deliveries.splice(0)) expect(await app.deliver(delivery)).toBe(200);
  return repository.id;
}

const captured = (repositoryId: number) =>
  app.rows(`github.pull_requests where repository_id = ${repositoryId} and files_head_sha is not null`);

test.each([
  ["primary", failures.rateLimited(new Date(Date.now() + 3_600_000))],
  ["secondary", failures.secondaryLimited(3_600)],
])("a %s limit of one installation delays no other, and is not asked about again", async (_, limit) => {
  const limited = installOn("ann");
  const free = installOn("ben");
  github.intercept((request, next) =>
    /\/repos\/ann\//.test(request.url) ? limit(request, next) : undefined,
  );
  const waiting = await openPullRequests(limited.account, 40);
  const going = await openPullRequests(free.account, 5);

  await vi.waitFor(async () => expect(await captured(going)).toHaveLength(5), {
    timeout: 10_000,
    interval: 20,
  });
  await app.settled();
  expect(await captured(waiting)).toEqual([]);
  expect(await app.rows(`github.pull_requests where repository_id = ${waiting}`)).toHaveLength(40); // from payloads
  const refused = github.requests.filter(({ intercepted }) => intercepted);
  expect(refused.length).toBeLessThanOrEqual(16); // what was under way when the first was refused
});
