import { describe, expect, test } from "vitest";
import { failures } from "../../src/fake-github/index.ts";
import { clientOf, failCaptures, hostileText, panelOf, queuePending, rowsOf, tabOf } from "./support/jobs.ts";
import { useConsole } from "./support/use-console.ts";

const view = useConsole();
const { scene } = view;

describe("a failed job", () => {
  test("shows its error, steps and event, with links to its pull request and repository", async () => {
    await failCaptures(scene, 1);
    const page = await view.open("jobs?state=failed");
    await rowsOf(page).first().click();
    await panelOf(page).getByText("answered 451", { exact: false }).first().waitFor();
    await panelOf(page)
      .getByRole("cell", { name: "store-observed-pull-request" })
      .or(panelOf(page).getByText("store-observed-pull-request"))
      .first()
      .waitFor();
    expect(await panelOf(page).getByRole("link", { name: "#1" }).getAttribute("href")).toBe(
      "#/pull-request/acme/web/1",
    );
    const [job] = await clientOf(scene).listJobs({ state: "failed", limit: 1 });
    const detail = await clientOf(scene).getJobDetail(job?.id ?? 0);
    const event = await panelOf(page).getByLabel("Data of the event").textContent();
    expect(JSON.parse(event ?? "")).toEqual(detail.event);
    await page.reload();
    await panelOf(page).getByText("answered 451", { exact: false }).first().waitFor();
  });

  test("is replayed, and the page follows the job that takes its place to its end", async () => {
    const heal = await failCaptures(scene, 1);
    heal();
    const page = await view.open("jobs?state=failed");
    await rowsOf(page).first().click();
    await panelOf(page).getByRole("button", { name: "Replay" }).click();
    await page.getByText("is queued again.").waitFor();
    await panelOf(page).getByText("completed", { exact: true }).first().waitFor();
    await page.getByText("No job matches the filter.").waitFor();
    expect(await scene.openJobs()).toMatchObject([{ state: "cancelled", replayed_at: expect.anything() }]);
    expect(await scene.differences()).toEqual([]);
  });

  test("whose text is hostile shows as text", async () => {
    await failCaptures(scene, 1, hostileText);
    const page = await view.open("jobs?state=failed");
    await rowsOf(page).first().click();
    await panelOf(page).getByText(hostileText, { exact: false }).first().waitFor();
    await page.locator(".group-message", { hasText: hostileText }).waitFor();
    expect(await page.locator("main img, main script").count()).toBe(0);
    expect(await page.title()).toBe("Jobs · pr-capture");
  });
});

describe("failures", () => {
  test("are grouped by error, and a whole group is replayed", async () => {
    const heal = await failCaptures(scene, 3);
    heal();
    const healOther = scene.github.intercept(failures.matching(/files/, failures.refused(410, "Gone")));
    scene.github.openPullRequest({ repository: scene.web, author: scene.ann });
    await scene.deliver();
    healOther();
    const page = await view.open("jobs?state=failed");
    await page.getByText("3 jobs failed").waitFor();
    await page.getByText("1 job failed").waitFor();
    await page.getByRole("button", { name: "Replay 3 jobs" }).click();
    await page.getByText("3 jobs queued again.").waitFor();
    await expect.poll(() => tabOf(page, "Failed").textContent()).toBe("Failed 1");
    await scene.idle();
    expect(await scene.jobs("state = 'failed'")).toMatchObject([{ number: 4 }]);
    expect(await scene.jobs("state = 'completed' and number < 4 and event_id like 'replay:%'")).toHaveLength(
      3,
    );
  });

  test("of one group are listed alone", async () => {
    await failCaptures(scene, 2);
    const page = await view.open("jobs?state=failed");
    await page.getByRole("link", { name: "Show jobs" }).click();
    await page.getByRole("heading", { name: "Jobs with this error" }).waitFor();
    await expect.poll(() => rowsOf(page).count()).toBe(2);
    expect(page.url()).toMatch(/failure=\w+/);
  });

  test("that the filter shows are replayed together after a confirmation", async () => {
    const heal = await failCaptures(scene, 2);
    heal();
    const page = await view.open("jobs?state=failed&text=web%231");
    await page.getByRole("button", { name: "Replay all failed" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Replay 1 failed job" }).click();
    await page.getByText("1 job queued again.").waitFor();
    expect(await scene.jobs("state = 'failed'")).toMatchObject([{ number: 2 }]);
  });
});

describe("a cancellation", () => {
  test("of one job happens after its confirmation only", async () => {
    const heal = scene.github.intercept(failures.matching(/files/, failures.serverError()));
    scene.github.openPullRequest({ repository: scene.web, author: scene.ann });
    for (const delivery of scene.takeDeliveries()) await scene.app.deliver(delivery);
    await scene.app.idle();
    const page = await view.open("jobs?state=retrying");
    await rowsOf(page).first().click();
    await panelOf(page).getByText("Next try:").waitFor();
    await panelOf(page).getByRole("button", { name: "Cancel" }).click();
    const question = page.getByRole("dialog", { name: /Cancel job \d+/ });
    await question.getByRole("button", { name: "Back" }).click();
    expect(await scene.jobs("state = 'retrying'")).toHaveLength(1);
    await panelOf(page).getByRole("button", { name: "Cancel" }).click();
    await question.getByRole("button", { name: "Cancel the job" }).click();
    await page.getByText("is cancelled.").waitFor();
    await panelOf(page).getByText("cancelled", { exact: true }).first().waitFor();
    await page.getByText("No job matches the filter.").waitFor();
    heal();
    await scene.skipRetries();
    expect(await scene.openJobs()).toMatchObject([{ state: "cancelled" }]);
  });

  test("of all pending jobs says how many they are", async () => {
    await queuePending(scene, 3);
    const page = await view.open("jobs");
    await page.getByRole("button", { name: "Cancel pending" }).click();
    await page.getByRole("dialog", { name: "Cancel 3 pending jobs?" }).getByText("Cancel them").click();
    await page.getByText("3 jobs cancelled.").waitFor();
    await expect.poll(() => tabOf(page, "Cancelled").textContent()).toBe("Cancelled 3");
    expect(await scene.jobs("state = 'pending'")).toEqual([]);
  });
});
