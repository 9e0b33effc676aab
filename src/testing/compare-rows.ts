import type { Truth, TruthTable } from "./truth.ts";

/** The key columns of each table. */
const keys: Record<TruthTable, readonly string[]> = {
  repositories: ["id"],
  pull_requests: ["repository_id", "number"],
  pull_request_files: ["repository_id", "pull_request_number", "filename"],
  reviews: ["id"],
  comments: ["kind", "id"],
  accounts: ["id"],
};

/** Columns in which an unknown value, null, counts as this one. */
const valuesOfNull: Readonly<Record<string, unknown>> = { resolved: false };

export interface Difference {
  table: TruthTable;
  /** missing: only GitHub has the row. ghost: only the database has it. stale: both have it, and these columns differ. */
  kind: "missing" | "ghost" | "stale";
  key: string;
  columns: string[];
}

/** Reads the rows of one table. */
export type ReadTable = (table: TruthTable) => Promise<Record<string, unknown>[]>;

/** Compares the rows without tombstones with the truth. An account is never a ghost, because its row stays when it is no longer used. */
export async function compareRows(truth: Truth, read: ReadTable): Promise<Difference[]> {
  const differences: Difference[] = [];
  for (const table of Object.keys(truth) as TruthTable[]) {
    const keyOf = (row: Record<string, unknown>) => keys[table].map((column) => row[column]).join(" ");
    const rows = new Map(
      (await read(table)).filter((row) => !row["deleted_at"]).map((row) => [keyOf(row), row]),
    );
    for (const expected of truth[table]) {
      const key = keyOf(expected);
      const row = rows.get(key);
      rows.delete(key);
      if (!row) {
        differences.push({ table, kind: "missing", key, columns: [] });
        continue;
      }
      const columns = Object.keys(expected).filter(
        (column) => normal(row[column] ?? valuesOfNull[column] ?? null) !== normal(expected[column]),
      );
      if (columns.length > 0) differences.push({ table, kind: "stale", key, columns });
    }
    if (table === "accounts") continue;
    for (const key of rows.keys()) differences.push({ table, kind: "ghost", key, columns: [] });
  }
  return differences;
}

/** Makes values comparable: times are text from GitHub and `Date` from the database. */
function normal(value: unknown): string {
  if (value instanceof Date) return JSON.stringify(value);
  if (typeof value === "string" && /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value))
    return JSON.stringify(new Date(value));
  return JSON.stringify(value);
}
