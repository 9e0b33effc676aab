import { readdir, readFile } from "node:fs/promises";
import type { SqlDatabase, SqlQueries } from "./sql-database.ts";

const MIGRATIONS = new URL("../../../supabase/migrations/", import.meta.url);

/**
 * Applies what is missing of supabase/migrations, oldest first, and returns the names applied. Each file is one
 * transaction with its own record, kept where the Supabase CLI keeps it, so that `supabase db push` and this agree.
 * Processes that start together wait for one another.
 */
export async function migrate(db: SqlDatabase, folder: URL = MIGRATIONS): Promise<string[]> {
  await db.transaction(async (tx) => {
    await waitForTurn(tx);
    await tx.exec(RECORDS);
  });
  const applied: string[] = [];
  for (const migration of await listMigrations(folder)) {
    const script = await readFile(new URL(migration.file, folder), "utf8");
    const isNew = await db.transaction((tx) => apply(tx, migration, script));
    if (isNew) applied.push(migration.file);
  }
  return applied;
}

interface Migration {
  file: string;
  version: string;
  name: string;
}

/** The files that the Supabase CLI would take: `<digits>_<name>.sql`. */
async function listMigrations(folder: URL): Promise<Migration[]> {
  const files = await readdir(folder);
  return files.toSorted().flatMap((file) => {
    const [, version, name] = /^(\d+)_(.*)\.sql$/.exec(file) ?? [];
    return version === undefined || name === undefined ? [] : [{ file, version, name }];
  });
}

async function apply(tx: SqlQueries, { file, version, name }: Migration, script: string): Promise<boolean> {
  await waitForTurn(tx);
  const done = await tx.query(`select from ${TABLE} where version = $1`, [version]);
  if (done.length > 0) return false;
  try {
    await tx.exec(script);
  } catch (error) {
    throw new Error(
      `The migration ${file} failed: ${error instanceof Error ? error.message : String(error)}`,
      {
        cause: error,
      },
    );
  }
  await tx.query(`insert into ${TABLE} (version, name, statements) values ($1, $2, array[$3])`, [
    version,
    name,
    script,
  ]);
  return true;
}

async function waitForTurn(tx: SqlQueries): Promise<void> {
  await tx.query("select pg_advisory_xact_lock(hashtextextended('supabase_migrations', 0))");
}

const TABLE = "supabase_migrations.schema_migrations";

const RECORDS = `
  create schema if not exists supabase_migrations;
  create table if not exists ${TABLE} (version text not null primary key);
  alter table ${TABLE} add column if not exists statements text[];
  alter table ${TABLE} add column if not exists name text;
`;
