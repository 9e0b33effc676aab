import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { compareRows } from "../../src/demo/compare-rows.ts";
import {
  failures,
  type Account,
  type Delivery,
  type Installation,
  type Repository,
} from "../../src/demo/github/index.ts";
import { toTruth } from "../../src/demo/truth.ts";
import type { SqlDatabase } from "../../src/lib/embedded/sql-database.ts";
import { openTestDatabase, resetDatabase } from "../support/database.ts";
import { openGitHub, type TestGitHub } from "../support/open-github.ts";
import { startApp, type TestApp } from "../support/start-app.ts";
import { webhookSecret } from "../support/test-config.ts";

/** What GitHub could not deliver, or never sent, is found and repaired. */

const adminToken = "an admin token of the tests";

let database: SqlDatabase;
let github: TestGitHub;
let app: TestApp;
let ann: Account;
let acme: Account;
let web: Repository;
let installation: Installation;

beforeAll(async () => {
  database = await openTestDatabase();
});
beforeEach(async () => {
  github = await openGitHub({ webhookSecret });
  app = await startApp(database, { GITHUB_API_URL: github.url, ADMIN_TOKEN: adminToken });
  github.after(-60, () => {
    ann = github.createAccount({ login: "ann" });
    acme = github.createOrganization({ login: "acme", members: [ann] });
    web = github.createRepository({ owner: acme, name: "web" });
    installation = github.install({ account: acme });
  });
});
afterEach(async () => {
  await app.close();
  await github.close();
  await resetDatabase(database);
});
afterAll(() => database.close());

const send = (delivery: Delivery) => github.send(`${app.url}/api/github/webhooks`, delivery);

async function deliverAll(): Promise<void> {
  for (const delivery of github.deliveries.splice(0)) await send(delivery);
  await app.services.engine?.idle(5_000);
}

/** GitHub found nobody at home. */
function miss(): void {
  for (const delivery of github.deliveries.splice(0)) github.recordAttempt(delivery, 0);
}

/** Has the reconcilers run, and delivers what they ask for. Returns how many deliveries that were. */
async function reconcile(): Promise<number> {
  const response = await fetch(`${app.url}/api/queue/reconcile`, {
    method: "POST",
    headers: { authorization: `Bearer ${adminToken}` },
  });
  expect(response.status).toBe(202);
  await app.services.engine?.idle(5_000);
  const asked = github.takeRedeliveries();
  for (const delivery of asked) await send(delivery);
  await app.services.engine?.idle(5_000);
  return asked.length;
}

const differences = () => compareRows(toTruth(github), (table) => app.rows(`github.${table}`));
const open = () => github.openPullRequest({ repository: web, author: ann, files: [{ filename: "a.ts" }] });

describe("a delivery", () => {
  beforeEach(deliverAll);

  test("that found nobody is asked for again, once", async () => {
    const pullRequest = github.after(0, open);
    await deliverAll();
    github.after(5, () => github.submitReview({ pullRequest, author: ann, body: "Fine" }));
    miss();
    expect(await reconcile()).toBe(1);
    expect(await differences()).toEqual([]);
    expect(await reconcile()).toBe(0);
  });

  test("that succeeded at its second try is not asked for", async () => {
    github.after(0, open);
    const missed = [...github.deliveries];
    miss();
    for (const delivery of missed) await send(delivery);
    expect(await reconcile()).toBe(0);
  });

  test("that nobody reacts to is not asked for", async () => {
    github.after(0, open);
    const [opened] = github.deliveries.splice(0);
    if (opened) github.recordAttempt({ ...opened, name: "check_run" }, 0);
    expect(await reconcile()).toBe(0);
  });

  test("that was refused as malformed is not asked for", async () => {
    github.after(0, open);
    const [opened] = github.deliveries.splice(0);
    if (opened) github.recordAttempt(opened, 400);
    expect(await reconcile()).toBe(0);
  });

  test("whose event was accepted, though GitHub did not hear of it, is not asked for", async () => {
    github.after(0, open);
    const [opened] = [...github.deliveries];
    await deliverAll();
    if (opened) github.recordAttempt({ ...opened, id: opened.id }, 0);
    expect(await reconcile()).toBe(0);
  });

  test("whose run failed is run again, though its event has been seen", async () => {
    const stop = github.intercept(failures.matching(/\/files/, failures.refused(410, "Gone")));
    github.after(0, open);
    for (const delivery of github.deliveries.splice(0)) {
      await app.deliver(delivery);
      github.recordAttempt(delivery, 0); // the answer came too late
    }
    await app.services.engine?.idle(5_000);
    expect(await app.rows("capture.jobs where state = 'failed'")).toHaveLength(1);

    stop();
    expect(await reconcile()).toBe(0);
    expect(await differences()).toEqual([]);
    const runs = await app.rows("capture.jobs where event_id like 'replay:%'");
    expect(runs).toMatchObject([{ state: "completed" }]);
    await reconcile();
    expect(await app.rows("capture.jobs where event_id like 'replay:%'")).toEqual(runs);
  });

  test("among hundreds is found, and the log is read only back to what is settled", async () => {
    const pullRequest = github.after(0, open);
    await deliverAll();
    github.after(1, () => github.createIssueComment({ on: pullRequest, author: ann, body: "missed" }));
    miss();
    for (let index = 0; index < 250; index++) {
      github.after(2, () => github.editPullRequest(pullRequest, { title: `Title ${index}` }));
    }
    for (const delivery of github.deliveries.splice(0)) github.recordAttempt(delivery, 200);
    const pages = () => github.requests.filter(({ path }) => path.startsWith("/app/hook/deliveries?")).length;
    expect(await reconcile()).toBe(1);
    expect(pages()).toBe(3);
  });
});

describe("what was never sent", () => {
  beforeEach(async () => {
    await deliverAll();
    github.quietly(() => github.after(0, open));
  });

  test("is found by the newest updates, and synced", async () => {
    await reconcile();
    expect(await differences()).toEqual([]);
    expect(await app.rows("capture.jobs where event_name = 'capture/repository.sync'")).toMatchObject([
      { reason: "install" },
      { reason: "reconcile", state: "completed" },
    ]);
  });

  test("costs one point for all repositories, and nothing more where nothing is missing", async () => {
    await reconcile();
    const before = github.requests.length;
    await reconcile();
    const spent = github.requests.slice(before).filter(({ path }) => path === "/graphql");
    expect(spent).toMatchObject([{ cost: 1 }]);
    expect(await app.rows("capture.jobs where event_name = 'capture/repository.sync'")).toHaveLength(2);
  });

  test("is found behind a comment that came after it", async () => {
    await reconcile();
    const [pullRequest] = github.state.pullRequests.values();
    if (!pullRequest) throw new Error("There is no pull request.");
    github.quietly(() => github.after(5, () => github.editPullRequest(pullRequest, { title: "Other" })));
    github.after(6, () => github.createIssueComment({ on: pullRequest, author: ann, body: "Better" }));
    await deliverAll();
    await reconcile();
    expect(await differences()).toEqual([]);
  });

  test("of a repository's name is told", async () => {
    github.quietly(() => github.renameRepository(web, "site"));
    await reconcile();
    expect(await differences()).toEqual([]);
  });

  test("of a repository that came and one that went is told", async () => {
    const api = github.quietly(() => github.createRepository({ owner: acme, name: "api" }));
    github.quietly(() => github.after(1, () => github.openPullRequest({ repository: api, author: ann })));
    github.quietly(() => github.deleteRepository(web));
    await reconcile();
    expect(await app.rows("github.repositories")).toMatchObject([
      { id: web.id, removed_at: expect.any(Date) },
      { id: api.id, removed_at: null },
    ]);
    expect(await app.rows(`github.pull_requests where repository_id = ${api.id}`)).toHaveLength(1);
  });

  test("of an installation that came is told, and its history read", async () => {
    const ben = github.createAccount({ login: "ben" });
    const other = github.quietly(() => github.createRepository({ owner: ben, name: "other" }));
    github.quietly(() => github.install({ account: ben }));
    github.quietly(() => github.after(2, () => github.openPullRequest({ repository: other, author: ben })));
    await reconcile();
    expect(await app.rows("github.installations")).toHaveLength(2);
    expect(await app.rows(`github.pull_requests where repository_id = ${other.id}`)).toHaveLength(1);
  });

  test("of an uninstallation ends captures", async () => {
    github.quietly(() => github.uninstall(installation));
    await reconcile();
    expect(await app.rows("github.installations")).toMatchObject([{ deleted_at: expect.any(Date) }]);
  });

  test("of a suspension and its end is told", async () => {
    github.quietly(() => github.suspend(installation));
    await reconcile();
    expect(await app.rows("github.installations")).toMatchObject([{ suspended_at: expect.any(Date) }]);
    github.quietly(() => github.unsuspend(installation));
    await reconcile();
    expect(await app.rows("github.installations")).toMatchObject([{ suspended_at: null }]);
    expect(await differences()).toEqual([]);
  });
});

test("when each last succeeded is to be seen at /healthz and in the jobs", async () => {
  await deliverAll();
  await reconcile();
  const response = await fetch(`${app.url}/healthz`);
  expect(await response.json()).toMatchObject({
    reconcilers: {
      "capture/deliveries.reconcile": { age_seconds: expect.any(Number) },
      "capture/repositories.reconcile": { age_seconds: expect.any(Number) },
    },
  });
  const jobs = await app.rows("capture.jobs where event_name like '%.reconcile' order by event_name, id --");
  expect(jobs.map((job) => [job["event_name"], job["state"], job["reason"]])).toEqual([
    ["capture/deliveries.reconcile", "completed", "manual"],
    ["capture/installation.reconcile", "completed", "reconcile"],
    ["capture/installation.reconcile", "completed", "reconcile"],
    ["capture/repositories.reconcile", "completed", "manual"],
  ]);
});
