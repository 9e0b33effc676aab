import { cp, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inject } from "vitest";

/** A DATA_DIR of the test's own, in which PGlite is made already: that takes seconds. Whoever asks for it removes it. */
export async function createDataFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "pr-capture-data-"));
  await cp(inject("pgliteFolder"), folder, { recursive: true });
  return folder;
}
