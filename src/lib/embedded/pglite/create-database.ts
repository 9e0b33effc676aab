import { fork } from "node:child_process";
import { once } from "node:events";
import { toFullDiskError } from "./full-disk.ts";
import type { CreationResult } from "./messages.ts";

/**
 * Creates the database of a DATA_DIR in another process: some 100 MB that this takes would stay with the process that does it. Throws a
 * `SetupError` when the disk is full.
 */
export async function createDatabase(folder: string): Promise<void> {
  const creation = fork(new URL("./creation.ts", import.meta.url), [folder], { execArgv: [] });
  let result: CreationResult | undefined;
  creation.once("message", (message) => void (result = message as CreationResult));
  const [code, signal] = await once(creation, "close");
  result ??= { kind: "failed", message: `its process ended with ${signal ?? code}` };
  if (result.kind === "disk-full") throw toFullDiskError(folder);
  if (result.kind === "failed")
    throw new Error(`The embedded database could not be created: ${result.message}`);
}
