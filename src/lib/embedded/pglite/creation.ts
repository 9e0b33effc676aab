/** Creates the database of the DATA_DIR that is the first argument. `create-database.ts` runs it as a process. */
import { mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { hasDatabase, toDatabaseFolder } from "./database-folder.ts";
import { isDiskFull } from "./full-disk.ts";
import type { CreationResult } from "./messages.ts";
import { start } from "./open-database.ts";

const [, , folder = ""] = process.argv;
process.once("disconnect", () => process.exit()); // the server was killed

try {
  await create();
  report({ kind: "created" });
} catch (error) {
  if (isDiskFull(error)) report({ kind: "disk-full" });
  else report({ kind: "failed", message: error instanceof Error ? error.message : String(error) });
}

/** Creates it beside its place and then moves it there, so an interrupted start leaves no broken one. */
async function create(): Promise<void> {
  const dataDir = toDatabaseFolder(folder);
  const unfinishedName = `${basename(dataDir)}.unfinished`;
  for (const name of await readdir(folder)) {
    if (!name.startsWith(unfinishedName)) continue;
    // The process of a killed server may still write there for a moment.
    await rm(join(folder, name), { recursive: true, force: true, maxRetries: 5 }).catch(() => {});
  }
  const unfinished = await mkdtemp(join(folder, `${unfinishedName}-`));
  await (await start(unfinished)).close();
  try {
    await rename(unfinished, dataDir);
  } catch (error) {
    if (!hasDatabase(folder)) throw error; // else the process of a killed server has just created it
  }
}

function report(result: CreationResult): void {
  process.send?.(result, () => process.disconnect());
}
