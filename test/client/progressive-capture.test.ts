import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ProgressiveCapture } from "../../src/client/progressive-capture.ts";
import { createQueueClient, QueueApiError } from "../../src/client/queue-client.ts";
import { seedPullRequests } from "../../src/fake-github/index.ts";
import type { SqlDatabase } from "../../src/lib/embedded/sql-database.ts";
import { inngestQueueManager } from "../../src/lib/inngest/queue-manager.ts";
import { openTestDatabase } from "../support/database.ts";
import { openGitHub, type TestGitHub } from "../support/open-github.ts";
import { startApp, type TestApp } from "../support/start-app.ts";

const adminToken = "a token of the administrators";

let database: SqlDatabase;
let github: TestGitHub;
let app: TestApp;
let capture: ProgressiveCapture;

beforeAll(async () => {
  database = await openTestDatabase();
  github = await openGitHub();
  const acme = github.createOrganization({ login: "acme", members: [] });
  const repository = github.createRepository({ owner: acme, name: "web" });
  github.install({ account: acme });
  seedPullRequests(github, {
    repository,
    count: 5,
    from: new Date(Date.now() - 86_400_000),
    everyMinutes: 1,
  });
  app = await startApp(database, { GITHUB_API_URL: github.url, ADMIN_TOKEN: adminToken });
  capture = new ProgressiveCapture(createQueueClient({ url: app.url, adminToken }));
});
afterAll(async () => {
  await app.close();
  await github.close();
  await database.close();
});

/** The packages that a module and our modules behind it import. */
function importsOf(file: string): string[] {
  const imports = [...readFileSync(file, "utf8").matchAll(/(?:from|import)\s*\(?"([^"]+)"/g)].map(
    ([, path = ""]) => path,
  );
  return imports.flatMap((path) => (path.startsWith(".") ? importsOf(join(dirname(file), path)) : [path]));
}

test("the module runs in a browser: it imports no Node modules", () => {
  const imports = importsOf(join(import.meta.dirname, "../../src/client/progressive-capture.ts"));
  expect([...new Set(imports)]).toEqual(["zod"]);
});

test("a console backfills, analyzes, fixes and shows the status; inngestQueueManager calls the same server", async () => {
  const { queued, job } = await capture.backfill("acme", "web", 30);
  expect(queued).toBe(1);
  await app.idle();
  expect(await capture.job(job?.id ?? 0)).toMatchObject({ state: "completed", done: 5 });
  expect(await capture.analyze("acme/web")).toMatchObject({
    repositories: [{ repository: "acme/web", details: { captured: 5, github: 5, percent: 100 } }],
    gaps: [],
  });

  await database.exec("delete from github.pull_request_files where pull_request_number = 2");
  expect(await capture.quickFix("acme", "web")).toEqual({ queued: 1 });
  await app.idle();
  expect((await capture.analyze()).gaps).toEqual([]);
  expect(await capture.status()).toMatchObject({ pending: 0, processing: 0, completed: 2, failed: 0 });

  process.env["PR_CAPTURE_URL"] = app.url;
  process.env["ADMIN_TOKEN"] = adminToken;
  await database.exec("delete from github.pull_request_files where pull_request_number = 3");
  expect(await inngestQueueManager.queueMissingFileChanges("acme/web", 10, "high")).toBe(1);
  expect(await inngestQueueManager.queueMissingReviews("acme/web")).toBe(0);
  expect(await inngestQueueManager.queueMissingComments("acme/web")).toBe(0);
  expect(await inngestQueueManager.queueRecentPRs("acme/web")).toBe(1);
  await app.idle();
  expect(await inngestQueueManager.getQueueStats()).toMatchObject({ completed: 4, total: 4 });
  expect(await inngestQueueManager.clearAllJobs()).toBe(0);
});

test("an error has a sentence to show", async () => {
  await expect(capture.quickFix("acme", "unknown")).rejects.toThrow(QueueApiError);
  await expect(capture.quickFix("acme", "unknown")).rejects.toMatchObject({
    status: 404,
    message: expect.stringContaining("Install the App"),
  });
  const nowhere = new ProgressiveCapture(createQueueClient({ url: "http://127.0.0.1:1", adminToken }));
  await expect(nowhere.status()).rejects.toThrow("Could not connect to http://127.0.0.1:1.");
});
