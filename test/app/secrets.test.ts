import { afterAll, beforeAll, expect, vi } from "vitest";
import { openPglite } from "../../src/lib/embedded/open-pglite.ts";
import { createSupabaseFetch } from "../../src/lib/embedded/supabase-fetch.ts";
import type { SqlDatabase } from "../../src/lib/embedded/sql-database.ts";
import type { FakeGitHub } from "../../src/fake-github/index.ts";
import type { Interceptor } from "../../src/fake-github/intercept.ts";
import { testEnvironment } from "../../src/testing/test-config.ts";
import { openTestDatabase } from "../support/database.ts";
import { toCallBody, toCallHeaders } from "../support/inngest-call.ts";
import { openGitHub } from "../support/open-github.ts";
import { patience } from "../support/patience.ts";
import {
  echo,
  openService,
  planted,
  plantedPassword,
  readFolder,
  secretsIn,
  type Fault,
} from "../support/planted-secrets.ts";
import { runCli } from "../support/run-cli.ts";
import { serverTest } from "../support/server-test.ts";

/** Secrets are planted in every variable and in what services answer, and searched for in every output. */

const test = serverTest.concurrent;

/** The environment of a server with secrets. The level `trace` logs the most. */
const ownSecrets = {
  LOG_LEVEL: "trace",
  APP_ID: testEnvironment.APP_ID,
  PRIVATE_KEY: planted.PRIVATE_KEY,
  WEBHOOK_SECRET: planted.WEBHOOK_SECRET,
  ADMIN_TOKEN: planted.ADMIN_TOKEN,
  METRICS_TOKEN: planted.METRICS_TOKEN,
  GITHUB_TOKEN: planted.GITHUB_TOKEN,
  ALERT_WEBHOOK_URL: planted.ALERT_WEBHOOK_URL,
  OTEL_EXPORTER_OTLP_HEADERS: planted.OTEL_EXPORTER_OTLP_HEADERS,
};

const inngestSecrets = {
  INNGEST_EVENT_KEY: planted.INNGEST_EVENT_KEY,
  INNGEST_SIGNING_KEY: planted.INNGEST_SIGNING_KEY,
  INNGEST_SIGNING_KEY_FALLBACK: planted.INNGEST_SIGNING_KEY_FALLBACK,
  INNGEST_ENCRYPTION_KEY: planted.INNGEST_ENCRYPTION_KEY,
  INNGEST_ENCRYPTION_KEY_FALLBACK: planted.INNGEST_ENCRYPTION_KEY_FALLBACK,
};

const faults: Fault[] = ["echo 401", "echo 500", "redirect", "no answer"];

let database: SqlDatabase;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());

/** A GitHub with an App on acme/web and a pull request. It remembers the tokens that it received, by name. */
async function openScene() {
  const tokens = new Map<string, string>();
  const github = await openGitHub({ webhookSecret: planted.WEBHOOK_SECRET });
  github.intercept(({ headers }) => {
    const [, token] = /^\S+ (\S+)$/.exec(headers.get("authorization") ?? "") ?? [];
    if (token && ![...tokens.values()].includes(token))
      tokens.set(token.includes(".") ? `JWT ${tokens.size}` : `token ${tokens.size}`, token);
    return undefined;
  });
  const ann = github.createAccount({ login: "ann" });
  const acme = github.createOrganization({ login: "acme", members: [ann] });
  const web = github.createRepository({ owner: acme, name: "web" });
  github.install({ account: acme });
  github.after(1, () =>
    github.openPullRequest({ repository: web, author: ann, files: [{ filename: "a.ts" }] }),
  );
  return { github, tokens };
}

/** GitHub answers what the App was sent. */
function echoing(status: number): Interceptor {
  return ({ url, headers }) => echo(status, url, headers);
}

const echoingGraphql: Interceptor = ({ url, headers }) =>
  url.endsWith("/graphql")
    ? Response.json({ errors: [{ type: "FORBIDDEN", message: `Refused ${headers.get("authorization")}` }] })
    : undefined;

async function sendAll(github: FakeGitHub, url: string): Promise<void> {
  for (const delivery of github.deliveries.splice(0))
    await github.send(`${url}/api/github/webhooks`, delivery);
}

const reads = [
  "/",
  "/healthz",
  "/metrics",
  "/api/inngest",
  "/api/nothing",
  "/api/analyze",
  "/api/queue/stats",
  "/api/queue/jobs?limit=100",
  "/api/queue/failures",
  "/api/overview",
  "/api/repositories",
  "/api/pull-requests",
  "/api/pull-requests/acme/web/1",
  "/api/sql/schema",
];

/** The name of an output, and its text. */
type Output = [string, string];

/** Sends every request, with the server's token and with a wrong one. Returns the answers by request. */
async function askEverything(url: string): Promise<Output[]> {
  const headers = { authorization: `Bearer ${planted.ADMIN_TOKEN}`, "content-type": "application/json" };
  const ask = async (name: string, path: string, init: RequestInit): Promise<Output> => {
    const response = await fetch(`${url}${path}`, init);
    return [name, `${response.status} ${JSON.stringify([...response.headers])} ${await response.text()}`];
  };
  const post = (path: string, body: object) =>
    ask(`POST ${path}`, path, { method: "POST", headers, body: JSON.stringify(body) });
  const answers = await Promise.all([
    ...reads.map((path) => ask(`GET ${path}`, path, { headers })),
    ...reads.map((path) =>
      ask(`GET ${path}, wrong token`, path, { headers: { authorization: "Bearer wrong" } }),
    ),
    ask("PUT /api/inngest", "/api/inngest", { method: "PUT" }),
    ask("POST /api/inngest", "/api/inngest?fnId=pr-capture-capture-pr-details&stepId=step", {
      method: "POST",
      body: "{}",
    }),
    post("/api/queue/backfill", { repository: "acme/web" }),
    post("/api/queue/backfill", { repository: "acme/none" }),
    post("/api/queue/pull-request", { repository: "acme/web", number: 1 }),
    post("/api/queue/gaps", {}),
    post("/api/queue/reconcile", {}),
    post("/api/pull-requests/compare", { repository: "acme/web", number: 1 }),
    post("/api/sql", { query: "select current_setting('request.headers', true), * from capture.jobs" }),
  ]);
  return answers;
}

/** Fails with the outputs that contain a secret, and which. */
function expectNoSecrets(outputs: readonly Output[], tokens: ReadonlyMap<string, string>): void {
  const leaks = outputs.flatMap(([name, output]) =>
    secretsIn(output, tokens).map((secret) => `${secret} in ${name}: ${excerpt(output, secret, tokens)}`),
  );
  expect(leaks).toEqual([]);
}

function excerpt(output: string, secret: string, tokens: ReadonlyMap<string, string>): string {
  const value =
    tokens.get(secret) ??
    (secret === "DATABASE_URL" ? plantedPassword : ((planted as Record<string, string>)[secret] ?? ""));
  const at = output.indexOf(value);
  return output.slice(Math.max(0, at - 120), at + 20);
}

/** The number of captures in that state, of those whose event is called so. */
async function countJobs(url: string, state: string, event = ""): Promise<number> {
  const headers = { authorization: `Bearer ${planted.ADMIN_TOKEN}` };
  const response = await fetch(`${url}/api/queue/jobs?limit=100`, { headers });
  const jobs = (await response.json()) as { state: string; event_name: string }[];
  return jobs.filter((job) => job.state === state && job.event_name.includes(event)).length;
}

async function waitForJobs(url: string, atLeast: number, state: string, event = ""): Promise<void> {
  await vi.waitFor(
    async () => expect(await countJobs(url, state, event)).toBeGreaterThanOrEqual(atLeast),
    patience,
  );
}

/** How GitHub fails, and the state of the captures that it fails. */
const githubFaults: [string, Interceptor, string][] = [
  ["451 with what it was sent", echoing(451), "failed"],
  ["GraphQL errors with what it was sent", echoingGraphql, "failed"],
  ["401 with what it was sent", echoing(401), "retrying"],
];

test("no output contains a secret, whatever GitHub answers", async ({ start, folder }) => {
  const { github, tokens } = await openScene();
  const collector = await openService(() => Response.json({}));
  const environment = { ...ownSecrets, GITHUB_API_URL: github.url };
  const server = await start({ ...environment, OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
  await sendAll(github, server.url);
  await waitForJobs(server.url, 1, "completed", "pr.details");
  const outputs = await askEverything(server.url);
  for (const [name, interceptor, state] of githubFaults) {
    const before = await countJobs(server.url, state);
    const stop = github.intercept(interceptor);
    const answers = await askEverything(server.url);
    await waitForJobs(server.url, before + 1, state);
    answers.push(...(await askEverything(server.url)));
    outputs.push(
      ...answers.map(([request, answer]): Output => [`${request} when GitHub answers ${name}`, answer]),
    );
    stop();
  }
  github.intercept(echoing(401));
  const cli = { url: server.url, adminToken: planted.ADMIN_TOKEN };
  for (const args of [
    ["doctor"],
    ["webhook", "acme/web", "1"],
    ["jobs"],
    ["failures"],
    ["analyze"],
    ["status"],
  ]) {
    const { out, err } = await runCli(cli, args, environment);
    outputs.push([`pr-capture ${args.join(" ")}`, out + err]);
  }
  await server.end("SIGTERM");
  const stored = await openPglite(folder);
  const tables = await readTables(stored);
  await stored.close();
  expect(tables).toContain("acme");
  expect(tokens.size).toBeGreaterThan(1);
  expect(collector.bodies.join()).toContain("capture capture/pr.details");
  expectNoSecrets(
    [
      ["the log", server.output.join("\n")],
      ["the traces", collector.bodies.join("\n")],
      ["the tables", tables],
      ["the database's files", await readFolder(folder)],
      ...outputs,
    ],
    tokens,
  );
  await github.close();
  collector.close();
});

const targets = ["Supabase", "Inngest"] as const;

test.for(targets)("no output contains a secret when %s fails", async (target, { start, spawnServer }) => {
  const { github, tokens } = await openScene();
  const answer = createSupabaseFetch(database);
  const supabase = await openService(({ url, method, body }) =>
    answer(`http://supabase${url}`, { method, body }),
  );
  const inngest = await openService(({ url, body }) =>
    url.startsWith("/e/")
      ? Response.json({ ids: (JSON.parse(body) as { id: string }[]).map(({ id }) => id), status: 200 })
      : Response.json({ ok: true, status: 200 }),
  );
  const environment = {
    ...ownSecrets,
    ...inngestSecrets,
    GITHUB_API_URL: github.url,
    INNGEST_BASE_URL: inngest.url,
    SUPABASE_URL: supabase.url,
    SUPABASE_SERVICE_ROLE_KEY: planted.SUPABASE_SERVICE_ROLE_KEY,
  };
  const server = await start(environment);
  await sendAll(github, server.url);
  const call = captureCall(inngest.bodies);
  const pullRequest = [...github.state.pullRequests.values()][0];
  if (!pullRequest) throw new Error("GitHub has no pull request.");
  const service = target === "Supabase" ? supabase : inngest;
  const cli = { url: server.url, adminToken: planted.ADMIN_TOKEN };
  const outputs: Output[] = [];
  for (const fault of faults) {
    service.fault = fault;
    const output = (name: string, text: string) => void outputs.push([`${name}, fault: ${fault}`, text]);
    github.createIssueComment({ on: pullRequest, author: pullRequest.author, body: "Hi" });
    await sendAll(github, server.url);
    const run = await fetch(`${server.url}/api/inngest?fnId=pr-capture-capture-pr-details&stepId=step`, {
      method: "POST",
      body: call,
      headers: toCallHeaders(planted.INNGEST_SIGNING_KEY, call),
    });
    output("the function's answer", await run.text());
    for (const [request, text] of await askEverything(server.url)) output(request, text);
    for (const args of [["doctor"], ["webhook"]]) {
      const { out, err } = await runCli(cli, args, environment);
      output(`pr-capture ${args.join(" ")}`, out + err);
    }
    const failing = spawnServer(environment); // the service fails from the start
    await failing.listening.catch(() => {});
    await failing.end("SIGTERM");
    output("the log of a start", failing.output.join("\n"));
  }
  await server.end("SIGTERM");
  expectNoSecrets(
    [
      ["the log", server.output.join("\n")],
      ["what Inngest received", inngest.bodies.join("\n")],
      ["what Supabase received", supabase.bodies.join("\n")],
      ["the tables", await readTables(database)],
      ...outputs,
    ],
    new Map([...tokens, ...inngest.tokens]),
  );
  await github.close();
  supabase.close();
  inngest.close();
});

/** All rows of all tables. In the database's files, long values are compressed. */
async function readTables(from: SqlDatabase): Promise<string> {
  const names = await from.query<{ name: string }>(
    "select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname in ('github', 'capture', 'embedded_inngest')",
  );
  const rows = await Promise.all(names.map(({ name }) => from.query(`select * from ${name}`)));
  return JSON.stringify(rows);
}

/** Inngest's call of a function for the first event that it received. */
function captureCall(bodies: readonly string[]): string {
  const [event = {}] = JSON.parse(
    bodies.find((body) => body.includes("capture/pr.details")) ?? "[]",
  ) as object[];
  return toCallBody(event);
}

/** Values that fail only when they are used. */
const unusable: [string, Record<string, string>][] = [
  [
    "SUPABASE_SERVICE_ROLE_KEY",
    { SUPABASE_URL: "http://127.0.0.1:9", SUPABASE_SERVICE_ROLE_KEY: "sb_secret_planted\nKey" },
  ],
  ["DATABASE_URL", { DATABASE_URL: "postgres://user:12/planted@127.0.0.1:9/x" }],
  ["DATABASE_URL", { DATABASE_URL: "postgres://user:planted@127.0.0.1:9/x" }],
  [
    "DATABASE_URL",
    { DATABASE_URL: "postgres://user:planted@127.0.0.1:9/x?sslmode=verify-full&sslrootcert=/none" },
  ],
];

test.for(unusable)(
  "a value of %s that cannot be used is not shown: %j",
  async ([name, wrong], { spawnServer, folder }) => {
    const environment = { ...ownSecrets, DATA_DIR: folder, ...wrong };
    const server = spawnServer(environment);
    const answers = await server.listening.then(askEverything, () => []);
    await server.end("SIGTERM");
    const shown = [...server.output, ...answers.flat()];
    const cli = { url: "http://127.0.0.1:9", adminToken: planted.ADMIN_TOKEN };
    for (const command of ["doctor", "migrate"]) {
      const { out, err } = await runCli(cli, [command], environment);
      shown.push(out, err);
      if (name === "DATABASE_URL" || command === "doctor") expect(out + err).toContain(name);
      expect(out + err).not.toMatch(/ at .*\.ts:/);
    }
    expect(shown.join("\n")).toContain(name);
    expect(shown.join("\n")).not.toMatch(/planted/i);
  },
);
