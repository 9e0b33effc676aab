import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { openTestDatabase, resetDatabase } from "../support/database.ts";
import { webhookHeaders } from "../support/send-webhook.ts";
import { startApp, type TestApp } from "../support/start-app.ts";
import { exampleOf } from "../support/webhook-examples.ts";

let database: Awaited<ReturnType<typeof openTestDatabase>>;
let app: TestApp;

beforeAll(async () => {
  database = await openTestDatabase();
  app = await startApp(database);
});
afterEach(() => resetDatabase(database));
afterAll(async () => {
  await app.close();
  await database.close();
});

async function post(
  body: string,
  headers: Record<string, string>,
  path = "/api/github/webhooks",
): Promise<number> {
  const response = await fetch(`${app.url}${path}`, { method: "POST", body, headers });
  await response.body?.cancel();
  return response.status;
}

const body = JSON.stringify(exampleOf("pull_request_review", "submitted"));
const headers = webhookHeaders("pull_request_review", "1c2b", body);

test.each([
  ["another secret's", "sha256=".padEnd(71, "0")],
  ["a short", "sha256=00"],
  ["a long", "sha256=".padEnd(700, "a")],
  ["an empty", ""],
  ["a malformed", "nonsense"],
  ["a non-ASCII", "sha256=".padEnd(71, "\u00e9")],
])("%s signature is answered 401 and sends nothing", async (_, signature) => {
  expect(await post(body, { ...headers, "x-hub-signature-256": signature })).toBe(401);
  await app.settled();
  expect(await app.rows("capture.jobs")).toEqual([]);
});

test("a missing signature is answered 401", async () => {
  const { "x-hub-signature-256": _, ...unsigned } = headers;
  expect(await post(body, unsigned)).toBe(401);
});

test("a signature over another body is answered 401", async () => {
  expect(await post(`${body} `, headers)).toBe(401);
});

test.each([
  ["not JSON", "{"],
  ["an array", "[]"],
  ["a number", "1"],
  ["not of its event's shape", '{"action":"submitted","review":{"id":"one"}}'],
  [
    "without a repository",
    JSON.stringify({ ...exampleOf("pull_request_review", "submitted"), repository: undefined }),
  ],
])("a body that is %s is answered 400", async (_, malformed) => {
  expect(await post(malformed, webhookHeaders("pull_request_review", "1c2b", malformed))).toBe(400);
  await app.settled();
  expect(await app.rows("capture.jobs")).toEqual([]);
});

test("a body over 25 MB is answered 413", async () => {
  const huge = JSON.stringify({ pad: "x".repeat(25 * 1024 * 1024) });
  expect(await post(huge, webhookHeaders("pull_request", "1c2b", huge))).toBe(413);
});

test("another path is answered 404, another method 405", async () => {
  expect(await post(body, headers, "/webhooks")).toBe(404);
  const response = await fetch(`${app.url}/api/github/webhooks`);
  expect(response.status).toBe(405);
});

test("an event that is not captured is acknowledged and counted", async () => {
  const before = { ...app.services.counts };
  for (const name of ["issues", "star", "an_event_of_tomorrow"]) {
    expect(await app.deliver({ name, payload: { action: "opened" } })).toBe(200);
  }
  expect(await app.deliver({ name: "issue_comment", payload: exampleOf("issue_comment", "created") })).toBe(
    200,
  );
  await app.settled();
  expect(app.services.counts).toMatchObject({ accepted: before.accepted + 4, captured: before.captured });
  expect(await app.rows("github.comments")).toEqual([]);
});

test("the embedded engine's functions cannot be called from outside", async () => {
  for (const method of ["GET", "POST", "PUT"]) {
    const response = await fetch(`${app.url}/api/inngest`, { method });
    expect(response.status).toBe(403);
  }
});

test("healthz says what is in use", async () => {
  const response = await fetch(`${app.url}/healthz`);
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({ status: "ok", database: { reachable: true } });
});
