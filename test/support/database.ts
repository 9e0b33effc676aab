import { randomUUID } from "node:crypto";
import { openAsBlob } from "node:fs";
import { inject } from "vitest";
import { migrate } from "../../src/lib/embedded/migrate.ts";
import { openPglite } from "../../src/lib/embedded/open-pglite.ts";
import { openPostgres } from "../../src/lib/embedded/open-postgres.ts";
import type { SqlDatabase } from "../../src/lib/embedded/sql-database.ts";

const OUR_SCHEMAS = ["github", "capture", "embedded_inngest"];

/**
 * A database of this test file's own, migrated unless told otherwise: PGlite in memory, or in the project `postgres`
 * a fresh database on the server of TEST_DATABASE_URL, dropped on close. Open it once a file (`beforeAll`).
 */
export async function openTestDatabase(options: { migrated?: boolean } = {}): Promise<SqlDatabase> {
  const server = inject("postgresServer");
  const db = server === null ? await openFromSnapshot() : await createOn(server);
  if (options.migrated !== false) await migrate(db);
  return db;
}

/** Empties every table of ours and leaves the schemas as they are. */
export async function resetDatabase(db: SqlDatabase): Promise<void> {
  const tables = await db.query<{ name: string }>(
    `select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname = any ($1)`,
    [OUR_SCHEMAS],
  );
  if (tables.length === 0) return;
  await db.exec(`truncate ${tables.map((table) => table.name).join(", ")} restart identity cascade`);
}

async function openFromSnapshot(): Promise<SqlDatabase> {
  return openPglite("memory://", await openAsBlob(inject("pgliteSnapshot")));
}

async function createOn(server: string): Promise<SqlDatabase> {
  const admin = openPostgres(server);
  const name = `test_${randomUUID().replaceAll("-", "")}`;
  await admin.exec(`create database ${name}`);
  const url = new URL(server);
  url.pathname = name;
  const db = openPostgres(url.href);
  return {
    ...db,
    close: async () => {
      await db.close();
      await admin.exec(`drop database ${name} with (force)`);
      await admin.close();
    },
  };
}
