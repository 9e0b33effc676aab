import { readFile } from "node:fs/promises";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { useConsole, type OpenOptions } from "./support/use-console.ts";

const console = useConsole();
const { scene } = console;

/** A server's first query copies its database, which takes a moment on a busy machine. */
async function open(view = "sql", options: OpenOptions = {}): Promise<Page> {
  const page = await console.open(view, options);
  page.setDefaultTimeout(30_000);
  return page;
}

const queryBox = (page: Page) => page.getByRole("textbox", { name: "Query" });
const result = (page: Page) => page.getByRole("region", { name: "Result" });

async function run(page: Page, query: string): Promise<void> {
  await queryBox(page).fill(query);
  await page.getByRole("button", { name: "Run" }).click();
}

/** The cells of the rows on the screen, without row numbers. */
function cells(page: Page): Promise<string[][]> {
  const rows = page.getByRole("grid").locator("tbody tr[aria-rowindex]");
  return rows.evaluateAll((all) =>
    all.map((row) => [...row.querySelectorAll("td")].map((cell) => cell.textContent)),
  );
}

test("a query shows its rows, columns and duration, and is in the address bar", async () => {
  const page = await open();
  await run(page, "select n, null as nothing, 'text ' || n as words from generate_series(1, 3) as n");
  await result(page)
    .getByText(/^3 rows in [\d.]+ m?s$/)
    .waitFor();
  expect(await page.getByRole("columnheader").allTextContents()).toEqual([
    "Row",
    "n integer",
    "nothing text",
    "words text",
  ]);
  expect(await cells(page)).toEqual([
    ["1", "NULL", "text 1"],
    ["2", "NULL", "text 2"],
    ["3", "NULL", "text 3"],
  ]);

  const shared = await open(new URL(page.url()).hash.slice(2));
  expect(await queryBox(shared).inputValue()).toContain("generate_series");
  expect(await result(shared).count(), "a shared query runs when the reader starts it").toBe(0);
  await queryBox(shared).press("Control+Enter");
  await result(shared).getByText("3 rows").waitFor();
});

test("a write is refused, and changes nothing", async () => {
  console.allow(/400/);
  const page = await open();
  for (const query of [
    "delete from github.repositories",
    "with gone as (delete from github.repositories returning id) select * from gone",
    "select 1; delete from github.repositories",
    "create table github.planted (id bigint)",
  ]) {
    await run(page, query);
    await page.locator(".sql-error").waitFor();
    expect(await result(page).count()).toBe(0);
    await run(page, "select count(*) from github.repositories");
    await result(page).getByText("1 row in").waitFor();
    expect(await cells(page)).toEqual([["1"]]);
  }
});

test("an error points at its place in the query", async () => {
  console.allow(/400/);
  const page = await open();
  await run(page, "select number,\n  tilte from github.pull_requests");
  const error = page.getByRole("alert");
  await error.getByText(/column "tilte" does not exist \(line 2, column 3\)/).waitFor();
  expect(await error.locator("pre").textContent()).toBe("  tilte from github.pull_requests\n  ^");
  expect(await queryBox(page).getAttribute("aria-invalid")).toBe("true");
  await console.expectAccessible();
});

test("rows are truncated at the limit that the reader chooses, and 10,000 scroll", async () => {
  const page = await open();
  await run(page, "select n from generate_series(1, 20000) as n");
  await result(page).getByText("The first 1,000 rows in").waitFor();
  await result(page).getByText("The query has more rows than these.").waitFor();

  await page.getByLabel("At most").selectOption("10,000 rows");
  await run(page, "select n from generate_series(1, 10000) as n");
  await result(page).getByText("10,000 rows in").waitFor();
  expect(await result(page).getByText("more rows").count()).toBe(0);
  await page.getByRole("grid").press("End");
  await page.getByRole("row", { name: "10,000" }).waitFor();
  expect((await cells(page)).at(-1)).toEqual(["10000"]);
  expect((await cells(page)).length).toBeLessThan(100);
});

test("the keyboard chooses a row, and Enter shows it whole", async () => {
  const page = await open();
  const long = "x".repeat(500);
  await run(page, `select n, repeat('x', 500) as long from generate_series(1, 5) as n`);
  await page.getByRole("grid").focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog", { name: "Row 3" });
  await dialog.getByText(long).waitFor();
  await console.expectAccessible();
  await dialog.getByRole("button", { name: "Next" }).press("Enter");
  await page.getByRole("heading", { name: "Row 4 of 5" }).waitFor();
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  expect(await page.evaluate(() => document.activeElement?.tagName)).toBe("TABLE");
});

test("Download CSV saves the rows, and disarms formulas", async () => {
  const page = await open();
  await run(
    page,
    `select -1 as n, '=1+1' as formula, 'a "quoted", text' as quoted, '' as empty, null as nothing, E'two\\nlines' as lines`,
  );
  const saved = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download CSV" }).click();
  const download = await saved;
  expect(download.suggestedFilename()).toMatch(/^pr-capture-\d{4}-\d\d-\d\d\.csv$/);
  expect(await readFile(await download.path(), "utf8")).toBe(
    `n,formula,quoted,empty,nothing,lines\n-1,'=1+1,"a ""quoted"", text","",,"two\nlines"`,
  );
});

test("the schema lists tables, columns and comments, and a click inserts a name at the caret", async () => {
  const page = await open();
  await queryBox(page).fill("select  from ");
  await queryBox(page).press("End");
  await page.getByRole("button", { name: "github.pull_requests", exact: true }).click();
  await page.getByRole("button", { name: "Columns of github.pull_requests" }).click();
  await page.getByText("Names, sorted.").waitFor();
  await queryBox(page).evaluate((box: HTMLTextAreaElement) => box.setSelectionRange(7, 7));
  await page.getByRole("button", { name: "draft", exact: true }).click();
  expect(await queryBox(page).inputValue()).toBe("select draft from github.pull_requests");
  await page.keyboard.press("Control+z");
  expect(await queryBox(page).inputValue()).toBe("select  from github.pull_requests");

  await page.getByRole("searchbox").fill("milestone_title");
  await page.getByRole("button", { name: "milestone_title", exact: true }).waitFor();
  expect(await page.getByRole("button", { name: /^Columns of/ }).count()).toBe(1);
});

test("every example runs", async () => {
  const page = await open();
  const examples = page.locator(".sql-examples button");
  await examples.first().waitFor();
  const count = await examples.count();
  expect(count).toBeGreaterThan(3);
  for (let index = 0; index < count; index++) {
    await examples.nth(index).click();
    await result(page)
      .getByText(/rows? in/)
      .waitFor();
    await page.getByRole("button", { name: "Examples" }).click();
  }
});

test("hostile rows are text", async () => {
  scene.github.openPullRequest({
    repository: scene.web,
    author: scene.ann,
    title: '<img src=x onerror="document.title=1"><script>alert(1)</script>',
  });
  await scene.deliver();
  const page = await open();
  await run(page, "select title from github.pull_requests");
  await page.getByRole("grid").waitFor();
  expect(await cells(page)).toEqual([['<img src=x onerror="document.title=1"><script>alert(1)</script>']]);
  expect(await page.locator("main img, main script").count()).toBe(0);
  expect(await page.title()).toBe("SQL · pr-capture");
});

test.for([
  { theme: "light", width: 1280 },
  { theme: "dark", width: 360 },
] as const)("it is accessible and fits in the $theme theme at $width pixels", async ({ theme, width }) => {
  const page = await open("sql", { theme, width });
  if (width === 360) await page.getByText("Schema").click();
  await page.getByRole("button", { name: "Columns of github.comments" }).click();
  await console.expectAccessible();
  await run(page, "select * from github.repositories");
  await page.getByRole("grid").waitFor();
  await page.getByRole("grid").press("ArrowDown");
  await console.expectAccessible();
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
});

test("going back shows the earlier query, without the result of the later one", async () => {
  const page = await open();
  await run(page, "select 'first' as word");
  await expect.poll(() => cells(page)).toEqual([["first"]]);
  await run(page, "select 'second' as word");
  await expect.poll(() => cells(page)).toEqual([["second"]]);
  await page.goBack();
  await expect.poll(() => queryBox(page).inputValue()).toBe("select 'first' as word");
  await page.getByRole("grid").waitFor({ state: "detached" });
});

test("a long text takes a column of limited width", async () => {
  const page = await open();
  await run(page, "select 1 as n, repeat('long ', 2000) as body, 'last' as word");
  const grid = page.getByRole("grid");
  await grid.waitFor();
  expect(await grid.evaluate((table) => table.scrollWidth)).toBeLessThan(1_300);
  expect(await page.getByRole("gridcell", { name: "last" }).isVisible()).toBe(true);
});
