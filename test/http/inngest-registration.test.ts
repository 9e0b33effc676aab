import { once } from "node:events";
import { createServer } from "node:http";
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

test.each([
  [
    "a TLS proxy's x-forwarded headers",
    {},
    { "x-forwarded-proto": "https", "x-forwarded-host": "pr.example.com" },
  ],
  ["INNGEST_SERVE_ORIGIN", { INNGEST_SERVE_ORIGIN: "https://pr.example.com" }, {}],
])("the app is registered under the public URL of %s", async (_, environment, headers) => {
  const registered: { url: string }[] = [];
  const inngest = createServer((request, response) => {
    const answer = async () => {
      const body = await text(request);
      if (request.url?.startsWith("/fn/register")) registered.push(JSON.parse(body) as { url: string });
      response.setHeader("content-type", "application/json").end(JSON.stringify({ ok: true, status: 200 }));
    };
    void answer();
  });
  inngest.listen(0, "127.0.0.1");
  await once(inngest, "listening");
  const app = await startApp(database, {
    INNGEST_DEV: `http://127.0.0.1:${(inngest.address() as AddressInfo).port}`,
    ...environment,
  });
  const response = await fetch(`${app.url}/api/inngest`, { method: "PUT", headers });
  expect(response.status).toBe(200);
  expect(registered.map(({ url }) => new URL(url).origin)).toEqual(["https://pr.example.com"]);
  await app.close();
  inngest.closeAllConnections();
  inngest.close();
});
