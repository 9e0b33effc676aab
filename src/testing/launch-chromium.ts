import { chromium, type Browser } from "playwright-core";
import { findChromium } from "./find-chromium.ts";

/** Starts the Chromium that `findChromium` finds. Root needs to run it without its sandbox. */
export async function launchChromium(): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === null) throw new Error("There is no Chromium. Install it, or set CHROMIUM_PATH.");
  return chromium.launch({ executablePath, chromiumSandbox: process.getuid?.() !== 0 });
}
