import { describe, expect, test } from "vitest";
import { eventNamesWithJob } from "../../src/lib/inngest/events.ts";
import { runCli } from "../support/run-cli.ts";
import { adminToken } from "../support/scene.ts";
import {
  clientOf,
  failCaptures,
  gridOf,
  hostileText,
  panelOf,
  queuePending,
  rowsOf,
  tabOf,
} from "./support/jobs.ts";
import { useConsole } from "./support/use-console.ts";

const view = useConsole();
const { scene } = view;

async function insertJobs(count: number): Promise<void> {
  await scene.database.query(
    `insert into capture.jobs (event_id, event_name, repository_id, repository, number, reason, priority, state, attempts, created_at)
     select 'many ' || n, 'capture/pr.reviews', $1, 'acme/web', n, 'webhook', 'high', 'completed', 1, now() from generate_series(1, $2::integer) as n`,
    [scene.web.id, count],
  );
}

describe("the list", () => {
  test("shows the newest jobs first, and counts them as the API and the CLI do", async () => {
    await failCaptures(scene, 2);
    const page = await view.open("jobs");
    const listed = await clientOf(scene).listJobs({ limit: 100 });
    await rowsOf(page).first().waitFor();
    expect(await rowsOf(page).evaluateAll((all) => all.map(({ id }) => id))).toEqual(
      listed.map(({ id }) => `job-${id}`),
    );
    const stats = await clientOf(scene).getStats();
    const { out } = await runCli({ url: scene.app.url, adminToken }, ["status", "--json"]);
    expect(JSON.parse(out)).toEqual(stats);
    const shown = await page.getByRole("navigation", { name: "State" }).getByRole("link").allTextContents();
    expect(shown).toEqual([
      `All ${stats.total}`,
      `Pending ${stats.pending}`,
      `Processing ${stats.processing}`,
      `Retrying ${stats.retrying}`,
      `Completed ${stats.completed}`,
      `Failed ${stats.failed}`,
      `Cancelled ${stats.cancelled}`,
    ]);
  });

  test("scrolls to the last of 20,000 jobs, and renders only what is in sight", async () => {
    await insertJobs(20_000);
    const page = await view.open("jobs");
    await rowsOf(page).first().waitFor();
    const { total } = await clientOf(scene).getStats();
    await page.locator(`[aria-rowcount="${total + 1}"]`).waitFor();
    await gridOf(page).focus();
    await page.keyboard.press("End");
    const [oldest] = await scene.jobs("id = (select min(id) from capture.jobs)");
    await page.locator(`#job-${String(oldest?.["id"])}`).waitFor({ timeout: 60_000 });
    expect(await rowsOf(page).count()).toBeLessThan(60);
    await page.keyboard.press("Home");
    await page.getByText("acme/web#20000").waitFor();
  });

  test("shows a new webhook's job at its top without a reload", async () => {
    const page = await view.open("jobs");
    await rowsOf(page).first().waitFor();
    scene.github.openPullRequest({ repository: scene.web, author: scene.ann });
    await scene.deliver();
    await rowsOf(page).first().getByText("acme/web#1").waitFor();
  });

  test("keeps what the reader looks at in its place when newer jobs arrive", async () => {
    await insertJobs(300);
    const page = await view.open("jobs");
    await rowsOf(page).first().waitFor();
    await gridOf(page).evaluate((element) => (element.scrollTop = 2_000));
    const target = gridOf(page).getByText("acme/web#251", { exact: false });
    const before = await target.boundingBox();
    expect(before).not.toBeNull();
    scene.github.openPullRequest({ repository: scene.web, author: scene.ann });
    await scene.deliver();
    const { total } = await clientOf(scene).getStats();
    await page.locator(`[aria-rowcount="${total + 1}"]`).waitFor();
    expect(await target.boundingBox()).toEqual(before);
  });

  test("drops a job that leaves the filtered state, however far down it is", async () => {
    await queuePending(scene, 150);
    const page = await view.open("jobs?state=pending");
    await rowsOf(page).first().waitFor();
    await gridOf(page).focus();
    await page.keyboard.press("End");
    await rowsOf(page).getByText("acme/web#1", { exact: false }).first().waitFor();
    const [oldest] = await scene.jobs("state = 'pending'");
    await clientOf(scene).cancelJob(Number(oldest?.["id"]));
    await page.locator(`#job-${String(oldest?.["id"])}`).waitFor({ state: "detached" });
    await expect.poll(() => gridOf(page).getAttribute("aria-rowcount")).toBe("150");
  });

  test("keeps ids of 53 bits exact, in rows, addresses and events", async () => {
    const id = Number.MAX_SAFE_INTEGER;
    await scene.database.query(
      `insert into capture.jobs (id, event_id, event_name, repository_id, number, reason, priority, state, data) overriding system value
       values ($1, 'exact', 'capture/pr.details', $1, 1, 'webhook', 'high', 'completed', jsonb_build_object('review', $1::bigint))`,
      [id],
    );
    const page = await view.open("jobs");
    await page.locator(`#job-${id}`).click();
    await page.waitForURL(new RegExp(`job=${id}$`));
    await panelOf(page)
      .getByRole("heading", { name: `Job ${id}` })
      .waitFor();
    await expect
      .poll(() => panelOf(page).getByLabel("Data of the event").textContent())
      .toBe(`{\n  "review": ${id}\n}`);
  });

  test("is empty before the first webhook, and says what to do", async () => {
    await scene.database.query("delete from capture.jobs");
    const page = await view.open("jobs");
    await page.getByText("There are no jobs yet.").waitFor();
    await page.getByRole("link", { name: "start a backfill" }).click();
    await page.getByRole("heading", { name: "Repositories" }).waitFor();
  });
});

describe("the filter", () => {
  test("is in the address bar, and survives a reload", async () => {
    await failCaptures(scene, 2);
    const page = await view.open("jobs");
    await tabOf(page, "Failed").click();
    await page.getByLabel("Function").selectOption("capture/pr.details");
    await page.getByLabel("Reason").selectOption("webhook");
    await page.getByLabel("Repository", { exact: true }).selectOption("acme/web");
    await page.getByLabel("Search jobs").fill("web#2");
    await expect.poll(() => rowsOf(page).allTextContents()).toHaveLength(1);
    await page.waitForURL(/text=web%232/);
    const address = page.url();
    await page.reload();
    await rowsOf(page).getByText("acme/web#2").waitFor();
    expect(page.url()).toBe(address);
    expect(await rowsOf(page).count()).toBe(1);
    expect(await page.getByLabel("Search jobs").inputValue()).toBe("web#2");
    expect(await page.getByLabel("Reason").inputValue()).toBe("webhook");
    await page.getByRole("link", { name: "Clear" }).click();
    await expect.poll(() => rowsOf(page).count()).toBe(2); // the state stays
  });

  test("that matches nothing says so, and leads back", async () => {
    const page = await view.open("jobs?text=nothing%20like%20it");
    await page.getByText("No job matches the filter.").waitFor();
    await page.getByRole("link", { name: "Show all jobs" }).click();
    await rowsOf(page).first().waitFor();
  });

  test("offers every function that there is", async () => {
    const page = await view.open("jobs");
    const offered = await page
      .getByLabel("Function")
      .locator("option")
      .evaluateAll((options) => options.map((option) => option.getAttribute("value")));
    expect(new Set(offered)).toEqual(new Set(["", ...eventNamesWithJob]));
  });
});

test("a pause holds updates back and counts them, until the reader resumes", async () => {
  const page = await view.open("jobs");
  await rowsOf(page).first().waitFor();
  const before = await rowsOf(page).count();
  await page.getByRole("button", { name: "Pause updates" }).click();
  await page.getByText("Paused. Nothing has changed.").waitFor();
  scene.github.openPullRequest({ repository: scene.web, author: scene.ann });
  await scene.deliver();
  await page.getByText("Paused. 1 job changed.").waitFor();
  expect(await rowsOf(page).count()).toBe(before);
  await page.getByRole("button", { name: "Resume" }).click();
  await rowsOf(page).first().getByText("acme/web#1").waitFor();
});

test("the keyboard alone reaches a job, its actions, and back", async () => {
  await failCaptures(scene, 3);
  const page = await view.open("jobs?state=failed");
  await rowsOf(page).first().waitFor();
  const focused = () => page.evaluate(() => document.activeElement?.getAttribute("aria-label"));
  for (let presses = 0; presses < 40 && (await focused()) !== "Jobs"; presses++)
    await page.keyboard.press("Tab");
  expect(await focused()).toBe("Jobs");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  const second = await rowsOf(page).nth(1).getAttribute("id");
  expect(await gridOf(page).getAttribute("aria-activedescendant")).toBe(second);
  await page.keyboard.press("Enter");
  await panelOf(page)
    .getByRole("heading", { name: `Job ${second?.slice(4)}` })
    .waitFor();
  await page.keyboard.press("ArrowDown");
  const third = await rowsOf(page).nth(2).getAttribute("id");
  await panelOf(page)
    .getByRole("heading", { name: `Job ${third?.slice(4)}` })
    .waitFor();
  await page.keyboard.press("Escape");
  await panelOf(page).waitFor({ state: "detached" });
  expect(await focused()).toBe("Jobs");
});

test.for([
  { theme: "light", width: 1280 },
  { theme: "dark", width: 360 },
] as const)("axe-core finds nothing in the $theme theme at $width pixels", async ({ theme, width }) => {
  await failCaptures(scene, 2, hostileText);
  const page = await view.open("jobs?state=failed", { theme, width });
  await rowsOf(page).first().waitFor();
  await page.getByText("2 jobs failed").waitFor();
  await view.expectAccessible();
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
  await rowsOf(page).first().click();
  await page.getByLabel("Data of the event").waitFor();
  await view.expectAccessible();
});

test("closing a job returns the focus to the list, also where the job is a dialog", async () => {
  await failCaptures(scene, 1);
  const page = await view.open("jobs", { width: 360 });
  await rowsOf(page).first().waitFor();
  await gridOf(page).focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  const isFocused = () => gridOf(page).evaluate((element) => element === document.activeElement);
  await expect.poll(isFocused).toBe(true);
});

test("a reconciler's job says what it started, and has no progress of a sync", async () => {
  await scene.reconcile();
  const { out } = await runCli({ url: scene.app.url, adminToken }, ["jobs"]);
  expect(out).toMatch(/nothing to repair|\d+ repairs? started/);
  const page = await view.open("jobs?function=capture%2Fdeliveries.reconcile");
  await rowsOf(page).first().waitFor();
  expect(await rowsOf(page).first().textContent()).toContain("nothing to repair");
  await rowsOf(page).first().click();
  await panelOf(page)
    .getByText("nothing to repair")
    .or(panelOf(page).getByText("deliveries.reconcile"))
    .first()
    .waitFor();
  expect(await panelOf(page).getByRole("progressbar").count()).toBe(0);
});
