import { randomUUID } from "node:crypto";
import { expect, inject } from "vitest";
import { openPglite } from "../../src/lib/embedded/open-pglite.ts";
import { openPostgres } from "../../src/lib/embedded/open-postgres.ts";
import type { SqlDatabase } from "../../src/lib/embedded/sql-database.ts";

const OUR_SCHEMAS = ["github", "capture", "embedded_inngest"];

/** Migrated PGlite databases that no test file uses now. Opening one takes a second, so the files of a worker share them. */
const unusedDatabases: SqlDatabase[] = [];

/**
 * Opens an empty, migrated database: PGlite in memory, or in the project `postgres` a database on the server of TEST_DATABASE_URL, which
 * closing drops. Open one for each test file, in `beforeAll`.
 */
export async function openTestDatabase(options: { migrated?: boolean } = {}): Promise<SqlDatabase> {
  const { migrated = true } = options;
  const server = inject("postgresServer");
  if (server !== null) return createOn(server, migrated ? inject("postgresTemplate") : "template1");
  if (!migrated) return openPglite("memory://", { snapshot: inject("emptyPgliteSnapshot") });
  const database =
    unusedDatabases.pop() ?? (await openPglite("memory://", { snapshot: inject("pgliteSnapshot") }));
  return {
    ...database,
    close: async () => {
      await resetDatabase(database);
      unusedDatabases.push(database);
    },
  };
}

/** Fails if transactions of the test deadlocked. Every function locks rows in the same order. */
async function expectNoDeadlocks(admin: SqlDatabase, name: string): Promise<void> {
  const [counted] = await admin.query<{ deadlocks: number }>(
    "select deadlocks::integer from pg_stat_database where datname = $1",
    [name],
  );
  expect(counted?.deadlocks, "deadlocks that Postgres counted").toBe(0);
}

/** Empties our tables. Deleting few rows is four times faster than `truncate`, which makes new files. */
export async function resetDatabase(db: SqlDatabase): Promise<void> {
  await db.exec(`
    do $$
    declare
      schemas name[] := array['${OUR_SCHEMAS.join("', '")}'];
      each text;
    begin
      set local session_replication_role = replica; -- no order of foreign keys
      loop
        begin
          for each in select format('%I.%I', schemaname, tablename) from pg_tables where schemaname = any (schemas) loop
            execute 'lock ' || each || ' in exclusive mode nowait';
            execute 'delete from ' || each;
          end loop;
          exit;
        exception when lock_not_available then
          perform pg_sleep(0.01); -- work of the test is still under way, in any order of tables
        end;
      end loop;
      for each in select format('%I.%I', schemaname, sequencename) from pg_sequences
                   where schemaname = any (schemas) and last_value is not null loop
        execute 'alter sequence ' || each || ' restart';
      end loop;
    end
    $$`);
}

async function createOn(server: string, template: string): Promise<SqlDatabase> {
  const admin = openPostgres(server);
  const name = `test_${randomUUID().replaceAll("-", "")}`;
  await admin.exec(`create database ${name} template ${template}`);
  const url = new URL(server);
  url.pathname = name;
  const db = openPostgres(url.href);
  return {
    ...db,
    close: async () => {
      await db.close();
      await expectNoDeadlocks(admin, name);
      await admin.exec(`drop database ${name} with (force)`);
      await admin.close();
    },
  };
}
