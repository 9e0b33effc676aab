/**
 * Takes the README's pictures of the console: the demo's data in a real Chromium. They change with the data's times, so take them when the
 * page looks different: npm run screenshots
 */
import { spawn } from "node:child_process";
import { mkdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Page } from "playwright-core";
import { launchChromium } from "../src/testing/launch-chromium.ts";

const root = join(import.meta.dirname, "..");
const folder = join(root, "docs/images");
const maxBytes = 200_000;

const pictures: { name: string; theme: "light" | "dark"; show: (page: Page) => Promise<void> }[] = [
  {
    name: "overview",
    theme: "light",
    show: async (page) => {
      await page.getByRole("link", { name: "Overview" }).click();
      await page.getByText("Coverage").first().waitFor();
    },
  },
  {
    name: "pull-request",
    theme: "dark",
    show: async (page) => {
      await page.getByRole("link", { name: "Pull requests" }).click();
      await page.getByRole("link", { name: "Search as you type" }).click();
      await page.getByRole("button", { name: "Compare with GitHub" }).click();
      await page.getByText("No differences").waitFor();
    },
  },
];

const demo = spawn(process.execPath, [join(root, "src/demo/main.ts"), "--serve"], {
  stdio: ["ignore", "pipe", "inherit"],
});
try {
  const link = await findLink(demo.stdout);
  await mkdir(folder, { recursive: true });
  const browser = await launchChromium();
  const page = await browser.newPage({
    viewport: { width: 1120, height: 760 },
    deviceScaleFactor: 1.25,
    locale: "en-US",
    timezoneId: "UTC",
  });
  await page.goto(link);
  await page.getByTitle("Live", { exact: true }).waitFor();
  for (const { name, theme, show } of pictures) {
    const path = join(folder, `${name}.png`);
    await page.getByLabel("Theme").selectOption(theme);
    await show(page);
    await page.mouse.move(0, 0);
    await page.screenshot({ path, animations: "disabled" });
    const { size } = await stat(path);
    if (size > maxBytes) throw new Error(`${path} has ${size} bytes. It may have ${maxBytes}.`);
    console.log(`${path}: ${size} bytes`);
  }
  await browser.close();
} finally {
  demo.kill("SIGINT");
}

async function findLink(output: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface({ input: output })) {
    const [link] = /http:\/\/[\w.:]+\/#code=[\w-]+/.exec(line) ?? [];
    if (link !== undefined) return link;
  }
  throw new Error("The demo ended without a link.");
}
