import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import type { Analysis, GapKind } from "../../src/api/contract.ts";
import { seedPullRequests } from "../../src/fake-github/index.ts";
import { runCli } from "../support/run-cli.ts";
import { adminToken } from "../support/scene.ts";
import { useConsole } from "./support/use-console.ts";

const view = useConsole();
const { scene } = view;

const kinds: readonly GapKind[] = ["pull_requests", "details", "files", "reviews", "comments"];

/** Quick to read. */
const small = { reviewComments: 0, files: 1 };

const sync = (page: Page) => page.getByRole("region", { name: "Sync" });
const bar = (page: Page) => page.getByRole("progressbar", { name: "Sync of acme/web" });
/** Neither empty nor full. */
const barUnderWay = (page: Page) =>
  page.locator(
    '[aria-label="Sync of acme/web"][aria-valuenow]:not([aria-valuenow="0"], [aria-valuenow="100"])',
  );
const gapRows = (page: Page) => page.getByRole("table", { name: "Gaps of acme/web" }).locator("tbody tr");

/** A complete copy of `count` pull requests that then loses its reviews. */
async function loseReviews(count: number): Promise<void> {
  seedPullRequests(scene.github, { repository: scene.web, count, reviews: 3, comments: 2, ...small });
  await scene.backfill();
  await scene.database.query("delete from github.reviews");
}

/** A repository that only a webhook has shown. */
async function captureWithoutInventory(name: string): Promise<void> {
  const { github, acme, ann } = scene;
  const repository = github.createRepository({ owner: acme, name });
  github.openPullRequest({ repository, author: ann });
  await scene.deliver();
}

/** GitHub answers nothing until the returned function lets it. */
function holdGitHub(): () => void {
  const held = Promise.withResolvers<undefined>();
  scene.github.intercept(() => held.promise);
  return () => held.resolve(undefined);
}

/** GitHub answers the first batch of pull requests of a sync, and the others once the returned function lets it. */
function holdSecondBatch(): () => void {
  const held = Promise.withResolvers<undefined>();
  let batches = 0;
  scene.github.intercept(async (request) => {
    const isBatch = (await request.clone().text()).includes("query pullRequests");
    return isBatch && ++batches > 1 ? held.promise : undefined;
  });
  return () => held.resolve(undefined);
}

async function analyzeByCli(): Promise<Analysis> {
  const { out } = await runCli({ url: scene.app.url, adminToken }, ["analyze", "--json"]);
  return JSON.parse(out) as Analysis;
}

async function startBackfill(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Backfill" }).click();
  const dialog = page.getByRole("dialog", { name: "Backfill acme/web" });
  await dialog.getByLabel("All history").check();
  await dialog.getByText("every pull request").waitFor();
  await dialog.getByRole("button", { name: "Start the backfill" }).click();
}

describe("the table", () => {
  test("shows the figures of the API and the CLI", async () => {
    seedPullRequests(scene.github, { repository: scene.web, count: 12 });
    await scene.backfill();
    const [expected] = (await analyzeByCli()).repositories;
    expect(expected?.pull_requests).toEqual({ captured: 12, github: 12, percent: 100 });
    const page = await view.open("repositories");
    const row = page.getByRole("row", { name: /acme\/web/ });
    await row.waitFor();
    const cells = await row.getByRole("cell").allTextContents();
    expect(cells.slice(0, 6)).toEqual([
      ...kinds.map((kind) => `${expected?.[kind].captured} of ${expected?.[kind].github}`),
      "0",
    ]);
    await row.getByRole("link", { name: "acme/web" }).click();
    const shares = page.getByRole("list", { name: "Coverage" }).locator(".share");
    await expect.poll(() => shares.allTextContents()).toEqual(cells.slice(0, 5));
  });

  test("shows what GitHub has not listed yet as unknown, until an inventory is taken", async () => {
    await captureWithoutInventory("api");
    const page = await view.open("repositories");
    const row = page.getByRole("row", { name: /acme\/api/ });
    await row.getByText("1 of unknown").first().waitFor();
    expect(await row.getByRole("cell").nth(5).textContent()).toBe("unknown");
    const share = row.getByRole("progressbar", { name: "Pull requests of acme/api" });
    expect(await share.getAttribute("aria-valuetext")).toBe("unknown");
    await row.getByRole("link").click();
    await page.getByRole("button", { name: /^(Take an inventory|Close)/ }).click();
    await page.getByRole("list", { name: "Coverage" }).getByText("1 of 1").first().waitFor();
    await page.getByText("No gaps.").waitFor();
    await scene.idle();
  });

  test("is found by a part of a name and ordered by gaps, in the address bar", async () => {
    await captureWithoutInventory("api");
    await loseReviews(3);
    const page = await view.open("repositories");
    const names = async () =>
      (await page.getByRole("rowheader").allTextContents()).map((text) => text.trim());
    await expect.poll(names).toEqual(["acme/api", "acme/web"]);
    await page.getByLabel("Order").selectOption("gaps");
    await expect.poll(names).toEqual(["acme/web", "acme/api"]);
    await page.getByLabel("Search repositories").fill("AP");
    await expect.poll(names).toEqual(["acme/api"]);
    await page.reload();
    await expect.poll(names).toEqual(["acme/api"]);
  });

  test("is empty before the App is installed, and says what to do", async () => {
    await scene.reopen({ installation: "none" });
    await scene.database.query("delete from github.repositories");
    const page = await view.open("repositories");
    await page.getByText("No repository is captured yet.").waitFor();
    await page.getByText("Install the App on an organization or a repository.").waitFor();
  });
});

describe("a backfill", () => {
  test("is followed from the click to the full bar, through a reload", async () => {
    seedPullRequests(scene.github, { repository: scene.web, count: 80, reviews: 0, comments: 0, ...small });
    const release = holdSecondBatch();
    const page = await view.open("repositories/acme/web");
    await startBackfill(page);
    await barUnderWay(page).waitFor({ timeout: 60_000 });
    await page.reload();
    await barUnderWay(page).waitFor();
    await sync(page).getByText("Backfill of all history").waitFor();
    release();
    await sync(page).getByText("completed").waitFor();
    await sync(page).getByText("80 of 80 pull requests").waitFor();
    expect(await bar(page).getAttribute("aria-valuenow")).toBe("100");
    await page.getByRole("list", { name: "Coverage" }).getByText("80 of 80").first().waitFor();
    await scene.idle();
    expect(await scene.differences()).toEqual([]);
  });

  test("of some days sends them, and a second one says that the first is under way", async () => {
    const release = holdGitHub();
    const page = await view.open("repositories/acme/web");
    for (const days of ["60", "7"]) {
      await page.getByRole("button", { name: "Backfill" }).click();
      await page.getByLabel("Days").fill(days);
      await page.getByRole("button", { name: "Start the backfill" }).click();
      await page.getByRole("dialog").waitFor({ state: "hidden" });
    }
    await page.getByText("A sync of acme/web that goes back as far is under way already.").waitFor();
    await sync(page).getByText("Backfill of the last 60 days").waitFor();
    release();
    await scene.idle();
  });

  test("of a repository that nobody can see says why", async () => {
    view.allow(/404.*backfill|backfill.*404/);
    const page = await view.open("repositories");
    await page.getByRole("button", { name: "Backfill a repository" }).click();
    await page.getByLabel("Repository", { exact: false }).last().fill("acme/unknown");
    await page.getByRole("button", { name: "Start the backfill" }).click();
    await page.getByRole("alert").getByText("pr-capture has not seen the repository acme/unknown").waitFor();
  });
});

describe("the gaps", () => {
  test("are listed in pages, and closed with one click", async () => {
    await loseReviews(32);
    const { gaps } = await scene.analyze();
    const page = await view.open("repositories/acme/web");
    await expect.poll(() => gapRows(page).count()).toBe(25);
    await page.getByText(`1 to 25 of ${gaps.length} gaps`).waitFor();
    await page.getByRole("button", { name: "Next" }).click();
    await expect.poll(() => gapRows(page).count()).toBe(gaps.length - 25);
    await page.getByRole("button", { name: `Close ${gaps.length} gaps` }).click();
    await page.getByText(`${gaps.length} captures queued.`).waitFor();
    await page.getByText("No gaps.").waitFor();
    await scene.idle();
    expect(await scene.differences()).toEqual([]);
  });

  test("of one kind are listed alone, and one pull request is captured alone", async () => {
    await loseReviews(8);
    await scene.database.query("delete from github.comments");
    const { gaps } = await scene.analyze();
    const missing = gaps.filter(({ kind }) => kind === "comments");
    const page = await view.open("repositories/acme/web");
    await page.getByLabel("Kind of gap").selectOption("comments");
    await expect.poll(() => gapRows(page).count()).toBe(missing.length);
    await page.reload();
    await expect.poll(() => gapRows(page).count()).toBe(missing.length);
    const { number, captured, github } = missing[0] ?? {};
    const row = gapRows(page).filter({ has: page.getByRole("link", { name: `#${number}`, exact: true }) });
    await row.getByText(`${captured} of ${github}`).waitFor();
    await row.getByRole("button", { name: `Capture #${number}` }).click();
    await page.getByText(`3 captures of #${number} queued.`).waitFor();
    await expect.poll(() => gapRows(page).count()).toBe(missing.length - 1);
    await scene.idle();
  });

  test("of all repositories are closed after a confirmation", async () => {
    await loseReviews(5);
    const page = await view.open("repositories");
    await page.getByRole("button", { name: "Close all gaps" }).click();
    await page
      .getByRole("dialog")
      .getByRole("button", { name: /^Close \d gaps?$/ })
      .click();
    await page.getByText("queued.").waitFor();
    await page.getByRole("button", { name: "Close all gaps" }).waitFor({ state: "detached" });
    await scene.idle();
    expect(await scene.differences()).toEqual([]);
  });
});

test("the keyboard alone starts a backfill", async () => {
  const release = holdGitHub(); // the page shows no sync that ends before it looks
  const page = await view.open("repositories/acme/web");
  const button = page.getByRole("button", { name: "Backfill" });
  await button.waitFor();
  const isFocused = () => button.evaluate((element) => element === document.activeElement);
  for (let presses = 0; presses < 40 && !(await isFocused()); presses++) await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "hidden" });
  expect(await isFocused()).toBe(true);
  await page.keyboard.press("Enter");
  await page.keyboard.press("ArrowDown"); // from days to all history
  await page.keyboard.press("Enter");
  await page.getByText("The backfill of acme/web has started.").waitFor();
  await sync(page).getByText("Backfill of all history").waitFor();
  release();
  await scene.idle();
});

test.for([
  { theme: "light", width: 1280 },
  { theme: "dark", width: 360 },
] as const)("axe-core finds nothing in the $theme theme at $width pixels", async ({ theme, width }) => {
  await loseReviews(4);
  const page = await view.open("repositories", { theme, width });
  await page.getByRole("link", { name: "acme/web" }).waitFor();
  await view.expectAccessible();
  await page.getByRole("link", { name: "acme/web" }).click();
  await gapRows(page).first().waitFor();
  await view.expectAccessible();
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
  await page.getByRole("button", { name: "Backfill" }).click();
  await page.getByRole("dialog").waitFor();
  await view.expectAccessible();
});
