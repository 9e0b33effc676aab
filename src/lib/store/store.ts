import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import { NonRetriableError } from "inngest";
import type { StoreFunctions } from "./functions.ts";

/** The one way to the database. */
export type Store = SupabaseClient;

/** `fetch` answers in process where there is no Supabase. */
export function createStore(options: { url: string; serviceRoleKey: string; fetch?: typeof fetch }): Store {
  return createClient(options.url, options.serviceRoleKey, {
    auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false },
    ...(options.fetch && { global: { fetch: options.fetch } }),
  });
}

/** The database refused or could not be reached. `code` is Postgres' SQLSTATE or PostgREST's, where there is one. */
export class StoreError extends Error {
  override readonly name = "StoreError";
  readonly code: string | undefined;

  constructor(functionName: string, error: { message: string; code?: string; hint?: string | null }) {
    super(`${functionName}: ${error.message}${error.hint ? ` (${error.hint})` : ""}`);
    this.code = error.code;
  }
}

/** The installation or repository is gone or suspended: nothing was written, and trying again changes nothing. The message says which. */
export class CapturesStoppedError extends NonRetriableError {
  override readonly name = "CapturesStoppedError";
}

/** The SQLSTATE of our own with which the SQL functions refuse a capture that has been stopped. */
const capturesStopped = "PC001";

/**
 * Calls one SQL function in one transaction. Throws a `CapturesStoppedError` where captures have stopped, else a `StoreError`, unless it
 * was committed.
 */
export async function call<Name extends keyof StoreFunctions>(
  store: Store,
  name: Name,
  args: StoreFunctions[Name]["Args"],
): Promise<StoreFunctions[Name]["Returns"]> {
  const { data, error } = await store.rpc(name, args);
  if (error?.code === capturesStopped) throw new CapturesStoppedError(error.message);
  if (error) throw new StoreError(name, error);
  return data as StoreFunctions[Name]["Returns"];
}
