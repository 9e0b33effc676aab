import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { sessionAnswerSchema } from "../../src/api/console-contract.ts";
import type { SqlDatabase } from "../../src/lib/embedded/sql-database.ts";
import { resetDatabase, openTestDatabase } from "../support/database.ts";
import { keepLog } from "../support/log-lines.ts";
import { serverTest } from "../support/server-test.ts";
import { startApp, type TestApp } from "../support/start-app.ts";

const minuteMs = 60_000;

let database: SqlDatabase;
let apps: TestApp[] = [];

beforeAll(async () => {
  database = await openTestDatabase();
});
afterEach(async () => {
  await Promise.all(apps.map((app) => app.close()));
  apps = [];
  await resetDatabase(database);
});
afterAll(() => database.close());

async function start(environment: Record<string, string> = {}, { links = true } = {}) {
  const { log, lines } = keepLog("info");
  const app = await startApp(database, { INNGEST_DEV: "1", ...environment }, { log });
  if (links) app.services.sessions.startLinks(app.url);
  apps.push(app);
  return { ...app, codes: () => codesIn(lines.map(({ msg }) => String(msg))), lines };
}

function codesIn(lines: readonly string[]): string[] {
  return lines.flatMap((line) => /Console: http:\/\/\S+\/#code=([\w-]{43})(?![\w-])/.exec(line)?.[1] ?? []);
}

async function post(url: string, path: string, body: unknown = {}) {
  const response = await fetch(`${url}/api${path}`, { method: "POST", body: JSON.stringify(body) });
  return { status: response.status, body: await response.json() };
}

async function signIn(url: string, code: string | undefined): Promise<string> {
  const { body } = await post(url, "/session", { code });
  return sessionAnswerSchema.parse(body).token;
}

async function statusWith(url: string, token: string): Promise<number> {
  const response = await fetch(`${url}/api/queue/stats`, { headers: { authorization: `Bearer ${token}` } });
  await response.text();
  return response.status;
}

test("a link's code is exchanged once, for a session that opens the API without an ADMIN_TOKEN", async () => {
  const app = await start();
  const [code] = app.codes();
  const answer = await post(app.url, "/session", { code });
  expect(answer).toMatchObject({ status: 200, body: { token: expect.any(String) } });
  const { token, expires_at } = sessionAnswerSchema.parse(answer.body);
  expect(Date.parse(expires_at) - Date.now()).toBeLessThanOrEqual(12 * 60 * minuteMs);
  expect(await statusWith(app.url, token)).toBe(200);

  expect(await post(app.url, "/session", { code })).toMatchObject({
    status: 401,
    body: { detail: expect.stringContaining("was used") },
  });
});

test("of many simultaneous exchanges of one code, one succeeds", async () => {
  const app = await start();
  const [code] = app.codes();
  const answers = await Promise.all(Array.from({ length: 20 }, () => post(app.url, "/session", { code })));
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
});

test("a code expires after 30 minutes", async () => {
  const app = await start();
  const [code] = app.codes();
  app.passTime(30 * minuteMs);
  expect((await post(app.url, "/session", { code })).status).toBe(401);
});

test("other requests and wrong codes do not use up a code", async () => {
  const app = await start();
  const [code = ""] = app.codes();
  for (const method of ["HEAD", "GET", "PUT", "DELETE", "OPTIONS"])
    await fetch(`${app.url}/api/session?code=${code}`, { method });
  await fetch(`${app.url}/?code=${code}`, { method: "HEAD" });
  const wrong = [
    "",
    code.slice(1),
    `${code} `,
    `${code}=`,
    code.toUpperCase(),
    "x".repeat(201),
    [code],
    { code },
    null,
    7,
  ];
  for (const each of wrong)
    expect((await post(app.url, "/session", { code: each })).status).toBeOneOf([400, 401]);
  expect((await post(app.url, "/session", { code, more: 1 })).status).toBe(400);
  expect((await post(app.url, "/session", { code: "x".repeat(100_000) })).status).toBe(413);
  expect(await statusWith(app.url, await signIn(app.url, code))).toBe(200);
});

test("a session ends after 12 hours", async () => {
  const app = await start();
  const token = await signIn(app.url, app.codes()[0]);
  app.passTime(12 * 60 * minuteMs - 2000);
  expect(await statusWith(app.url, token)).toBe(200);
  app.passTime(2000);
  expect(await statusWith(app.url, token)).toBe(401);
});

test("a session survives a restart, until ADMIN_TOKEN changes", async () => {
  const adminToken = "a token of the administrators";
  const first = await start({ ADMIN_TOKEN: adminToken });
  const token = await signIn(first.url, first.codes()[0]);
  const restarted = await start({ ADMIN_TOKEN: adminToken });
  expect(await statusWith(restarted.url, token)).toBe(200);
  const changed = await start({ ADMIN_TOKEN: `${adminToken}, the next one` });
  expect(await statusWith(changed.url, token)).toBe(401);
  expect(await statusWith((await start()).url, token)).toBe(401);
});

test("a request without a valid token is answered 401 with the ways to sign in", async () => {
  const app = await start();
  const token = await signIn(app.url, app.codes()[0]);
  const [header, claims = "", signature] = token.split(".");
  const later = toPart({ iss: "pr-capture console", exp: 99_999_999_999 });
  const forged = [
    "",
    "null",
    "undefined",
    `${header}.${claims}.`,
    `${header}.${later}.${signature}`,
    `${toPart({ alg: "none", typ: "JWT" })}.${later}.`,
    `${toPart({ alg: "none", typ: "JWT" })}.${claims}.${signature}`,
    token.slice(0, -4),
  ];
  for (const each of forged) expect(await statusWith(app.url, each)).toBe(401);
  const response = await fetch(`${app.url}/api/queue/stats`);
  expect(response.headers.get("www-authenticate")).toBe("Bearer");
  expect(await response.json()).toMatchObject({
    status: 401,
    detail: expect.stringMatching(/ADMIN_TOKEN.*link in its log/),
  });
});

function toPart(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

describe("a new link", () => {
  test("is logged on request, at most one in ten seconds, and leaves earlier ones valid", async () => {
    const app = await start();
    expect(await post(app.url, "/session/link")).toMatchObject({ status: 429 });
    app.passTime(10_000);
    expect(await post(app.url, "/session/link")).toEqual({ status: 202, body: {} });
    const codes = app.codes();
    expect(codes).toHaveLength(2);
    expect(new Set(codes).size).toBe(2);
    for (const code of codes) expect(await statusWith(app.url, await signIn(app.url, code))).toBe(200);
  });

  test("has the server's own URL, whatever the request's Host is", async () => {
    const app = await start();
    app.passTime(10_000);
    await fetch(`${app.url}/api/session/link`, {
      method: "POST",
      headers: { "x-forwarded-host": "attacker.example", host: "attacker.example" },
    });
    expect(app.codes()).toHaveLength(2);
    expect(JSON.stringify(app.lines)).not.toContain("attacker.example");
  });

  test("is refused by a host that logs none", async () => {
    const app = await start({ ADMIN_TOKEN: "a token of the administrators" }, { links: false });
    expect(await post(app.url, "/session/link")).toMatchObject({
      status: 404,
      body: { detail: expect.stringContaining("ADMIN_TOKEN") },
    });
    expect(app.codes()).toEqual([]);
  });
});

test("the log contains no secret but the code of the link", async () => {
  const adminToken = "a token of the administrators";
  const app = await start({ ADMIN_TOKEN: adminToken });
  const [code = ""] = app.codes();
  const token = await signIn(app.url, code);
  await statusWith(app.url, `${token}x`);
  await post(app.url, "/session", { code });
  const text = JSON.stringify(app.lines);
  for (const secret of [token, adminToken]) expect(text).not.toContain(secret);
  expect(text.split(code)).toHaveLength(2);
});

serverTest("the server logs the link after it listens", async ({ start: startProcess }) => {
  const server = await startProcess();
  await expect.poll(() => codesIn(server.output)).toHaveLength(1);
  const listening = server.output.findIndex((line) => line.includes("Listening on"));
  const link = server.output.findIndex((line) => line.includes(`Console: ${server.url}/#code=`));
  expect(link).toBeGreaterThan(listening);
  expect(await statusWith(server.url, await signIn(server.url, codesIn(server.output)[0]))).toBe(200);
});
