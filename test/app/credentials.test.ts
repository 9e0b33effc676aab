import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, vi } from "vitest";
import { createSupabaseFetch } from "../../src/lib/embedded/supabase-fetch.ts";
import type { SqlDatabase } from "../../src/lib/embedded/sql-database.ts";
import { openTestDatabase } from "../support/database.ts";
import { openGitHub } from "../support/open-github.ts";
import { serverTest } from "../support/server-test.ts";
import type { ServerProcess } from "../../src/testing/start-server.ts";
import { appPublicKey } from "../../src/testing/test-config.ts";
import { patience } from "../support/patience.ts";

/** The server's start with credentials that are refused. */

const test = serverTest.concurrent;

/** The server repeats its checks after one second, then two. */

const adminToken = "a token of the administrators";

async function healthOf({ url }: ServerProcess) {
  const response = await fetch(`${url}/healthz`);
  return { code: response.status, ...((await response.json()) as { problems?: string[] }) };
}

let database: SqlDatabase;

beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());

/** Opens a Supabase project. `refuse` can replace its answers; null breaks the connection. */
async function openSupabase(refuse: (path: string) => Response | null | undefined) {
  const answer = createSupabaseFetch(database);
  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const refusal = refuse(request.url ?? "");
    if (refusal === null) return void response.destroy();
    const init = { method: "POST", body: await text(request) };
    const answered = refusal ?? (await answer(`http://supabase${request.url}`, init));
    response.writeHead(answered.status, Object.fromEntries(answered.headers));
    response.end(await answered.text());
  }
  const server = createServer((request, response) => void respond(request, response)).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    environment: {
      SUPABASE_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      SUPABASE_SERVICE_ROLE_KEY: "sb_secret_of_another_project",
      INNGEST_DEV: "http://127.0.0.1:9",
    },
    close: () => server.close(),
  };
}

// The gateway answers a key of another project, PostgREST a JWT of another secret and a role without rights.
test.for([
  [401, { message: "Invalid API key", hint: "Double check your Supabase `anon` or `service_role` API key." }],
  [401, { message: "Unregistered API key" }],
  [401, { code: "PGRST301", message: "No suitable key or wrong key type", details: null, hint: null }],
  [403, { code: "42501", message: "permission denied for function capture_queue_stats" }],
] as const)(
  "a SUPABASE_SERVICE_ROLE_KEY that is refused with %i %j ends the start with one sentence that names it",
  async ([status, body], { start }) => {
    const supabase = await openSupabase(() => Response.json(body, { status }));
    await expect(start(supabase.environment)).rejects.toThrow(
      /^The server ended:\nSUPABASE_SERVICE_ROLE_KEY is not the service role's .+ SUPABASE_URL\.$/,
    );
    supabase.close();
  },
);

test("a Supabase project without the newest migrations is not healthy until they are applied", async ({
  start,
}) => {
  let isMissing = true;
  const supabase = await openSupabase((path) => {
    if (!isMissing || !path.includes("capture_journal_stats")) return undefined;
    const message = "Could not find the function public.capture_journal_stats in the schema cache";
    return Response.json({ code: "PGRST202", message, details: null, hint: null }, { status: 404 });
  });
  const server = await start(supabase.environment);
  expect(await healthOf(server)).toMatchObject({
    code: 503,
    problems: [
      "Migrations are missing in the project at SUPABASE_URL: apply supabase/migrations with `supabase db push`.",
    ],
  });
  isMissing = false;
  await vi.waitFor(
    async () => expect(await healthOf(server)).toMatchObject({ code: 200, status: "ok" }),
    patience,
  );
  supabase.close();
});

test("the start waits for a Supabase project that does not answer, and checks the key when it does", async ({
  start,
}) => {
  let refusal: Response | null | undefined = null;
  const supabase = await openSupabase(() => refusal?.clone() ?? refusal);
  const server = await start(supabase.environment);
  expect(await healthOf(server)).toMatchObject({
    code: 503,
    problems: [expect.stringContaining("Could not reach the project at SUPABASE_URL")],
  });
  refusal = Response.json({ message: "Invalid API key" }, { status: 401 });
  await vi.waitFor(
    async () =>
      expect(await healthOf(server)).toMatchObject({
        code: 503,
        problems: [expect.stringContaining("SUPABASE_SERVICE_ROLE_KEY is not")],
      }),
    patience,
  );
  supabase.close();
});

test("an unknown APP_ID ends the start with one sentence that names it", async ({ start }) => {
  const github = await openGitHub();
  await expect(start({ APP_ID: "99", GITHUB_API_URL: github.url })).rejects.toThrow(
    /^The server ended:\nAPP_ID 99 is not the id of an App on GitHub: .+\.$/,
  );
  await github.close();
});

test("a private key of another App ends the start with one sentence that names PRIVATE_KEY", async ({
  start,
}) => {
  const github = await openGitHub({ appPublicKey });
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const PRIVATE_KEY = privateKey.export({ type: "pkcs1", format: "pem" }).toString();
  await expect(start({ PRIVATE_KEY, GITHUB_API_URL: github.url })).rejects.toThrow(
    /^The server ended:\nGitHub does not accept PRIVATE_KEY for APP_ID 1234: .+\.$/,
  );
  const server = await start({ GITHUB_API_URL: github.url });
  expect(await healthOf(server)).toMatchObject({ code: 200 });
  await github.close();
});

test("a GitHub that does not answer leaves the server running", async ({ start }) => {
  const server = await start();
  expect(server.output.join("\n")).toContain("GitHub could not confirm APP_ID and PRIVATE_KEY");
  expect(await healthOf(server)).toMatchObject({ code: 200 });
});

test("an expired GITHUB_TOKEN is reported in the log and in answers to requests that need it", async ({
  start,
}) => {
  const github = await openGitHub();
  const server = await start({
    GITHUB_TOKEN: "ghp_expired",
    GITHUB_API_URL: github.url,
    ADMIN_TOKEN: adminToken,
  });
  const sentence = "GITHUB_TOKEN is not valid or has expired";
  await vi.waitFor(() => expect(server.output.join("\n")).toContain(sentence), patience);
  const response = await fetch(`${server.url}/api/queue/backfill`, {
    method: "POST",
    body: JSON.stringify({ repository: "ann/web" }),
    headers: { authorization: `Bearer ${adminToken}`, "content-type": "application/json" },
  });
  expect(await response.text()).toContain(sentence);
  expect(await healthOf(server)).toMatchObject({ code: 200 });
  await github.close();
});
