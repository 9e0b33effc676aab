import { join } from "node:path";
import { expect, test } from "vitest";
import { readFolder, secretsIn } from "../support/planted-secrets.ts";
import { useConsole } from "./support/use-console.ts";

const console = useConsole();
const views = ["", "repositories", "jobs", "pull-request", "sql"];

test("the built pages contain no secret of the build's environment", async () => {
  const files = await readFolder(join(import.meta.dirname, "../../dist/console"));
  expect(files.length).toBeGreaterThan(100_000);
  expect(secretsIn(files)).toEqual([]);
});

test("the policy blocks inline scripts that were planted in the page", async () => {
  console.allow(/Content Security Policy/);
  const page = await console.open("", { signedIn: false });
  await page.route("/", async (route) => {
    const response = await route.fetch();
    const body = (await response.text()).replace(
      "<div id",
      '<script>window.planted = 1</script><img src="data:," onerror="window.planted = 2"><div id',
    );
    await route.fulfill({ response, body });
  });
  await page.goto(`${console.scene.app.url}/?planted`);
  await page.getByText("The server is healthy.").waitFor();
  await page.evaluate(() => {
    const script = document.createElement("script");
    script.textContent = "window.planted = 3";
    document.body.append(script);
  });
  expect(await page.evaluate(() => "planted" in window)).toBe(false);
});

test("the keyboard alone skips to the content, and opens every view", async () => {
  const page = await console.open();
  await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
  await page.keyboard.press("Tab");
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Skip to the content");
  await page.keyboard.press("Enter");
  expect(await page.evaluate(() => document.activeElement?.id)).toBe("main");
  for (const name of ["Repositories", "Jobs", "Pull requests", "SQL"]) {
    await page.getByRole("link", { name, exact: true }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name }).waitFor();
    await expect.poll(() => page.evaluate(() => document.activeElement?.tagName)).toBe("H1");
  }
  await page.goBack();
  await page.getByRole("heading", { level: 1, name: "Pull requests" }).waitFor();
});

test("the theme is the system's until the reader chooses one, which stays", async () => {
  const page = await console.open("", { signedIn: false, theme: "dark" });
  const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await page.getByText("The server is healthy.").waitFor();
  const dark = await background();
  await page.emulateMedia({ colorScheme: "light" });
  await expect.poll(background).not.toBe(dark);
  const light = await background();
  await page.getByLabel("Theme").selectOption("dark");
  await page.reload();
  await page.getByText("The server is healthy.").waitFor();
  expect(await background()).toBe(dark);
  await page.getByLabel("Theme").selectOption("system");
  await expect.poll(background).toBe(light);
});

test.for(views)("the view #/%s fits a 360-pixel screen", async (view) => {
  const page = await console.open(view, { width: 360, height: 640 });
  await page.getByRole("heading", { level: 1 }).waitFor();
  await page.locator(".loading").waitFor({ state: "detached" });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
});

test("a link to a view that does not exist shows the overview", async () => {
  const page = await console.open("nowhere?x=%E0%A4%A");
  await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
});
