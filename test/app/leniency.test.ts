import fc from "fast-check";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { answerAsEmptyGitHub } from "../../src/testing/empty-github.ts";
import { serveGitHub } from "../../src/fake-github/index.ts";
import type { SqlDatabase } from "../../src/lib/embedded/sql-database.ts";
import { openTestDatabase, resetDatabase } from "../support/database.ts";
import { startApp, type TestApp } from "../support/start-app.ts";
import {
  later,
  optionalPaths,
  webhookExamples,
  withoutField,
  type Path,
} from "../support/optional-fields.ts";

/** GitHub's example payloads without some fields. A missing field neither refuses the payload nor changes a column. */

let database: SqlDatabase;
let github: Awaited<ReturnType<typeof serveGitHub>>;
let app: TestApp;

beforeAll(async () => {
  database = await openTestDatabase();
  github = await serveGitHub({ fetch: answerAsEmptyGitHub });
  app = await startApp(database, { GITHUB_API_URL: github.url, GITHUB_TOKEN: "reads-public-repositories" });
});
afterEach(() => resetDatabase(database));
afterAll(async () => {
  await app.close();
  await github.close();
  await database.close();
});

const tables = [
  "github.pull_requests",
  "github.reviews",
  "github.comments",
  "github.accounts",
  "github.repositories",
  "github.installations",
];

/** True for a column that the test itself changes: clocks and times. */
const isClock = (column: string) =>
  /_at$|clock|^details_requested_by$|^listed/.test(column) || column === "seen_at";

async function content(): Promise<Map<string, Record<string, unknown>>> {
  const rows = new Map<string, Record<string, unknown>>();
  for (const table of tables) {
    for (const row of await app.rows(table)) {
      const id = [table, row["kind"], row["repository_id"], row["id"] ?? row["number"]].join(" ");
      rows.set(
        table === "github.pull_requests"
          ? `${table} ${String(row["repository_id"])}/${String(row["number"])}`
          : id,
        Object.fromEntries(Object.entries(row).filter(([column]) => !isClock(column))),
      );
    }
  }
  return rows;
}

describe.each(webhookExamples)("a %s delivery", (name, examples) => {
  const deliveries = examples.flatMap((payload) => optionalPaths(payload).map((path) => ({ payload, path })));

  test("a payload without a field that is neither id nor clock is answered 200 and changes no column", async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...deliveries), fc.boolean(), async ({ payload, path }, asNull) => {
        await resetDatabase(database);
        expect(await app.deliver({ name, payload })).toBe(200);
        await app.idle();
        const before = await content();
        const changed = later(withoutField(payload, path, asNull), 60);
        expect(await app.deliver({ name, payload: changed })).toBe(200);
        await app.idle();
        const after = await content();
        for (const [id, row] of before) {
          const changedColumns = Object.keys(row).filter(
            (column) => JSON.stringify(row[column]) !== JSON.stringify(after.get(id)?.[column]),
          );
          const documented = asNull || path.length === 0 ? documentedNulls(path) : [];
          expect({ id, changed: changedColumns.filter((column) => !documented.includes(column)) }).toEqual({
            id,
            changed: [],
          });
        }
      }),
      { numRuns: 5 },
    );
  });
});

/** The columns for which GitHub documents null as a value. */
function documentedNulls(path: Path): string[] {
  const columns: Record<string, string[]> = {
    user: ["author_id"],
    merged_by: ["merged_by_id"],
    body: ["body"],
    milestone: ["milestone_number", "milestone_title"],
    auto_merge: ["auto_merge_method"],
    active_lock_reason: ["active_lock_reason"],
    repo: ["head_repository_id"],
    original_position: ["original_position"],
    original_line: ["original_line"],
    original_start_line: ["original_start_line"],
    start_side: ["start_side"],
    pull_request_review_id: ["pull_request_review_id"],
  };
  return columns[path.at(-1) ?? ""] ?? [];
}
