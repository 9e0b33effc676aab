import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import type { Overview } from "../../src/api/console-contract.ts";
import type { Analysis, QueueStats } from "../../src/api/contract.ts";
import { failures } from "../../src/fake-github/index.ts";
import { runCli } from "../support/run-cli.ts";
import { adminToken } from "../support/scene.ts";
import { useConsole } from "./support/use-console.ts";

const console = useConsole();
const { scene } = console;

/** Three captured pull requests, one of them without its files, and a failed capture. */
async function fillWithTrouble(): Promise<void> {
  for (const title of ["One", "Two", "Three"])
    scene.github.openPullRequest({
      repository: scene.web,
      author: scene.ann,
      title,
      files: [{ filename: "a.ts" }],
    });
  await scene.deliver();
  await scene.backfill();
  await scene.database.exec("delete from github.pull_request_files where pull_request_number = 2");
  scene.github.intercept(failures.matching(/files/, failures.refused(451, "Gone")));
  scene.pass(5);
  scene.github.openPullRequest({ repository: scene.web, author: scene.ann });
  await scene.deliver();
}

async function readOverview(): Promise<Overview> {
  const response = await fetch(`${scene.app.url}/api/overview`, {
    headers: { authorization: `Bearer ${adminToken}` },
  });
  return (await response.json()) as Overview;
}

async function cli(...args: string[]): Promise<unknown> {
  return JSON.parse((await runCli({ url: scene.app.url, adminToken }, [...args, "--json"])).out);
}

async function openOverview(options: Parameters<typeof console.open>[1] = {}): Promise<Page> {
  const page = await console.open("", options);
  await page.locator(".figures").waitFor();
  return page;
}

const figure = async (page: Page, name: string) =>
  Number(
    (await page.locator(".figures div", { hasText: name }).locator("dd").textContent())?.replace(",", ""),
  );

test("a copy in sync says so in one sentence", async () => {
  scene.github.openPullRequest({ repository: scene.web, author: scene.ann });
  await scene.deliver();
  await scene.backfill();
  const page = await openOverview();
  await page.getByRole("status").getByText("Everything is in sync: 1 repository, 1 pull request.").waitFor();
});

test("what is wrong is a link to where it is shown", async () => {
  await fillWithTrouble();
  const page = await openOverview();
  await page.getByRole("link", { name: "1 capture failed. Look at its error and replay it." }).click();
  await page.getByRole("heading", { level: 1, name: "Jobs" }).waitFor();
  expect(page.url()).toContain("#/jobs?state=failed");
});

test("every figure is the API's and the CLI's", async () => {
  await fillWithTrouble();
  const page = await openOverview();
  const overview = await readOverview();
  const stats = (await cli("status")) as QueueStats;
  const analysis = (await cli("analyze")) as Analysis;

  for (const { text } of overview.findings) await page.getByText(text, { exact: true }).waitFor();
  for (const state of ["pending", "processing", "retrying", "failed", "completed"] as const) {
    const shown = await figure(page, `${state[0]?.toUpperCase()}${state.slice(1)}`);
    expect([shown, overview.jobs[state]]).toEqual([stats[state], stats[state]]);
  }
  expect(await figure(page, "Installations")).toBe(overview.installations);
  expect(await figure(page, "Repositories")).toBe(analysis.repositories.length);

  expect(overview.coverage).toEqual(analysis.total);
  for (const [kind, name] of [
    ["pull_requests", "Pull requests"],
    ["details", "Details"],
    ["files", "Files"],
    ["reviews", "Reviews"],
    ["comments", "Comments"],
  ] as const) {
    const { captured, github } = analysis.total[kind];
    const line = page.locator(".meters li", { hasText: name });
    expect(await line.textContent()).toContain(`${captured} of ${github ?? "unknown"}`);
    const gaps = analysis.total.gaps[kind];
    expect(await line.getByText(/gap/).count()).toBe(gaps > 0 ? 1 : 0);
    if (gaps > 0) await line.getByText(gaps === 1 ? "1 gap" : `${gaps} gaps`, { exact: true }).waitFor();
  }

  const charts = page.locator(".chart");
  const total = (name: "accepted" | "refused" | "completed" | "failed" | "retried") =>
    String(overview.activity.reduce((sum, bucket) => sum + bucket[name], 0));
  expect(await charts.nth(0).locator("strong").allTextContents()).toEqual([
    total("accepted"),
    total("refused"),
    "0",
  ]);
  expect(await charts.nth(1).locator("strong").allTextContents()).toEqual([total("completed")]);
  expect(await charts.nth(3).locator("strong").allTextContents()).toEqual([
    total("failed"),
    total("retried"),
  ]);
  for (const { account, remaining } of overview.budgets) {
    const line = page.locator(".meters li", { hasText: account ?? "" }).filter({ hasText: " of " });
    expect((await line.allTextContents()).join(" ")).toContain(remaining.toLocaleString("en-US"));
  }
});

test("the time range is in the address bar, and stays after a reload", async () => {
  const page = await openOverview();
  await page.getByLabel("Time range").selectOption("168");
  expect(page.url()).toContain("#/?hours=168");
  await page.reload();
  await page.locator(".figures").waitFor();
  expect(await page.getByLabel("Time range").inputValue()).toBe("168");
});

test("a pointer on a chart shows that bucket in the legends of all", async () => {
  await fillWithTrouble();
  const page = await openOverview();
  const plot = page.locator(".chart .plot").first();
  const box = await plot.boundingBox();
  if (!box) throw new Error("The chart is not visible.");
  await page.mouse.move(box.x + box.width - 40, box.y + box.height / 2);
  await expect.poll(() => page.locator(".chart figcaption span").allTextContents()).not.toContain("");
});

test("a hostile account name is text", async () => {
  await fillWithTrouble();
  await scene.database.exec(`update github.accounts set login = '<img src=x onerror="window.planted=1">'`);
  const page = await openOverview();
  await page.getByText('<img src=x onerror="window.planted=1">').first().waitFor();
  expect(await page.evaluate(() => "planted" in window)).toBe(false);
});

test.for([
  { theme: "light", width: 1280 },
  { theme: "dark", width: 360 },
] as const)("axe-core finds nothing in the $theme theme on $width pixels", async (look) => {
  await fillWithTrouble();
  await openOverview(look);
  await console.expectAccessible();
});
