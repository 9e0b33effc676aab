import { rm } from "node:fs/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createDataFolder } from "../support/data-folder.ts";
import { startServer } from "../../src/testing/start-server.ts";

let folder: string;

beforeEach(async () => {
  folder = await createDataFolder({ migrated: false });
});
afterEach(() => rm(folder, { recursive: true }));

test("the log shows the database and the queue at the start, and SIGTERM ends the server with code 0", async () => {
  const server = await startServer({ DATA_DIR: folder });
  expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
  expect(await server.end("SIGTERM")).toBe(0);
  const output = server.output.join("\n");
  expect(output).toContain(`Rows go to PGlite (${folder})`);
  expect(output).toContain("Captures run on the embedded queue");
});

test("SIGTERM ends the streams of live updates, and does not wait for their pages", async () => {
  const adminToken = "a token of the administrators";
  const server = await startServer({ DATA_DIR: folder, ADMIN_TOKEN: adminToken });
  const stream = await fetch(`${server.url}/api/live`, {
    headers: { authorization: `Bearer ${adminToken}` },
  });
  expect(stream.status).toBe(200);
  const reader = stream.body?.pipeThrough(new TextDecoderStream()).getReader();
  let received = "";
  while (!received.includes("event: change")) received += (await reader?.read())?.value ?? "";
  const begin = performance.now();
  expect(await server.end("SIGTERM")).toBe(0);
  expect(performance.now() - begin).toBeLessThan(7_500); // open requests have 8 s
  while (!(await reader?.read())?.done); // the stream has ended
});

test("without credentials, a fault of the other variables ends the start before an App is registered", async () => {
  const noCredentials = { APP_ID: "", PRIVATE_KEY: "", WEBHOOK_SECRET: "" };
  const start = startServer({ ...noCredentials, DATA_DIR: folder, DATABASE_URL: "mysql://db" });
  await expect(start).rejects.toThrow(/DATABASE_URL must be a postgres:\/\/ URL/);
  await expect(start).rejects.not.toThrow(/APP_ID|at .*\.ts:/);
});

test("missing variables end the start with one message and no stack", async () => {
  const start = startServer({ DATA_DIR: folder, WEBHOOK_SECRET: "", INNGEST_EVENT_KEY: "only one of two" });
  await expect(start).rejects.toThrow(/WEBHOOK_SECRET is missing[^]*INNGEST_SIGNING_KEY is missing/);
  await expect(start).rejects.not.toThrow(/at .*\.ts:|only one of two/);
});

test("the server starts without the Dev Server, and says how to start it", async () => {
  const server = await startServer({ DATA_DIR: folder, INNGEST_DEV: "http://127.0.0.1:9" });
  await expect.poll(() => server.output.join("\n")).toContain("npm run dev:inngest");
  expect(await server.end("SIGTERM")).toBe(0);
});
