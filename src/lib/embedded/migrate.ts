import { readdir, readFile } from "node:fs/promises";
import type { SqlDatabase, SqlQueries } from "./sql-database.ts";

const migrations = new URL("../../../supabase/migrations/", import.meta.url);

/**
 * Applies the missing migrations of supabase/migrations, oldest first, and returns their file names. Each file runs in one
 * transaction and is recorded in the Supabase CLI's table, so `supabase db push` can be used on the same database.
 * Processes that start together wait for each other.
 */
export async function migrate(db: SqlDatabase, folder: URL = migrations): Promise<string[]> {
  const missing = await listMissing(db, folder);
  if (missing.length === 0) return [];
  await db.transaction(async (tx) => {
    await lockMigrations(tx);
    await tx.exec(createMigrationsTable);
  });
  const applied: string[] = [];
  for (const migration of missing) {
    const script = await readFile(new URL(migration.file, folder), "utf8");
    const isNew = await db.transaction((tx) => apply(tx, migration, script));
    if (isNew) applied.push(migration.file);
  }
  return applied;
}

/** The file names of the migrations that are not applied. Changes nothing. */
export async function listMissingMigrations(db: SqlQueries, folder: URL = migrations): Promise<string[]> {
  return (await listMissing(db, folder)).map(({ file }) => file);
}

async function listMissing(db: SqlQueries, folder: URL): Promise<Migration[]> {
  const [table] = await db.query<{ exists: boolean }>(
    `select to_regclass('${migrationsTable}') is not null as exists`,
  );
  const recorded = table?.exists
    ? await db.query<{ version: string }>(`select version from ${migrationsTable}`)
    : [];
  const applied = new Set(recorded.map(({ version }) => version));
  return (await listMigrations(folder)).filter(({ version }) => !applied.has(version));
}

interface Migration {
  file: string;
  version: string;
  name: string;
}

/** Lists the files that the Supabase CLI would apply: `<digits>_<name>.sql`. */
async function listMigrations(folder: URL): Promise<Migration[]> {
  const files = await readdir(folder);
  return files.toSorted().flatMap((file) => {
    const [, version, name] = /^(\d+)_(.*)\.sql$/.exec(file) ?? [];
    return version === undefined || name === undefined ? [] : [{ file, version, name }];
  });
}

async function apply(tx: SqlQueries, { file, version, name }: Migration, script: string): Promise<boolean> {
  await lockMigrations(tx);
  const recorded = await tx.query(`select from ${migrationsTable} where version = $1`, [version]);
  if (recorded.length > 0) return false;
  try {
    await tx.exec(script, { maxMs: Infinity }); // of a large table
  } catch (error) {
    throw new Error(
      `The migration ${file} failed: ${error instanceof Error ? error.message : String(error)}`,
      {
        cause: error,
      },
    );
  }
  await tx.query(`insert into ${migrationsTable} (version, name, statements) values ($1, $2, array[$3])`, [
    version,
    name,
    script,
  ]);
  return true;
}

async function lockMigrations(tx: SqlQueries): Promise<void> {
  const unlimited = { maxMs: Infinity }; // another server migrates
  await tx.query("select pg_advisory_xact_lock(hashtextextended('supabase_migrations', 0))", [], unlimited);
}

const migrationsTable = "supabase_migrations.schema_migrations";

const createMigrationsTable = `
  create schema if not exists supabase_migrations;
  create table if not exists ${migrationsTable} (version text not null primary key);
  alter table ${migrationsTable} add column if not exists statements text[];
  alter table ${migrationsTable} add column if not exists name text;
`;
