import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openPglite } from "../../src/lib/embedded/open-pglite.ts";
import { openPostgres } from "../../src/lib/embedded/open-postgres.ts";
import type { SqlDatabase } from "../../src/lib/embedded/sql-database.ts";

/** PGlite in a folder that ends with the process. */
export async function openFolder(): Promise<SqlDatabase> {
  const folder = mkdtempSync(join(tmpdir(), "pr-capture-bench-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  return openPglite(folder);
}

/** A database on a Postgres server. Closing drops it. */
export async function createDatabaseOn(url: string): Promise<SqlDatabase & { url: string }> {
  const admin = openPostgres(url);
  const name = `bench_${randomUUID().replaceAll("-", "")}`;
  await admin.exec(`create database ${name}`);
  const own = new URL(url);
  own.pathname = name;
  const db = openPostgres(own.href);
  return {
    ...db,
    url: own.href,
    close: async () => {
      await db.close();
      await admin.exec(`drop database ${name} with (force)`);
      await admin.close();
    },
  };
}
