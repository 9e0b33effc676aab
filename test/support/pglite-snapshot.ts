import { PGlite } from "@electric-sql/pglite";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    /** An empty PGlite, ready to load: ten times faster than making one. */
    pgliteSnapshot: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), "pr-capture-test-"));
  const snapshot = join(folder, "pglite.tar");
  const pglite = await PGlite.create("memory://");
  const dump = await pglite.dumpDataDir("none");
  await writeFile(snapshot, dump.stream());
  await pglite.close();
  project.provide("pgliteSnapshot", snapshot);
  return () => rm(folder, { recursive: true });
}
