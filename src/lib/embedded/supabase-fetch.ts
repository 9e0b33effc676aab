import { toFetchCall } from "./fetch-call.ts";
import type { SqlPool } from "./sql-database.ts";

/**
 * Creates a `fetch` that answers supabase-js's `rpc()` as PostgREST would, for functions named `public.capture_…` that return one
 * value. It refuses other requests, because every read and write of pr-capture is such a function.
 */
export function createSupabaseFetch(db: SqlPool): typeof fetch {
  const calls = new Map<string, PreparedCall>();

  async function callFunction(name: string, body: string): Promise<Response> {
    const args: unknown = body === "" ? {} : JSON.parse(body);
    if (typeof args !== "object" || args === null || Array.isArray(args)) {
      return refuse(400, "PGRST102", "The arguments must be a JSON object.");
    }
    const signature = `${name}(${Object.keys(args).toSorted().join(", ")})`;
    let call = calls.get(signature);
    if (call === undefined) {
      const found = await findFunction(db, name, Object.keys(args));
      if (found === null) return refuse(404, "PGRST202", `There is no function public.${signature}.`);
      call = { statement: toStatement(found), timeout: found.timeout };
      calls.set(signature, call);
    }
    const [row] = await run(db, call, body === "" ? "{}" : body);
    return new Response(row?.result ?? "null", { headers: jsonHeaders });
  }

  return async (input, init) => {
    const { method, pathname, text } = toFetchCall(input, init);
    const [, name] = /\/rest\/v1\/rpc\/(capture_\w+)$/.exec(pathname) ?? [];
    if (method !== "POST" || name === undefined) {
      return refuse(
        404,
        "PGRST125",
        `Only POST /rest/v1/rpc/capture_… is served here, not ${method} ${pathname}.`,
      );
    }
    try {
      return await callFunction(name, await text());
    } catch (error) {
      return toErrorResponse(error);
    }
  };
}

interface PreparedCall {
  statement: string;
  timeout: string | null;
}

/**
 * Like PostgREST, applies a function's own statement_timeout to the transaction, because a running statement keeps the one that it began with.
 * https://docs.postgrest.org/en/stable/references/transactions.html
 */
async function run(db: SqlPool, { statement, timeout }: PreparedCall, args: string) {
  type Row = { result: string | null };
  if (timeout === null) return db.query<Row>(statement, [args]);
  return db.transaction(async (tx) => {
    await tx.query("select set_config('statement_timeout', $1, true)", [timeout]);
    return tx.query<Row>(statement, [args], { maxMs: maxTimeoutMs });
  });
}

/** Longer than any function's own statement_timeout, with which Postgres ends it. */
const maxTimeoutMs = 16 * 60 * 1000;

interface FunctionSignature {
  name: string;
  isVoid: boolean;
  /** The function's own statement_timeout, or null. */
  timeout: string | null;
  /** The given arguments, with quoted names. */
  args: { name: string; type: string }[];
}

/** Finds the function that has all the given arguments. The call fails later if another argument has no default. */
async function findFunction(db: SqlPool, name: string, given: string[]): Promise<FunctionSignature | null> {
  const [found] = await db.query<FunctionSignature>(
    `select quote_ident(p.proname) as name, p.prorettype = 'void'::regtype as "isVoid", coalesce(args.list, '[]') as args,
            (select split_part(c, '=', 2) from unnest(p.proconfig) as c where c like 'statement_timeout=%') as timeout
       from pg_proc p
      cross join lateral (
        select json_agg(json_build_object('name', quote_ident(a.name), 'type', format_type(a.type, null))) as list,
               count(*) as matching
          from unnest(p.proargnames[:p.pronargs], p.proargtypes::oid[]) as a (name, type)
         where a.name = any ($2)) args
      where p.pronamespace = 'public'::regnamespace and p.proname = $1 and not p.proretset
        and args.matching = cardinality($2::text[])
      order by p.pronargs
      limit 1`,
    [name, given],
  );
  return found ?? null;
}

function toStatement({ name, isVoid, args }: FunctionSignature): string {
  const named = args.map((arg) => `${arg.name} => args.${arg.name}`).join(", ");
  const columns = args.map((arg) => `${arg.name} ${arg.type}`).join(", ") || "nothing text";
  const value = isVoid ? `public.${name}(${named})` : `to_json(public.${name}(${named}))`;
  return `select ${value}::text as result from json_to_record($1::json) as args (${columns})`;
}

/** Converts an error to PostgREST's format and status. An error without a SQLSTATE did not come from the database. */
function toErrorResponse(error: unknown): Response {
  if (error instanceof SyntaxError) return refuse(400, "PGRST102", "The body is not JSON.");
  const { code, message, ...more } = toPostgresError(error);
  if (code === null) return refuse(503, "PGRST000", `The database did not answer: ${message}`);
  return refuse(toStatus(code), code, message, more);
}

function toPostgresError(error: unknown) {
  const text = (key: string) => {
    const value: unknown = typeof error === "object" && error !== null ? Reflect.get(error, key) : null;
    return typeof value === "string" ? value : null;
  };
  const code = text("code");
  return {
    code: code !== null && /^[0-9A-Z]{5}$/.test(code) ? code : null,
    message: text("message") ?? String(error),
    details: text("detail"),
    hint: text("hint"),
    /** The error's position in a query that is an argument of the function. PostgREST leaves it out. */
    position: text("internalPosition"),
  };
}

/** PostgREST's HTTP status for a SQLSTATE or its class: https://docs.postgrest.org/en/stable/references/errors.html */
const httpStatuses: Record<string, number> = {
  "08": 503,
  "09": 500,
  "0L": 403,
  "0P": 403,
  "23503": 409,
  "23505": 409,
  "25006": 405,
  "25": 500,
  "28": 403,
  "2D": 500,
  "38": 500,
  "39": 500,
  "3B": 500,
  "40": 500,
  "42501": 403,
  "42883": 404,
  "42P01": 404,
  "42P17": 500,
  "53400": 500,
  "53": 503,
  "54": 500,
  "55": 500,
  "57": 500,
  "57P01": 503,
  "57P02": 503,
  "57P03": 503,
  "58": 500,
  F0: 500,
  HV: 500,
  P0001: 400,
  P0: 500,
  XX: 500,
};

function toStatus(code: string): number {
  const raised = /^PT(\d{3})$/.exec(code); // a function raised this HTTP status
  if (raised) return Number(raised[1]);
  return httpStatuses[code] ?? httpStatuses[code.slice(0, 2)] ?? 400;
}

const jsonHeaders = { "content-type": "application/json; charset=utf-8" };

function refuse(
  status: number,
  code: string,
  message: string,
  more: { details?: string | null; hint?: string | null; position?: string | null } = {},
): Response {
  const body = { code, message, details: null, hint: null, ...more };
  return new Response(JSON.stringify(body), { status, headers: jsonHeaders });
}
