import { build } from "vite";

/** Builds the console once for all tests of it. */
export async function setup(): Promise<void> {
  await build({ logLevel: "warn" });
}
