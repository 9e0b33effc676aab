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
])("a delivery with %s signature is answered 401 and queues nothing", async (_, signature) => {
  expect(await post(body, { ...headers, "x-hub-signature-256": signature })).toBe(401);
  await app.idle();
  expect(await app.rows("capture.jobs")).toEqual([]);
});

test("a delivery without a signature is answered 401", async () => {
  const { "x-hub-signature-256": _, ...unsigned } = headers;
  expect(await post(body, unsigned)).toBe(401);
});

test("a delivery with the signature of another body is answered 401", async () => {
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
  await app.idle();
  expect(await app.rows("capture.jobs")).toEqual([]);
});

const opened = exampleOf("pull_request", "opened");
const commented = exampleOf("pull_request_review_comment", "created");
const installed = exampleOf("installation", "created");
const renamed = exampleOf("repository", "renamed");

test.each<[string, string, object]>([
  [
    "pull_request.number must be an integer",
    "pull_request",
    { ...opened, pull_request: { ...opened["pull_request"], number: "seven" } },
  ],
  [
    "pull_request must be an object",
    "pull_request_review",
    { ...exampleOf("pull_request_review", "submitted"), pull_request: undefined },
  ],
  [
    "pull_request.updated_at must be a time such as 2026-01-31T12:00:00Z",
    "pull_request",
    { ...opened, pull_request: { ...opened["pull_request"], updated_at: "yesterday" } },
  ],
  [
    "comment.id must be an integer",
    "pull_request_review_comment",
    { ...commented, comment: { ...commented["comment"], id: null } },
  ],
  ["comment must be an object", "pull_request_review_comment", { ...commented, comment: undefined }],
  ["repository must be an object", "pull_request", { ...opened, repository: undefined }],
  [
    "repository.name must have at most 255 characters",
    "repository",
    { ...renamed, repository: { ...renamed["repository"], name: "a".repeat(256) } },
  ],
  [
    "repository.default_branch must be text",
    "repository",
    { ...renamed, repository: { ...renamed["repository"], default_branch: 5 } },
  ],
  [
    "installation.updated_at must be a time such as 2026-01-31T12:00:00Z",
    "installation",
    { ...installed, installation: { ...installed["installation"], updated_at: null } },
  ],
  [
    "repositories.0.full_name must be the repository's name",
    "installation",
    { ...installed, repositories: [{ id: 7, full_name: null }] },
  ],
  [
    "milestone.number must be an integer",
    "milestone",
    { ...exampleOf("milestone", "closed"), milestone: { updated_at: "2026-01-31T12:00:00Z" } },
  ],
  ["label must be an object", "label", { ...exampleOf("label", "deleted"), label: null }],
  ["installation.id must be an integer", "installation_target", { action: "renamed", installation: {} }],
])("an invalid payload is answered 400 with: %s", async (message, name, payload) => {
  const text = JSON.stringify(payload);
  const response = await fetch(`${app.url}/api/github/webhooks`, {
    method: "POST",
    body: text,
    headers: webhookHeaders(name, "1c2b", text),
  });
  expect(response.status).toBe(400);
  expect(await response.text()).toBe(`${message}.\n`);
});

test("a delivery with an id over 255 characters is answered 400", async () => {
  expect(await post(body, { ...headers, "x-github-delivery": "a".repeat(256) })).toBe(400);
  expect(await post(body, { ...headers, "x-github-delivery": "a".repeat(255) })).toBe(200);
  await app.idle();
});

test("a body over 25 MB is answered 413", async () => {
  const huge = JSON.stringify({ pad: "x".repeat(25 * 1024 * 1024) });
  expect(await post(huge, webhookHeaders("pull_request", "1c2b", huge))).toBe(413);
});

test("an unknown path is answered 404, and another method 405", async () => {
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
  await app.idle();
  expect(app.services.counts).toMatchObject({ accepted: before.accepted + 4, captured: before.captured });
  expect(await app.rows("github.comments")).toEqual([]);
});

test("the embedded engine's functions cannot be called over HTTP", async () => {
  for (const method of ["GET", "POST", "PUT"]) {
    const response = await fetch(`${app.url}/api/inngest`, { method });
    expect(response.status).toBe(403);
  }
});

test("/healthz shows that the database is reachable", async () => {
  const response = await fetch(`${app.url}/healthz`);
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({ status: "ok", database: { reachable: true } });
});

test("/healthz is not ok while the database refuses to write, and says why", async () => {
  const health = async () => (await fetch(`${app.url}/healthz`)).json();
  const pullRequest = { name: "pull_request", payload: exampleOf("pull_request", "opened") };
  await database.exec("set default_transaction_read_only = on");
  try {
    expect(await app.deliver(pullRequest)).toBe(503);
    expect(await health()).toMatchObject({
      status: "down",
      problems: [expect.stringMatching(/^The database refuses to write \(.+read-only transaction\)\./)],
    });
  } finally {
    await database.exec("set default_transaction_read_only = off");
  }
  expect(await health()).toMatchObject({ status: "ok" });
  expect(await app.deliver(pullRequest)).toBe(200);
  await app.idle();
});
