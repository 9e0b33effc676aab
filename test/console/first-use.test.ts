import { test } from "vitest";
import { useConsole } from "./support/use-console.ts";

const console = useConsole({ installation: "none" });

test("before the App is installed, the overview says what to do first", async () => {
  const page = await console.open();
  await page.getByRole("status").getByText("No repository is captured yet.").waitFor();
  await page.getByText("Open your App on GitHub, choose Install App").waitFor();
  await console.expectAccessible();
});
