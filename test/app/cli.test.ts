import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { compareRows } from "../../src/demo/compare-rows.ts";
import { seedPullRequests } from "../../src/demo/github/index.ts";
import { toTruth } from "../../src/demo/truth.ts";
import type { SqlDatabase } from "../../src/lib/embedded/sql-database.ts";
import { openTestDatabase, resetDatabase } from "../support/database.ts";
import { openGitHub, type TestGitHub } from "../support/open-github.ts";
import { startApp, type TestApp } from "../support/start-app.ts";

const adminToken = "a token of the administrators";

let database: SqlDatabase;
let github: TestGitHub;
let app: TestApp;

beforeAll(async () => {
  database = await openTestDatabase();
  github = await openGitHub();
  const acme = github.createOrganization({ login: "acme", members: [] });
  const repository = github.createRepository({ owner: acme, name: "web" });
  github.install({ account: acme });
  seedPullRequests(github, { repository, count: 12 });
  app = await startApp(database, { GITHUB_API_URL: github.url, ADMIN_TOKEN: adminToken });
});
afterEach(() => resetDatabase(database));
afterAll(async () => {
  await app.close();
  await github.close();
  await database.close();
});

async function cli(args: string[], environment: Record<string, string> = {}) {
  const child = spawn(process.execPath, ["src/cli.ts", ...args], {
    env: { PATH: process.env["PATH"], PR_CAPTURE_URL: app.url, ADMIN_TOKEN: adminToken, ...environment },
  });
  const [out, err, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((resolve) => child.on("close", resolve)),
  ]);
  return { out, err, code };
}

test("a backfill is followed to its end, analyzed, and what is lost after it is fixed", async () => {
  expect(await cli(["backfill", "acme/web", "--all", "--watch"])).toMatchObject({
    code: 0,
    out: expect.stringMatching(
      /^Queued the backfill of acme\/web\.\nCaptured 12 of 12 pull requests of acme\/web/,
    ),
  });
  expect(await compareRows(toTruth(github), (table) => app.rows(`github.${table}`))).toEqual([]);
  const complete = await cli(["analyze", "acme/web"]);
  expect(complete).toMatchObject({ code: 0, out: expect.stringContaining("No gaps") });
  expect(complete.out).toMatch(/pull requests +█{30} +100 % +12 of 12/);

  await database.exec("delete from github.comments where pull_request_number <= 3");
  const { gaps } = JSON.parse((await cli(["--json", "analyze"])).out);
  expect(gaps.length).toBeGreaterThan(0);
  expect((await cli(["analyze"])).out).toContain("Close them with: pr-capture fix acme/web");
  expect(await cli(["fix", "acme/web", "--watch"])).toMatchObject({
    code: 0,
    out: expect.stringMatching(
      /^Queued \d captures? for \d gaps? of acme\/web\.\nAll gaps of acme\/web are closed\.\n$/,
    ),
  });
  expect(await compareRows(toTruth(github), (table) => app.rows(`github.${table}`))).toEqual([]);
  expect(await cli(["fix", "acme/web"])).toMatchObject({ code: 0, out: "acme/web has no gaps.\n" });
});

test("what cannot be captured ends with exit code 1, and can be listed and replayed", async () => {
  const queued = await cli(["pull-request", "acme/web", "999"]);
  expect(queued).toMatchObject({
    code: 0,
    out: expect.stringContaining("Queued 3 captures of acme/web#999"),
  });
  expect((await cli(["status", "--watch"])).out).toContain("3 failed");
  const failed = await cli(["jobs", "--state", "failed", "--limit", "1"]);
  expect(failed).toMatchObject({ code: 0, out: expect.stringContaining("acme/web#999") });
  const [job] = JSON.parse((await cli(["jobs", "--json", "--state", "failed"])).out);
  expect(await cli(["replay", String(job.id)])).toMatchObject({
    code: 0,
    out: expect.stringContaining("Sent again"),
  });
  await app.settled();
  expect(JSON.parse((await cli(["status", "--json"])).out)).toMatchObject({ failed: 4 });
  expect(await cli(["replay", "12345"])).toMatchObject({
    code: 1,
    err: expect.stringContaining("There is no job 12345."),
  });
});

test.each<[string, string[], Record<string, string>, string]>([
  ["an unknown repository", ["fix", "acme/unknown"], {}, "has not seen the repository acme/unknown"],
  ["something that is no repository", ["analyze", "acme"], {}, "owner/name"],
  [
    "a server that is down",
    ["status"],
    { PR_CAPTURE_URL: "http://127.0.0.1:1" },
    "Start the server with npm start",
  ],
  ["a wrong token", ["status"], { ADMIN_TOKEN: "wrong" }, "ADMIN_TOKEN"],
  ["no token", ["status"], { ADMIN_TOKEN: "" }, "ADMIN_TOKEN is not set"],
  ["a wrong URL", ["status"], { PR_CAPTURE_URL: "localhost" }, "localhost is not a URL"],
  ["an unknown state", ["jobs", "--state", "lost"], {}, "state"],
  ["a number that is none", ["replay", "x"], {}, "whole number"],
  ["two spans at once", ["backfill", "acme/web", "--days", "3", "--all"], {}, "one of --days and --all"],
])("%s is told in a sentence, with exit code 1", async (_, args, environment, sentence) => {
  const answer = await cli(args, environment);
  expect(answer).toMatchObject({ code: 1, out: "" });
  expect(answer.err).toContain(sentence);
  expect(answer.err).not.toContain("    at ");
});

test("an error is JSON for machines too", async () => {
  const { err } = await cli(["--json", "analyze", "acme/unknown"]);
  expect(JSON.parse(err)).toMatchObject({ error: expect.stringContaining("acme/unknown") });
});
