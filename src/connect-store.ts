import type { DatabaseConfig } from "./config.ts";
import type { SqlDatabase } from "./lib/embedded/sql-database.ts";
import { createSupabaseFetch } from "./lib/embedded/supabase-fetch.ts";
import { createServiceFetch } from "./lib/redact.ts";
import { createStore, type Store } from "./lib/store/store.ts";
import type { Refusals } from "./lib/store/watch-refusals.ts";

/** Connects the store to Supabase, or to the open database `rows`. `refusals` watches what the database refuses. */
export function connectStore(config: DatabaseConfig, rows: SqlDatabase | null, { watch }: Refusals): Store {
  if (config.kind === "supabase")
    return createStore({ ...config, fetch: watch(createServiceFetch(config.serviceRoleKey)) });
  if (!rows) throw new Error("The database is not open.");
  return createEmbeddedStore(watch(createSupabaseFetch(rows)));
}

/** Creates a store whose `fetch` answers in this process. */
export function createEmbeddedStore(answer: typeof fetch): Store {
  return createStore({ url: "http://embedded", serviceRoleKey: "embedded", fetch: answer });
}

/** Names the database for the log and the API, without secrets. */
export function describeDatabase(config: DatabaseConfig, rows: SqlDatabase | null): string {
  return config.kind === "supabase" ? `Supabase at ${new URL(config.url).host}` : (rows?.description ?? "");
}
