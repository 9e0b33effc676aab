import { cp, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inject } from "vitest";

/** Creates a DATA_DIR with a migrated PGlite by copying one, which saves seconds. The caller removes it. */
export async function createDataFolder({ migrated = true } = {}): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "pr-capture-data-"));
  await cp(inject(migrated ? "migratedFolder" : "emptyFolder"), folder, { recursive: true });
  return folder;
}
