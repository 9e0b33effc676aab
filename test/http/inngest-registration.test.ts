import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { SqlDatabase } from "../../src/lib/embedded/sql-database.ts";
import { openTestDatabase } from "../support/database.ts";
import { patience } from "../support/patience.ts";
import { serverTest } from "../support/server-test.ts";
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
  /** The headers of all requests that it answered. */
  headers: IncomingHttpHeaders[];
}

/** An Inngest that records what it receives. While it is down, it answers 503. */
async function openRecorder() {
  const recorded: Recorded = { registered: [], headers: [] };
  const recorder = { ...recorded, isDown: false, url: "", close: () => {} };
  const server = createServer((request, response) => {
    const answer = async () => {
      const body = await text(request);
      response.setHeader("content-type", "application/json");
      if (recorder.isDown)
        return void response
          .writeHead(503)
          .end(JSON.stringify({ ok: false, error: "Out of order", status: 503 }));
      recorder.headers.push(request.headers);
      if (request.url?.startsWith("/fn/register")) recorder.registered.push(JSON.parse(body) as Registration);
      response.end(JSON.stringify({ ok: true, status: 200 }));
    };
    void answer();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return Object.assign(recorder, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  });
}

/** Registers the app by a request, as a deployment does. */
async function register(environment: Record<string, string>, headers: Record<string, string> = {}) {
  const inngest = await openRecorder();
  const app = await startApp(database, {
    ...("INNGEST_SIGNING_KEY" in environment
      ? { INNGEST_BASE_URL: inngest.url }
      : { INNGEST_DEV: inngest.url }),
    ...environment,
  });
  const response = await fetch(`${app.url}/api/inngest`, { method: "PUT", headers });
  expect(response.status).toBe(200);
  await app.close();
  inngest.close();
  return inngest;
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

serverTest(
  "a server with INNGEST_SERVE_ORIGIN registers its functions at each start, once Inngest answers",
  async ({ start }) => {
    const inngest = await openRecorder();
    inngest.isDown = true;
    const server = await start({
      INNGEST_BASE_URL: inngest.url,
      INNGEST_EVENT_KEY: "event-key",
      INNGEST_SIGNING_KEY: "abcd",
      INNGEST_SERVE_ORIGIN: "http://server:3000",
    });
    await vi.waitFor(
      () => expect(server.output.join()).toContain("with Inngest (Out of order). Retrying."),
      patience,
    );
    inngest.isDown = false;
    await vi.waitFor(
      () => expect(server.output.join()).toContain("The functions are registered with Inngest"),
      patience,
    );
    expect(inngest.registered.map(({ url }) => new URL(url).origin)).toEqual(["http://server:3000"]);
    inngest.close();
  },
);

test("a call without a signature is refused before its body is read", async () => {
  const inngest = await openRecorder();
  const app = await startApp(database, {
    INNGEST_EVENT_KEY: "key",
    INNGEST_SIGNING_KEY: `signkey-test-${"0".repeat(64)}`,
    INNGEST_BASE_URL: inngest.url,
  });
  let read = 0;
  const body = new ReadableStream({
    pull: (controller) => {
      read++;
      if (read < 1_000) controller.enqueue(new Uint8Array(100_000));
      else controller.close();
    },
  });
  const response = await fetch(`${app.url}/api/inngest`, { method: "POST", body, duplex: "half" });
  expect(response.status).toBe(401);
  expect(read).toBeLessThan(1_000);
  const tooLarge = { method: "POST", body: "x".repeat(65 * 1024 * 1024) };
  const signed = { "x-inngest-signature": `t=${Math.floor(Date.now() / 1000)}&s=${"0".repeat(64)}` };
  expect((await fetch(`${app.url}/api/inngest`, { ...tooLarge, headers: signed })).status).toBe(413);
  await app.close();
  inngest.close();
});
