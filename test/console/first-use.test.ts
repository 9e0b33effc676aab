import { expect, test } from "vitest";
import { useConsole } from "./support/use-console.ts";

const console = useConsole({ installation: "none" });

test("before the App is installed, the overview says what to do first", async () => {
  const page = await console.open();
  await page.getByRole("status").getByText("No repository is captured yet.").waitFor();
  await page.getByText("Open your App on GitHub, choose Install App").waitFor();
  await console.expectAccessible();
});

test("once GitHub has confirmed the App, the overview links to its installation", async () => {
  const installUrl = "https://github.com/apps/pr-capture-acme/installations/new";
  console.scene.app.services.app = { name: "pr-capture-acme", installUrl, installations: 0 };
  const page = await console.open();
  const link = page.getByRole("link", { name: "Install pr-capture-acme on GitHub" });
  expect(await link.getAttribute("href")).toBe(installUrl);
});
