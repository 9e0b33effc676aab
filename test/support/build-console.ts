import { build } from "vite";
import { withPlantedEnvironment } from "./planted-secrets.ts";

/** Builds the console once for all tests of it, in an environment with secrets. */
export async function setup(): Promise<void> {
  await withPlantedEnvironment(() => build({ logLevel: "warn" }));
}
