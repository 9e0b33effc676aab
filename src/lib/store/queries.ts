import type { SqlAnswer, SqlSchema } from "../../api/console-contract.ts";
import { parseComposite } from "./parse-composite.ts";
import type { StoreFunctions } from "./sql-functions.ts";
import { call, StoreError, type Store } from "./store.ts";

/** Postgres refused a query or stopped it. The message is for its author. */
export class QueryError extends Error {
  override readonly name = "QueryError";
}

/** Runs one read-only query. Throws a `QueryError` when the query is wrong or too expensive, and a `StoreError` when the database is. */
export async function runQuery(store: Store, query: string, maxRows: number): Promise<SqlAnswer> {
  const args: StoreFunctions["capture_query"]["Args"] = { query, max_rows: maxRows };
  const { data, error, status } = await store.rpc("capture_query", args);
  if (error && isAboutTheQuery(error.code)) throw toQueryError(query, error);
  if (error) throw new StoreError("capture_query", error, status);
  const { names, types, rows, truncated, duration_ms } = data as StoreFunctions["capture_query"]["Returns"];
  return {
    columns: names.map((name, index) => ({ name, type: types[index] ?? "" })),
    // A row without columns and one with a single NULL have the same text.
    rows: rows.map((row) => (names.length === 0 ? [] : parseComposite(row))),
    truncated,
    duration_ms,
  };
}

/** The tables that queries can read, with the comments in the schema. */
export async function describeTables(store: Store): Promise<SqlSchema> {
  return { tables: await call(store, "capture_describe_tables", {}) };
}

/** True for a SQLSTATE that no failure of the server has: connection, operator intervention (but for a timeout), system or internal error. */
function isAboutTheQuery(code: string): boolean {
  return /^[0-9A-Z]{5}$/.test(code) && (code === "57014" || !/^(08|57|58|XX|PT|PC)/.test(code));
}

function toQueryError(
  query: string,
  error: { code: string; message: string; hint: string | null; position?: string | null },
): QueryError {
  if (error.code === "57014") return new QueryError("The query was stopped after 5 seconds.");
  const sentences = [`${error.message}${toPlace(query, error.position)}.`];
  if (error.hint) sentences.push(error.hint);
  if (error.code === "42P11") sentences.push("A query must be a single statement that returns rows.");
  if (error.code === "42501") sentences.push("Queries can read only the schemas github and capture.");
  return new QueryError(sentences.join(" "));
}

/** `position` counts characters, from 1. */
function toPlace(query: string, position: string | null | undefined): string {
  if (!position) return "";
  const lines = Array.from(query)
    .slice(0, Number(position) - 1)
    .join("")
    .split("\n");
  return ` (line ${lines.length}, column ${Array.from(lines.at(-1) ?? "").length + 1})`;
}
