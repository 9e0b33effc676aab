import { existsSync } from "node:fs";

const debian = "/usr/bin/chromium";

/** The browser for tests, pictures and benchmarks of the console: CHROMIUM_PATH, or Debian's. Null: there is none. */
export function findChromium(): string | null {
  const path = process.env["CHROMIUM_PATH"] ?? debian;
  return existsSync(path) ? path : null;
}
