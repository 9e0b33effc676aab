import { createSupabaseFetch } from "../../../src/lib/embedded/supabase-fetch.ts";
import { withoutProvenance } from "../../support/without-provenance.ts";
import type { SqlDatabase } from "../../../src/lib/embedded/sql-database.ts";
import { createStore, type Store } from "../../../src/lib/store/store.ts";
import { openTestDatabase } from "../../support/database.ts";

export interface TestStore {
  database: SqlDatabase;
  store: Store;
  /** All rows of a table, in the order of its key, without their provenance. Moments are ISO strings. */
  rows(table: string): Promise<Record<string, unknown>[]>;
  /** Deletes all rows. With few of them that is much faster than to truncate. */
  clear(): Promise<void>;
  close(): Promise<void>;
}

/** The store as the program has it: supabase-js, with the migrated database behind its `fetch`. */
export async function openStore(): Promise<TestStore> {
  const database = await openTestDatabase();
  const tables = await database.query<{ name: string }>(
    `select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname in ('github', 'capture')
     order by tablename = 'repositories' desc`, // which takes all that refers to it along
  );
  const deletions = tables.map((table) => `delete from ${table.name};`).join(" ");
  return {
    database,
    store: connectStore(database),
    rows: readFrom(database),
    clear: () => database.exec(deletions),
    close: () => database.close(),
  };
}

export function connectStore(database: SqlDatabase): Store {
  return createStore({
    url: "http://embedded",
    serviceRoleKey: "embedded",
    fetch: createSupabaseFetch(database),
  });
}

function readFrom(database: SqlDatabase): TestStore["rows"] {
  return async (table) => {
    const rows = await database.query<Record<string, unknown>>(`select * from ${table} order by 1, 2, 3`);
    return withoutProvenance(rows).map((row) =>
      Object.fromEntries(
        Object.entries(row).map(([column, value]) => [
          column,
          value instanceof Date ? value.toISOString() : value,
        ]),
      ),
    );
  };
}
