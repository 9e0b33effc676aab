import type { Truth, TruthTable } from "../../src/demo/truth.ts";

/** The tables in which a pull request's rows are counted. Accounts come with the rows that name them. */
export const countedTables = [
  "pull_requests",
  "pull_request_files",
  "reviews",
  "comments",
] as const satisfies TruthTable[];

export type CountedTable = (typeof countedTables)[number];

/** Rows by table and key, each once. */
export type RowKeys = ReadonlySet<string>;

/** GitHub's ids: text in GraphQL; in octokit's types a number of either kind. */
type Id = number | bigint | string;

/** Collects the rows of one repository that some answer had everything for. */
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

/** Those of the true rows that were seen. */
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
