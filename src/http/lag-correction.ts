import type { GitHub } from "../lib/github/client.ts";

/** The local clock and the database's differ by less when NTP synchronizes them. */
const skewToleranceMs = 2_000;

/** Returns the milliseconds to add to a lag from GitHub's clock to the database's. `databaseNow` is the database's time. */
export function toLagCorrectionMs(databaseNow: string, github: Pick<GitHub, "now">): number {
  const skewMs = github.now() - Date.parse(databaseNow);
  return Math.abs(skewMs) < skewToleranceMs ? 0 : skewMs;
}
