import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { SqlDatabase } from "../../src/lib/embedded/sql-database.ts";
import { openTestDatabase } from "../support/database.ts";
import { startApp } from "../support/start-app.ts";

let database: SqlDatabase;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());

interface Registration {
  url: string;
  functions: { id: string; concurrency?: { limit: number }[] }[];
}

interface Recorded {
  registered: Registration[];
  /** Of all requests. */
  headers: IncomingHttpHeaders[];
}

/** Registers the app with an Inngest that records what it receives. */
async function register(environment: Record<string, string>, headers: Record<string, string> = {}) {
  const recorded: Recorded = { registered: [], headers: [] };
  const inngest = createServer((request, response) => {
    const answer = async () => {
      const body = await text(request);
      recorded.headers.push(request.headers);
      if (request.url?.startsWith("/fn/register")) recorded.registered.push(JSON.parse(body) as Registration);
      response.setHeader("content-type", "application/json").end(JSON.stringify({ ok: true, status: 200 }));
    };
    void answer();
  });
  inngest.listen(0, "127.0.0.1");
  await once(inngest, "listening");
  const url = `http://127.0.0.1:${(inngest.address() as AddressInfo).port}`;
  const app = await startApp(database, {
    ...("INNGEST_SIGNING_KEY" in environment ? { INNGEST_BASE_URL: url } : { INNGEST_DEV: url }),
    ...environment,
  });
  const response = await fetch(`${app.url}/api/inngest`, { method: "PUT", headers });
  expect(response.status).toBe(200);
  await app.close();
  inngest.closeAllConnections();
  inngest.close();
  return recorded;
}

test.each([
  [
    "a TLS proxy's x-forwarded headers",
    {},
    { "x-forwarded-proto": "https", "x-forwarded-host": "pr.example.com" },
  ],
  ["INNGEST_SERVE_ORIGIN", { INNGEST_SERVE_ORIGIN: "https://pr.example.com" }, {}],
])("the app is registered under the public URL of %s", async (_, environment, headers) => {
  const { registered } = await register(environment, headers);
  expect(registered.map(({ url }) => new URL(url).origin)).toEqual(["https://pr.example.com"]);
});

test.each([
  [{ INNGEST_CONCURRENCY: "5" }, 5],
  [{ INNGEST_CONCURRENCY: "2" }, 2],
  [{}, 20],
])("with %j no function asks for more than %i concurrent steps", async (environment, most) => {
  const { registered } = await register(environment);
  const limits = registered.flatMap(({ functions }) =>
    functions.flatMap(({ concurrency = [] }) => concurrency.map(({ limit }) => limit)),
  );
  expect(limits.length).toBeGreaterThan(5);
  expect(Math.max(...limits)).toBe(most);
});

test("INNGEST_ENV selects the branch environment, and INNGEST_SIGNING_KEY signs", async () => {
  const { headers } = await register({
    INNGEST_EVENT_KEY: "event-key",
    INNGEST_SIGNING_KEY: "signkey-branch-aaaa",
    INNGEST_ENV: "my-branch",
  });
  expect(headers).not.toEqual([]);
  for (const each of headers)
    expect(each).toMatchObject({
      "x-inngest-env": "my-branch",
      authorization: expect.stringMatching(/^Bearer signkey-branch-/),
    });
});
