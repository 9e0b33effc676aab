import { rm } from "node:fs/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createDataFolder } from "../support/data-folder.ts";
import { startServer } from "../support/start-server.ts";

let folder: string;

beforeEach(async () => {
  folder = await createDataFolder();
});
afterEach(() => rm(folder, { recursive: true }));

test("the first lines say where rows go and where captures run, and SIGTERM ends it well", async () => {
  const server = await startServer({ DATA_DIR: folder });
  expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
  expect(await server.end("SIGTERM")).toBe(0);
  const output = server.output.join("\n");
  expect(output).toContain(`Rows go to PGlite (${folder})`);
  expect(output).toContain("Captures run on the embedded engine");
});

test("a machine without credentials is shown the page that registers the App from app.yml", async () => {
  const none = { APP_ID: "", PRIVATE_KEY: "", WEBHOOK_SECRET: "", NO_SMEE_SETUP: "true", PORT: "0" };
  const server = await startServer(none);
  const page = await (await fetch(`${server.url}/probot`)).text();
  await server.end("SIGKILL");
  expect(page).toContain("Register GitHub App");
  expect(page).toContain("pull_request_review_thread");
});

test("a missing variable ends the start with one message, and no stack", async () => {
  const start = startServer({ DATA_DIR: folder, WEBHOOK_SECRET: "", INNGEST_EVENT_KEY: "only one of two" });
  await expect(start).rejects.toThrow(/WEBHOOK_SECRET is missing[^]*INNGEST_SIGNING_KEY is missing/);
  await expect(start).rejects.not.toThrow(/at .*\.ts:|only one of two/);
});

test("without the Dev Server it starts all the same, and says how to start that", async () => {
  const server = await startServer({ DATA_DIR: folder, INNGEST_DEV: "http://127.0.0.1:9" });
  await expect.poll(() => server.output.join("\n")).toContain("npm run dev:inngest");
  expect(await server.end("SIGTERM")).toBe(0);
});
