import type { Truth, TruthTable } from "../../src/testing/truth.ts";

/** The tables whose rows are counted. Accounts are read together with the rows that name them. */
export const countedTables = [
  "pull_requests",
  "pull_request_files",
  "reviews",
  "comments",
] as const satisfies TruthTable[];

export type CountedTable = (typeof countedTables)[number];

/** The table and key of each row. */
export type RowKeys = ReadonlySet<string>;

/** A GitHub id: text in GraphQL, a number or a bigint in Octokit's types. */
type Id = number | bigint | string;

/** Collects the rows of a repository for which an answer had all columns. */
export function createSeenRows(repositoryId: number) {
  const keys = new Set<string>();
  return {
    keys: keys as RowKeys,
    pullRequest: (number: number) => void keys.add(`pull_requests ${repositoryId} ${number}`),
    file: (number: number, filename: string) =>
      void keys.add(`pull_request_files ${repositoryId} ${number} ${filename}`),
    review: (id: Id) => void keys.add(`reviews ${id}`),
    comment: (kind: "issue" | "review", id: Id) => void keys.add(`comments ${kind} ${id}`),
  };
}

export type SeenRows = ReturnType<typeof createSeenRows>;

const keyColumns: Record<CountedTable, readonly string[]> = {
  pull_requests: ["repository_id", "number"],
  pull_request_files: ["repository_id", "pull_request_number", "filename"],
  reviews: ["id"],
  comments: ["kind", "id"],
};

export function keyOf(table: CountedTable, row: Record<string, unknown>): string {
  return [table, ...keyColumns[table].map((column) => row[column])].join(" ");
}

/** Returns the expected rows that were seen. */
export function whereSeen(truth: Truth, seen: RowKeys): Pick<Truth, CountedTable> {
  const rows = (table: CountedTable) => truth[table].filter((row) => seen.has(keyOf(table, row)));
  return {
    pull_requests: rows("pull_requests"),
    pull_request_files: rows("pull_request_files"),
    reviews: rows("reviews"),
    comments: rows("comments"),
  };
}

export function countRows(rows: Pick<Truth, CountedTable>): number {
  return countedTables.reduce((total, table) => total + rows[table].length, 0);
}
