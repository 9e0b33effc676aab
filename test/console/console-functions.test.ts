import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { useConsole } from "./support/use-console.ts";

const console = useConsole();
const { scene } = console;

/** Runs an expression in the browser's console, and returns the table that it prints. */
async function run(page: Page, expression: string): Promise<unknown> {
  const printed = page.waitForEvent("console", (message) => message.type() === "table");
  await page.evaluate(expression);
  const [table] = (await printed).args();
  return table?.jsonValue();
}

async function openSignedIn(): Promise<Page> {
  const page = await console.open();
  await page.getByTitle("Live", { exact: true }).waitFor();
  return page;
}

test("help() lists the functions", async () => {
  const page = await console.open("", { signedIn: false });
  const names = Object.keys((await run(page, "ProgressiveCapture.help()")) as object);
  expect(names.map((name) => /\.(\w+)/.exec(name)?.[1])).toEqual(
    expect.arrayContaining(["analyze", "quickFix", "backfill", "status", "help"]),
  );
});

test("the functions need a sign-in", async () => {
  const page = await console.open("", { signedIn: false });
  await expect(page.evaluate("ProgressiveCapture.status()")).rejects.toThrow("Sign in on the page first.");
});

test("backfill() queues a sync, and the page says when it has finished", async () => {
  scene.github.openPullRequest({ repository: scene.web, author: scene.ann });
  const page = await openSignedIn();
  const table = await run(page, 'ProgressiveCapture.backfill("acme", "web", 30)');
  expect(table).toEqual({ "acme/web": expect.objectContaining({ queued: 1 }) });
  await scene.idle();
  await page.getByText("The backfill of acme/web has finished: 1 pull request read.").waitFor();
});

test("analyze() and quickFix() find and close a gap, and the page says when the captures have finished", async () => {
  scene.github.openPullRequest({
    repository: scene.web,
    author: scene.ann,
    files: [{ filename: "a.ts" }],
  });
  await scene.backfill();
  await scene.database.exec("delete from github.pull_request_files");
  const page = await openSignedIn();
  expect(await run(page, "ProgressiveCapture.analyze()")).toEqual({
    "acme/web": {
      pull_requests: "1/1",
      details: "1/1",
      files: "0/1",
      reviews: "0/0",
      comments: "0/0",
      gaps: 1,
    },
  });
  expect(await run(page, 'ProgressiveCapture.quickFix("acme", "web")')).toEqual({
    "acme/web": { queued: 1 },
  });
  await scene.idle();
  await page.getByText("The captures of acme/web have finished.").waitFor();
  expect(await run(page, 'ProgressiveCapture.analyze("acme/web")')).toMatchObject({
    "acme/web": { gaps: 0 },
  });
});

test("status() prints what the API counts", async () => {
  await scene.backfill();
  const page = await openSignedIn();
  expect(await run(page, "ProgressiveCapture.status()")).toEqual({
    jobs: await scene.app.services.queue.getQueueStats(),
  });
});

test("a mistake is an error with a sentence", async () => {
  console.allow(/404/);
  const page = await openSignedIn();
  await expect(page.evaluate('ProgressiveCapture.quickFix("acme")')).rejects.toThrow("Name the repository");
  await expect(page.evaluate('ProgressiveCapture.quickFix("acme", "unknown")')).rejects.toThrow(
    "Install the App",
  );
});
