import { zipFunctions } from "@netlify/zip-it-and-ship-it";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { bundleFunctions, type FunctionBundle } from "../../scripts/bundle-functions.ts";
import type { Account, Repository } from "../../src/fake-github/index.ts";
import type { Health } from "../../src/http/health.ts";
import { createSupabaseFetch } from "../../src/lib/embedded/supabase-fetch.ts";
import type { SqlDatabase } from "../../src/lib/embedded/sql-database.ts";
import { compareRows } from "../../src/testing/compare-rows.ts";
import { testEnvironment } from "../../src/testing/test-config.ts";
import { toTruth } from "../../src/testing/truth.ts";
import { openTestDatabase, resetDatabase } from "../support/database.ts";
import { openLossyInngest, type LossyInngest } from "../support/lossy-inngest.ts";
import { openGitHub, type TestGitHub } from "../support/open-github.ts";
import { openNetlify, type Netlify } from "../support/open-netlify.ts";
import { readFolder, secretsIn, withPlantedEnvironment } from "../support/planted-secrets.ts";
import { webhookHeaders } from "../support/send-webhook.ts";
import { serveFetch, type ServedFetch } from "../support/serve-fetch.ts";

/** The functions as Netlify packs and runs them, on a Supabase and an Inngest of this machine. */

const maxBytes = 3_000_000;
const adminToken = "a token of the administrators";

let folder: string;
let bundles: FunctionBundle[];
let database: SqlDatabase;
let supabase: ServedFetch;
let inngest: LossyInngest;
let github: TestGitHub;
let netlify: Netlify;
let ann: Account;
let web: Repository;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "pr-capture-netlify-"));
  bundles = await withPlantedEnvironment(() => bundleFunctions(join(folder, "functions")));
  netlify = openNetlify(join(folder, "functions"), folder);
  database = await openTestDatabase();
  supabase = await serveFetch(createSupabaseFetch(database));
});
beforeEach(async () => {
  github = await openGitHub();
  inngest = await openLossyInngest(database);
  const environment = {
    ...testEnvironment,
    ADMIN_TOKEN: adminToken,
    GITHUB_API_URL: github.url,
    INNGEST_DEV: inngest.url,
    SUPABASE_URL: supabase.url,
    SUPABASE_SERVICE_ROLE_KEY: "sb_secret_of_the_tests",
  };
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  ann = github.createAccount({ login: "ann" });
  const acme = github.createOrganization({ login: "acme", members: [ann] });
  web = github.createRepository({ owner: acme, name: "web" });
  github.install({ account: acme });
  github.deliveries.length = 0;
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await inngest.close();
  await github.close();
  await resetDatabase(database);
});
afterAll(async () => {
  await supabase.close();
  await database.close();
  await rm(folder, { recursive: true });
});

async function request(path: string, init?: RequestInit): Promise<Response> {
  const response = await netlify.request(path, init);
  if (!response) throw new Error(`No function serves ${path}.`);
  return response;
}

function openPullRequest(): void {
  github.openPullRequest({ repository: web, author: ann, files: [{ filename: "a.ts" }] });
}

/** Sends the deliveries since the last call. */
async function deliver({
  signature,
  expected = 200,
}: { signature?: string; expected?: number } = {}): Promise<void> {
  for (const { name, id, payload } of github.deliveries.splice(0)) {
    const body = JSON.stringify(payload);
    const headers = {
      ...webhookHeaders(name, id, body),
      ...(signature && { "x-hub-signature-256": signature }),
    };
    const answer = await request("/api/github/webhooks", { method: "POST", headers, body });
    expect([answer.status, await answer.text()]).toEqual([expected, expect.any(String)]);
  }
}

const differences = () =>
  compareRows(toTruth(github), (table) => database.query(`select * from github.${table} order by 1, 2`));

/** Calls a function as Inngest does. */
function callFunction(call: Request): Promise<Response> {
  const { pathname, search } = new URL(call.url);
  return request(`${pathname}${search}`, call);
}

test("each function is at most 3 MB packed, and so is the file that its start loads", async () => {
  const packed = await zipFunctions(join(folder, "functions"), join(folder, "zips"));
  expect(packed.map(({ name }) => name).toSorted()).toEqual(bundles.map(({ name }) => name).toSorted());
  const sizes = [...packed, ...bundles.map(({ name, bytes }) => ({ name, size: bytes }))];
  expect(sizes.filter(({ size }) => size === undefined || size > maxBytes)).toEqual([]);
});

test("no function contains PGlite, the embedded engine, the demo or smee", () => {
  const serversOnly =
    /@electric-sql|smee-client|cel-js|\/src\/((demo|fake-github|testing|console)\/|server(-services)?\.ts|lib\/embedded\/(engine\/|inngest-engine|open-pglite|query-))/;
  expect(bundles.flatMap(({ modules }) => modules.filter((path) => serversOnly.test(path)))).toEqual([]);
});

test("no function contains a secret of the build's environment", async () => {
  const files = await readFolder(join(folder, "functions"));
  expect(files.length).toBeGreaterThan(1_000_000);
  expect(secretsIn(files)).toEqual([]);
});

test("a signed webhook becomes an event, the event a run, and the run rows", async () => {
  await inngest.serve({ serveInngest: callFunction });
  openPullRequest();
  await deliver();
  expect(inngest.accepted.map(({ name }) => name)).toEqual(["capture/pr.details"]);
  await inngest.idle();
  expect(await differences()).toEqual([]);
  expect(await database.query("select state from capture.jobs")).toEqual([{ state: "completed" }]);
});

test("a webhook with a wrong signature is answered 401", async () => {
  openPullRequest();
  await deliver({ signature: "sha256=00", expected: 401 });
  expect(inngest.accepted).toEqual([]);
});

test("Inngest finds the functions at Netlify's own path too", async () => {
  const answer = await request("/.netlify/functions/inngest");
  expect([answer.status, await answer.json()]).toMatchObject([200, { mode: "dev" }]);
});

test("healthz tells whether the database answers", async () => {
  const health = async () => {
    const answer = await request("/healthz");
    return [answer.status, ((await answer.json()) as Health).database.reachable];
  };
  expect(await health()).toEqual([200, true]);
  vi.stubEnv("SUPABASE_URL", "");
  vi.stubEnv("SUPABASE_SERVICE_ROLE_KEY", "");
  vi.stubEnv("DATABASE_URL", "postgres://127.0.0.1:1/postgres");
  expect(await health()).toEqual([503, false]);
});

test("the function that runs every minute sends what waits in the outbox", async () => {
  inngest.isDown = true;
  openPullRequest();
  await deliver();
  inngest.isDown = false;
  expect((await request("/.netlify/functions/every-minute")).status).toBe(204);
  expect(inngest.accepted.map(({ name }) => name)).toContain("capture/pr.details");
});

test("the console's requests are answered, with the token only", async () => {
  const authorization = `Bearer ${adminToken}`;
  expect((await request("/api/queue/stats")).status).toBe(401);
  const answer = await request("/api/queue/stats", { headers: { authorization } });
  expect([answer.status, await answer.json()]).toMatchObject([200, { failed: 0 }]);
});
