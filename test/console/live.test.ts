import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { useConsole } from "./support/use-console.ts";

const console = useConsole();
const { scene } = console;

const figure = (page: Page, name: string) => page.locator(".figures div", { hasText: name }).locator("dd");
const completed = async (page: Page) => Number(await figure(page, "Completed").textContent());

function openPullRequest(): void {
  scene.github.openPullRequest({
    repository: scene.web,
    author: scene.ann,
    files: [{ filename: "a.ts" }],
  });
}

test("a webhook shows on the page by itself", async () => {
  const page = await console.open();
  await page.getByTitle("Live", { exact: true }).waitFor();
  await figure(page, "Completed").waitFor();
  const before = await completed(page);
  openPullRequest();
  await scene.deliver();
  await expect.poll(() => completed(page)).toBeGreaterThan(before);
});

test("where the host has no streams, the page polls", async () => {
  console.allow(/404.*\/api\/live/);
  const page = await console.open("", { signedIn: false });
  await page.route("**/api/live", (route) => route.fulfill({ status: 404 }));
  await console.signIn();
  await page.getByTitle("Polling", { exact: true }).waitFor();
  await figure(page, "Completed").waitFor();
  const before = await completed(page);
  openPullRequest();
  await scene.deliver();
  await expect.poll(() => completed(page)).toBeGreaterThan(before);
});

test("a page that found too many others connected polls, and is live when one has gone", async () => {
  console.allow(/503.*\/api\/live/);
  const page = await console.open("", { signedIn: false });
  await page.route("**/api/live", (route) => route.fulfill({ status: 503 }), { times: 1 });
  await console.signIn();
  await page.getByTitle("Polling", { exact: true }).waitFor();
  await page.getByTitle("Live", { exact: true }).waitFor();
});

test("the page says when the server is gone, keeps what it shows, and recovers by itself", async () => {
  console.allow(/ERR_|network error|503/);
  const page = await console.open();
  await page.getByTitle("Live", { exact: true }).waitFor();
  await figure(page, "Completed").waitFor();
  const { port } = new URL(scene.app.url);
  const before = await completed(page);

  await scene.app.close();
  const alert = page.getByText("The server does not answer.", { exact: false });
  await alert.waitFor();
  await console.expectAccessible();
  expect(await completed(page)).toBe(before);

  await scene.restart({ PORT: port });
  openPullRequest();
  await scene.deliver();
  await alert.waitFor({ state: "detached" });
  await page.getByTitle("Live", { exact: true }).waitFor();
  await expect.poll(() => completed(page)).toBeGreaterThan(before);
});
