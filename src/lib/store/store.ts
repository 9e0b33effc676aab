import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import { NonRetriableError } from "inngest";
import type { StoreFunctions } from "./sql-functions.ts";

/** The client of the database. */
export type Store = SupabaseClient;

/** Without Supabase, `fetch` answers in this process. */
export function createStore({
  url,
  serviceRoleKey: key,
  fetch: send = fetch,
}: {
  url: string;
  serviceRoleKey: string;
  fetch?: typeof fetch;
}): Store {
  return createClient(url, key, {
    auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false },
    global: { fetch: key.startsWith("sb_secret_") ? withoutBearer(send) : send },
  });
}

/** A secret key is not a JWT and belongs in `apikey` alone, but supabase-js sends it as a bearer token too. https://supabase.com/docs/guides/api/api-keys */
function withoutBearer(send: typeof fetch): typeof fetch {
  return (input, init) => {
    const headers = new Headers(init?.headers);
    headers.delete("authorization");
    return send(input, { ...init, headers });
  };
}

/**
 * The database refused a call or did not answer. `code` is the SQLSTATE or PostgREST's code, if there is one. `status` is the answer's, or 0
 * without an answer.
 */
export class StoreError extends Error {
  override readonly name = "StoreError";
  readonly code: string | undefined;
  readonly status: number;

  constructor(
    functionName: string,
    error: { message: string; code?: string; hint?: string | null },
    status: number,
  ) {
    super(`${functionName}: ${error.message}${error.hint ? ` (${error.hint})` : ""}`);
    this.code = error.code;
    this.status = status;
  }
}

/**
 * True when Postgres cannot store the data, so that a retry fails too: SQLSTATE class 22 (data exception), 23 (integrity constraint violation) or
 * 54 (program limit exceeded, such as an index row that is too large). https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
export function isUnstorable(error: unknown): error is StoreError {
  return error instanceof StoreError && /^(22|23|54)[0-9A-Z]{3}$/.test(error.code ?? "");
}

/** The installation or repository was deleted, removed or suspended, so nothing was written. A retry changes nothing. */
export class CapturesStoppedError extends NonRetriableError {
  override readonly name = "CapturesStoppedError";
}

/** The SQLSTATE that our SQL functions raise when captures have stopped. */
const capturesStopped = "PC001";

/** Calls one SQL function in one transaction. Throws a `CapturesStoppedError` when captures have stopped, else a `StoreError`. */
export async function call<Name extends keyof StoreFunctions>(
  store: Store,
  name: Name,
  args: StoreFunctions[Name]["Args"],
): Promise<StoreFunctions[Name]["Returns"]> {
  const { data, error, status } = await store.rpc(name, args);
  if (error?.code === capturesStopped) throw new CapturesStoppedError(error.message);
  if (error) throw new StoreError(name, error, status);
  return data as StoreFunctions[Name]["Returns"];
}
