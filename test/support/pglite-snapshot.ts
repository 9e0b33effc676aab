import { PGlite } from "@electric-sql/pglite";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { migrate } from "../../src/lib/embedded/migrate.ts";
import { openPglite } from "../../src/lib/embedded/open-pglite.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** PGlite with our migrations applied, ready to load: faster than migrating one. */
    pgliteSnapshot: string;
    /** An empty PGlite, ready to load: ten times faster than creating one. */
    emptyPgliteSnapshot: string;
    /** A DATA_DIR with all migrations, ready to copy. */
    migratedFolder: string;
    /** A DATA_DIR with an empty database, ready to copy. */
    emptyFolder: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), "pr-capture-test-"));
  const emptyFolder = join(folder, "empty");
  await (await openPglite(emptyFolder)).close();

  const migratedFolder = join(folder, "migrated");
  await cp(emptyFolder, migratedFolder, { recursive: true });
  const database = await openPglite(migratedFolder);
  await migrate(database);
  await database.close();

  project.provide("emptyFolder", emptyFolder);
  project.provide("migratedFolder", migratedFolder);
  project.provide("emptyPgliteSnapshot", await dump(emptyFolder));
  project.provide("pgliteSnapshot", await dump(migratedFolder));
  return () => rm(folder, { recursive: true });
}

/** Writes the folder's database to one file and returns its path. */
async function dump(folder: string): Promise<string> {
  const pglite = await PGlite.create(join(folder, "postgres"));
  const dataDir = await pglite.dumpDataDir("none");
  await pglite.close();
  await writeFile(`${folder}.tar`, dataDir.stream());
  return `${folder}.tar`;
}
