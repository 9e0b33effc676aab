import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import type { Terminal } from "../../src/cli/progress-bar.ts";
import { formatJobs } from "../../src/cli/format.ts";
import { watchBackfill } from "../../src/cli/watch.ts";
import type { Job } from "../../src/api/contract.ts";
import { createQueueClient, QueueApiError } from "../../src/client/queue-client.ts";
import { compareRows } from "../../src/testing/compare-rows.ts";
import { failures, seedPullRequests } from "../../src/fake-github/index.ts";
import { testEnvironment } from "../../src/testing/test-config.ts";
import { toTruth } from "../../src/testing/truth.ts";
import type { SqlDatabase } from "../../src/lib/embedded/sql-database.ts";
import { openTestDatabase, resetDatabase } from "../support/database.ts";
import { openGitHub, type TestGitHub } from "../support/open-github.ts";
import { runCli, spawnCli } from "../support/run-cli.ts";
import { startApp, type TestApp } from "../support/start-app.ts";
import { patience } from "../support/patience.ts";

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
  app = await start("0");
});
afterEach(async () => {
  github.clearInterceptors();
  await resetDatabase(database);
});
afterAll(async () => {
  await app.close();
  await github.close();
  await database.close();
});

function start(port: string): Promise<TestApp> {
  return startApp(database, { GITHUB_API_URL: github.url, ADMIN_TOKEN: adminToken, PORT: port });
}

/** A terminal that records its output. */
function openTerminal(): Terminal & { lines: string[] } {
  const lines: string[] = [];
  return { isTTY: true, columns: 200, lines, write: (line) => lines.push(String(line)) > 0 };
}

function cli(args: string[], environment: Record<string, string> = {}) {
  return runCli({ url: app.url, adminToken }, args, environment);
}

test("the CLI follows a backfill to its end, analyzes the rows, and fixes gaps", async () => {
  expect(await cli(["backfill", "acme/web", "--all"])).toMatchObject({
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
  expect((await cli(["analyze"])).out).toContain("Close them with: npx pr-capture fix acme/web");
  expect(await cli(["fix", "acme/web"])).toMatchObject({
    code: 0,
    out: expect.stringMatching(
      /^Queued \d captures? for \d gaps? of acme\/web\.\nAll gaps of acme\/web are closed\.\n$/,
    ),
  });
  expect(await compareRows(toTruth(github), (table) => app.rows(`github.${table}`))).toEqual([]);
  expect(await cli(["fix", "acme/web"])).toMatchObject({ code: 0, out: "acme/web has no gaps.\n" });
});

test("--json prints one answer, at the end", async () => {
  const followed = await cli(["backfill", "acme/web", "--all", "--json"]);
  expect(followed).toMatchObject({ code: 0, err: "" });
  expect(JSON.parse(followed.out)).toMatchObject({ state: "completed", done: 12, total: 12 });
  await database.exec("delete from github.comments");
  const fixed = await cli(["fix", "acme/web", "--json"]);
  expect(JSON.parse(fixed.out)).toMatchObject({ total: { comments: { percent: 100 } } });
  expect(JSON.parse((await cli(["fix", "acme/web", "--json"])).out)).toEqual(JSON.parse(fixed.out));
});

test("--no-watch returns once the work is queued", async () => {
  await cli(["backfill", "acme/web", "--all", "--watch"]);
  await database.exec("delete from github.comments");
  const queued = expect.stringMatching(/^Queued .+ Follow it with: npx pr-capture status --watch\n$/);
  expect(await cli(["fix", "acme/web", "--no-watch"])).toMatchObject({ code: 0, out: queued });
  await app.idle();
  expect(await cli(["backfill", "acme/web", "--all", "--no-watch"])).toMatchObject({ code: 0, out: queued });
  await app.idle();
  const answer = await cli(["backfill", "acme/web", "--days", "9", "--no-watch", "--json"]);
  expect(JSON.parse(answer.out)).toMatchObject({ queued: 1, job: { since: expect.any(String) } });
  await app.idle();
});

test("a backfill that fails ends with exit code 1", async () => {
  github.intercept(({ url }) =>
    url.includes("/pulls/comments") ? Response.json({ message: "Not Found" }, { status: 404 }) : undefined,
  );
  expect(await cli(["backfill", "acme/web", "--all"])).toMatchObject({
    code: 1,
    out: expect.stringMatching(
      /^Queued .+\nThe backfill failed: .+ Try again with: npx pr-capture replay \d+\n$/,
    ),
  });
});

test("the CLI keeps following a backfill across a server restart", async () => {
  const stopLimiting = github.intercept((request, next) =>
    request.url.endsWith("/graphql") ? failures.secondaryLimited(1)(request, next) : undefined,
  );
  const client = createQueueClient({ url: app.url, adminToken });
  const { job } = await client.queueBackfill("acme/web", { all: true });
  if (!job) throw new Error("No job was queued.");
  const terminal = openTerminal();
  const outcome = watchBackfill(client, job, { terminal });
  await vi.waitFor(() => expect(terminal.lines).not.toEqual([]), patience);
  await app.close();
  await vi.waitFor(() => expect(terminal.lines.at(-1)).toContain("Could not connect"), patience);
  stopLimiting();
  app = await start(new URL(app.url).port);
  expect(await outcome).toMatchObject({ ok: true, sentence: expect.stringContaining("Captured 12 of 12") });
  expect(terminal.lines.join("")).toMatch(/█{30} 12 of 12 pull requests\n$/);
});

test("the CLI stops following a server that stays away", async () => {
  const { job } = await createQueueClient({ url: app.url, adminToken }).queueBackfill("acme/web", {
    all: true,
  });
  await app.idle();
  if (!job) throw new Error("No job was queued.");
  const away = createQueueClient({ url: "http://127.0.0.1:1", adminToken });
  const terminal = openTerminal();
  await expect(watchBackfill(away, job, { terminal, maxSilenceMs: 900 })).rejects.toThrow(QueueApiError);
  expect(terminal.lines).toEqual([expect.stringContaining("Trying again"), "\n"]);
});

test("a capture of one pull request is followed to its end, and its failure is exit code 1", async () => {
  expect(await cli(["capture", "acme/web", "3"])).toMatchObject({
    code: 0,
    out: expect.stringMatching(
      /^Queued 3 captures of acme\/web#3\.\nCaptured acme\/web#3 with \d+ requests to GitHub; \d+ rows? changed\.\n$/,
    ),
  });
  expect(await app.rows("github.pull_requests where number = 3 and title is not null")).toHaveLength(1);
  const jobs = JSON.parse((await cli(["capture", "acme/web", "3", "--json"])).out);
  expect(jobs.map(({ state, number }: Job) => `${state} ${number}`)).toEqual(Array(3).fill("completed 3"));

  expect(await cli(["capture", "acme/web", "999"])).toMatchObject({
    code: 1,
    out: expect.stringMatching(/capture\/pr\.details of acme\/web#999 failed: .+ npx pr-capture replay \d+/),
  });
});

test("Ctrl-C ends following, and says that the work goes on", async () => {
  github.intercept(failures.matching(/graphql/, failures.secondaryLimited(2)));
  const child = spawnCli({ url: app.url, adminToken }, ["backfill", "acme/web", "--all"]);
  const out: string[] = [];
  child.stdout.on("data", (chunk) => out.push(String(chunk)));
  await vi.waitUntil(async () => out.length > 0 && (await app.rows("capture.jobs")).length > 0, patience);
  const [err, code] = [text(child.stderr), once(child, "close")];
  child.kill("SIGINT");
  expect(await code).toEqual([130, null]);
  expect(await err).toMatch(/^Stopped following\. The server goes on with the work/);
  expect(await app.rows("capture.jobs")).toMatchObject([{ cancelled_at: null }]);
});

test("a test delivery is signed, answered, and followed to its rows", async () => {
  const secrets = { ...testEnvironment, GITHUB_API_URL: github.url };
  expect(await cli(["webhook"], secrets)).toMatchObject({
    code: 0,
    out: expect.stringMatching(/answered 200 in \d+ ms .+ A ping captures nothing/),
  });
  const followed = await cli(["webhook", "acme/web", "3"], secrets);
  expect(followed).toMatchObject({
    code: 0,
    out: expect.stringMatching(
      /answered 200 .+\nCaptured acme\/web#3 with \d+ requests? to GitHub; \d+ rows?/,
    ),
  });
  expect(await app.rows("github.pull_requests")).toMatchObject([{ number: 3 }]);
  const again = JSON.parse((await cli(["webhook", "acme/web", "3", "--json"], secrets)).out);
  expect(again).toMatchObject({
    status: 200,
    jobs: [{ event_name: "capture/pr.details", state: "completed" }],
  });

  expect(await cli(["webhook"], { ...secrets, WEBHOOK_SECRET: "another" })).toMatchObject({
    code: 1,
    out: expect.stringContaining("answered 401"),
  });
  expect(await cli(["webhook", "acme/web", "999"], secrets)).toMatchObject({
    code: 1,
    err: expect.stringContaining("GitHub does not show acme/web#999 to the App"),
  });
});

test("colors are for terminals: FORCE_COLOR adds them, NO_COLOR removes them", async () => {
  const escape = "\u001B[";
  await cli(["capture", "acme/web", "3"]);
  expect((await cli(["jobs"])).out).not.toContain(escape);
  expect((await cli(["jobs"], { FORCE_COLOR: "1" })).out).toContain(escape);
  expect((await cli(["jobs"], { NO_COLOR: "1" })).out).not.toContain(escape);
});

test("a table fits a narrow terminal, with ages, and loses nothing without one", async () => {
  await cli(["capture", "acme/web", "3"]);
  const jobs = await createQueueClient({ url: app.url, adminToken }).listJobs({ limit: 3 });
  const [job] = jobs;
  if (!job) throw new Error("There is no job.");
  const long = { ...job, repository: `acme/${"w".repeat(60)}` };
  const now = Date.parse(job.created_at) + 3 * 60_000;
  for (const width of [110, 80, 60]) {
    const lines = formatJobs([long], { width, now }).split("\n");
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(width);
    expect(lines[1]).toMatch(/ …w+#3 .* 3m$/);
  }
  const whole = formatJobs([long], { width: null, now });
  expect(whole).toContain(`${long.repository}#3`);
  expect(whole).toContain(new Date(job.created_at).toISOString());
});

test("without a command, the CLI prints its help", async () => {
  expect(await cli([])).toMatchObject({ code: 0, err: "", out: expect.stringContaining("Examples:") });
});

test.each([[["acme/web#3"]], [["https://github.com/acme/web/pull/3/files"]], [["acme/web", "3"]]])(
  "a pull request is captured as %j",
  async (given) => {
    expect(await cli(["capture", ...given])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^Queued 3 captures of acme\/web#3\.\nCaptured acme\/web#3 /),
    });
  },
);

test("bash completes commands, options and values", async () => {
  const { out } = await cli(["completion", "bash"], { ADMIN_TOKEN: "" });
  const complete = (line: string) => {
    const words = line.split(" ");
    const script = `${out}\nCOMP_WORDS=(${words.map((word) => `"${word}"`).join(" ")}); COMP_CWORD=${words.length - 1}; _pr_capture; echo "\${COMPREPLY[*]}"`;
    return execFileSync("bash", ["-c", script], { encoding: "utf8" }).trim();
  };
  expect(complete("pr-capture ba")).toBe("backfill");
  expect(complete("pr-capture backfill --d")).toBe("--days");
  expect(complete("pr-capture jobs --state fa")).toBe("failed");
  expect(complete("pr-capture --json completion z")).toBe("zsh");
  for (const shell of ["zsh", "fish"])
    expect((await cli(["completion", shell], { ADMIN_TOKEN: "" })).out).toContain("capture one pull request");
});

test("--version prints the package's version", async () => {
  const { version } = JSON.parse(readFileSync("package.json", "utf8"));
  expect(await cli(["--version"], { ADMIN_TOKEN: "" })).toMatchObject({ code: 0, out: `${version}\n` });
});

test("reconcile queues both reconcilers", async () => {
  expect(await cli(["reconcile"])).toMatchObject({
    code: 0,
    out: expect.stringContaining("complete inventory"),
  });
  await app.idle();
  const { event_ids } = JSON.parse((await cli(["reconcile", "--json"])).out);
  await app.idle();
  expect(event_ids).toHaveLength(2);
  expect((await app.rows("capture.jobs")).map(({ event_id }) => event_id)).toEqual(
    expect.arrayContaining(event_ids),
  );
});

test("failed jobs can be listed and replayed", async () => {
  const queued = await cli(["capture", "acme/web", "999", "--no-watch"]);
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
    out: expect.stringContaining("runs again"),
  });
  await app.idle();
  expect(JSON.parse((await cli(["status", "--json"])).out)).toMatchObject({ failed: 3, cancelled: 1 });
  expect(await cli(["replay", "12345"])).toMatchObject({
    code: 1,
    err: expect.stringContaining("There is no job 12345."),
  });
});

test("failures are grouped, filtered and replayed together", async () => {
  await cli(["capture", "acme/web", "998", "--no-watch"]);
  await cli(["capture", "acme/web", "999", "--no-watch"]);
  await app.idle();
  const shown = await cli(["failures"]);
  expect(shown).toMatchObject({ code: 0, out: expect.stringMatching(/^FAILED +RETRYING +.*\n +2 +0 /) });
  const groups: { key: string; function: string; failed: number }[] = JSON.parse(
    (await cli(["failures", "--json"])).out,
  );
  expect(groups.map(({ failed }) => failed)).toEqual([2, 2, 2]);
  const [group] = groups;
  const listed = await cli([
    "jobs",
    "--json",
    "--repository",
    "acme/web",
    "--text",
    "#998",
    "--reason",
    "manual",
  ]);
  expect(JSON.parse(listed.out)).toHaveLength(3);
  const one = await cli(["jobs", "--json", "--text", "#998", "--function", group?.function ?? ""]);
  expect(JSON.parse(one.out)).toHaveLength(1);

  expect((await cli(["replay", "--failure", group?.key ?? ""])).out).toContain("2 failed jobs run again.");
  await app.idle();
  expect(JSON.parse((await cli(["replay", "--all", "--json"])).out)).toEqual({ replayed: 6 });
  expect(await cli(["replay", "7", "--all"])).toMatchObject({
    code: 1,
    err: expect.stringContaining("Choose one"),
  });
  expect(await cli(["replay"])).toMatchObject({ code: 1, err: expect.stringContaining("Choose one") });
});

test("one capture is cancelled, and one that has ended is not", async () => {
  github.intercept(failures.matching(/graphql/, failures.serverError()));
  await cli(["backfill", "acme/web", "--all", "--no-watch"]);
  await app.idle();
  const [job] = JSON.parse((await cli(["jobs", "--json"])).out);
  expect(await cli(["cancel", String(job.id)])).toMatchObject({
    code: 0,
    out: `Job ${job.id} is cancelled.\n`,
  });
  expect(await cli(["cancel", String(job.id)])).toMatchObject({
    code: 0,
    out: `Job ${job.id} has ended already.\n`,
  });
  expect(await cli(["cancel", "12345"])).toMatchObject({
    code: 1,
    err: expect.stringContaining("There is no job"),
  });
});

test.each<[string, string[], Record<string, string>, string]>([
  ["an unknown repository", ["fix", "acme/unknown"], {}, "has not seen the repository acme/unknown"],
  ["a malformed repository name", ["analyze", "acme"], {}, "owner/name"],
  [
    "a server that is down",
    ["status"],
    { PR_CAPTURE_URL: "http://127.0.0.1:1" },
    "Start the server with npm start",
  ],
  ["a wrong token", ["status"], { ADMIN_TOKEN: "wrong" }, "ADMIN_TOKEN"],
  ["no token", ["status"], { ADMIN_TOKEN: "" }, "ADMIN_TOKEN is not set"],
  ["a wrong URL", ["status"], { PR_CAPTURE_URL: "localhost" }, "PR_CAPTURE_URL must be an http or https URL"],
  ["an unknown state", ["jobs", "--state", "lost"], {}, "state"],
  ["a malformed number", ["replay", "x"], {}, "whole number"],
  ["a misspelled command", ["stauts"], {}, "Did you mean status? See: npx pr-capture help"],
  [
    "a missing argument",
    ["backfill"],
    {},
    "Missing required argument 'owner/name'. See: npx pr-capture help backfill",
  ],
  ["no number", ["capture", "acme/web"], {}, "owner/name#42"],
  ["an address without http", ["status"], { PR_CAPTURE_URL: "localhost:3000" }, "PR_CAPTURE_URL must be"],
  ["an impossible token", ["status"], { ADMIN_TOKEN: "tökén-tökén-tökén" }, "ADMIN_TOKEN has characters"],
  [
    "another token",
    ["status"],
    { ADMIN_TOKEN: "another token of theirs" },
    "does not accept this ADMIN_TOKEN",
  ],
  ["an empty query", ["sql", " "], {}, "query: must not be empty"],
  ["two time spans", ["backfill", "acme/web", "--days", "3", "--all"], {}, "one of --days and --all"],
])("%s is reported in one sentence, with exit code 1", async (_, args, environment, sentence) => {
  const answer = await cli(args, environment);
  expect(answer).toMatchObject({ code: 1, out: "" });
  expect(answer.err).toContain(sentence);
  expect(answer.err).not.toContain("    at ");
});

test("--json prints errors as JSON", async () => {
  const { err } = await cli(["--json", "analyze", "acme/unknown"]);
  expect(JSON.parse(err)).toMatchObject({ error: expect.stringContaining("acme/unknown") });
  const usage = await cli(["jobs", "--state", "bogus", "--json"]);
  expect(JSON.parse(usage.err)).toMatchObject({
    error: expect.stringContaining("Allowed choices are pending"),
  });
});

test("an address that redirects is named, and no token is sent on", async () => {
  const proxy = createServer((request, response) => {
    response.writeHead(308, { location: `${app.url}${request.url}` }).end();
  }).listen(0, "127.0.0.1");
  await once(proxy, "listening");
  const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  for (const args of [["status"], ["reconcile"]])
    expect(await cli(args, { PR_CAPTURE_URL: url })).toMatchObject({
      code: 1,
      err: `${url} redirects to ${app.url}. Use that address.\n`,
    });
  const doctor = await cli(["doctor"], {
    ...testEnvironment,
    GITHUB_API_URL: github.url,
    PR_CAPTURE_URL: url,
  });
  expect(doctor.out).toContain(`${url} redirects to ${app.url}`);
  proxy.close();
});

test("an empty variable does not hide the one in .env, and an unreadable .env is reported in one sentence", async () => {
  const cwd = await mkdtemp(join(tmpdir(), "pr-capture-cli-"));
  const run = () => runCli({ url: "", adminToken: "", cwd }, ["status"]);
  await writeFile(join(cwd, ".env"), `PR_CAPTURE_URL=${app.url}/\nADMIN_TOKEN='${adminToken}'\n`);
  expect(await run()).toMatchObject({ code: 0, err: "" });

  await rm(join(cwd, ".env"));
  await mkdir(join(cwd, ".env"));
  const unreadable = await run();
  expect(unreadable).toMatchObject({ code: 1, out: "" });
  expect(unreadable.err).toMatch(/^Could not read the file \.env: .*\n$/);
  await rm(cwd, { recursive: true });
});
