import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { SqlDatabase } from "../../src/lib/embedded/sql-database.ts";
import { openTestDatabase } from "../support/database.ts";
import { toCallBody, toCallHeaders } from "../support/inngest-call.ts";
import { openGitHub } from "../support/open-github.ts";
import { startApp, type TestApp } from "../support/start-app.ts";

/** Calls from Inngest, which its signing key authenticates. */

const keys = {
  INNGEST_EVENT_KEY: "event-key",
  INNGEST_SIGNING_KEY: "signkey-test-aaaa",
  INNGEST_SIGNING_KEY_FALLBACK: "signkey-test-bbbb",
};

let database: SqlDatabase;
let app: TestApp;

beforeAll(async () => {
  database = await openTestDatabase();
});
afterEach(() => app.close());
afterAll(() => database.close());

/** Calls a function as Inngest does, signed at that time. */
async function callFunction(signingKey: string, signedAt = Date.now()): Promise<number> {
  const data = { priority: "high", reason: "manual" };
  const body = toCallBody({
    data,
    id: "event",
    name: "capture/deliveries.reconcile",
    ts: Date.now(),
  });
  const response = await fetch(`${app.url}/api/inngest?fnId=pr-capture-reconcile-deliveries&stepId=step`, {
    method: "POST",
    body,
    headers: toCallHeaders(signingKey, body, signedAt),
  });
  await response.body?.cancel();
  return response.status;
}

test("the current and the fallback key are accepted, and no other", async () => {
  app = await startApp(database, keys);
  expect(await callFunction(keys.INNGEST_SIGNING_KEY)).toBe(206);
  expect(await callFunction(keys.INNGEST_SIGNING_KEY_FALLBACK)).toBe(206);
  expect(await callFunction("signkey-test-cccc")).toBe(401);
});

test("without a fallback key only the current one is accepted", async () => {
  const { INNGEST_SIGNING_KEY_FALLBACK: fallback, ...current } = keys;
  app = await startApp(database, current);
  expect(await callFunction(keys.INNGEST_SIGNING_KEY)).toBe(206);
  expect(await callFunction(fallback)).toBe(401);
});

test.each([600, -600])(
  "a signature is valid for five minutes by GitHub's clock, which is %i s off ours",
  async (clockSkew) => {
    const github = await openGitHub({ clockSkew });
    app = await startApp(database, { ...keys, GITHUB_API_URL: github.url });
    await (await app.services.github.forApp()).request("GET /app");
    const now = Date.now() + clockSkew * 1000;
    expect(await callFunction(keys.INNGEST_SIGNING_KEY, now)).toBe(206);
    expect(await callFunction(keys.INNGEST_SIGNING_KEY, now - 6 * 60_000)).toBe(401);
    expect(await callFunction(keys.INNGEST_SIGNING_KEY, now + 6 * 60_000)).toBe(401);
    await github.close();
  },
);
