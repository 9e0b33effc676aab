import type { Page } from "playwright-core";
import { beforeEach, expect, test } from "vitest";
import { keepLog } from "../support/log-lines.ts";
import { adminToken } from "../support/scene.ts";
import { useConsole } from "./support/use-console.ts";

const { log, lines } = keepLog("info");
const console = useConsole({ log });

beforeEach(() => {
  lines.length = 0;
  console.scene.app.services.sessions.startLinks(console.scene.app.url);
});

const links = () => lines.flatMap(({ msg }) => /^Console: (\S+)$/.exec(String(msg))?.[1] ?? []);
const heading = (page: Page, name: string) => page.getByRole("heading", { level: 1, name });

/** Opens the link in a new tab. */
async function openLink(link: string | undefined): Promise<Page> {
  const page = await console.open("", { signedIn: false });
  await page.goto("about:blank");
  await page.goto(link ?? "");
  return page;
}

test("the first visit shows the server's health and the ways in, and requests nothing else", async () => {
  const page = await console.open("", { signedIn: false });
  await page.getByText("The server is healthy.").waitFor();
  expect(await page.getByRole("navigation").count()).toBe(0);
  expect(console.requests().filter((path) => path.startsWith("/api"))).toEqual([]);
  await console.expectAccessible();
});

test("the first visit shows what is wrong with the server", async () => {
  console.allow(/503/);
  console.scene.app.services.problems.set("database", "The database <b>is</b> full.");
  const page = await console.open("", { signedIn: false });
  await page.getByText("The server cannot store captures now.").waitFor();
  await page.getByText("The database <b>is</b> full.", { exact: true }).waitFor();
});

test("the link in the server's log signs in, and its code leaves the address bar and the history", async () => {
  const page = await openLink(links()[0]);
  await heading(page, "Overview").waitFor();
  expect(page.url()).toBe(`${console.scene.app.url}/`);
  await page.reload();
  await heading(page, "Overview").waitFor();
  expect(await page.evaluate(() => localStorage.length)).toBe(0);
});

test("a link that was pasted into an open tab signs in", async () => {
  const page = await console.open("", { signedIn: false });
  await heading(page, "Sign in").waitFor();
  await page.goto(links()[0] ?? "");
  await heading(page, "Overview").waitFor();
});

test("a link works once, and the page requests a new one", async () => {
  console.allow(/401/);
  const [link] = links();
  await heading(await openLink(link), "Overview").waitFor();
  const page = await openLink(link);
  await page.getByRole("alert").getByText("This code is wrong, was used, or has expired.").waitFor();
  await console.expectAccessible();

  console.scene.app.passTime(60_000);
  await page.getByRole("button", { name: "Log a new link" }).click();
  await page.getByText("The server's log has a new link.").waitFor();
  await heading(await openLink(links()[1]), "Overview").waitFor();
});

test("a link expires after half an hour", async () => {
  console.allow(/401/);
  console.scene.app.passTime(31 * 60_000);
  const page = await openLink(links()[0]);
  await page.getByRole("alert").getByText("This code is wrong, was used, or has expired.").waitFor();
});

test("the ADMIN_TOKEN signs in with the keyboard alone, and stays in the tab only", async () => {
  const page = await console.open("jobs?state=failed", { signedIn: false });
  await page.getByLabel("With the ADMIN_TOKEN").focus();
  await page.keyboard.type(adminToken);
  await page.keyboard.press("Enter");
  await heading(page, "Jobs").waitFor();
  expect(page.url()).toBe(`${console.scene.app.url}/#/jobs?state=failed`);

  const other = await page.context().newPage();
  await other.goto(console.scene.app.url);
  await heading(other, "Sign in").waitFor();
});

test("a wrong token is refused with a sentence", async () => {
  console.allow(/401/);
  const page = await console.open("", { signedIn: false });
  await page.getByLabel("With the ADMIN_TOKEN").fill("not the token");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("This is not the server's ADMIN_TOKEN.").waitFor();
  await console.expectAccessible();
});

test("signing out removes the token and closes the views", async () => {
  const page = await openLink(links()[0]);
  await page.getByRole("button", { name: "Sign out" }).click();
  await heading(page, "Sign in").waitFor();
  expect(await page.evaluate(() => sessionStorage.length)).toBe(0);
});

test("an expired session says so, and leads back to the view after a new sign-in", async () => {
  console.allow(/401/);
  const page = await openLink(links()[0]);
  await heading(page, "Overview").waitFor();
  console.scene.app.passTime(13 * 60 * 60_000);
  await page.evaluate(() => (location.hash = "#/jobs"));
  await page.getByText("The session has ended. Sign in again.").waitFor();
  await console.signIn();
  await heading(page, "Jobs").waitFor();
});
