import { beforeEach, expect, test } from "vitest";
import { compareRows, type Difference } from "../../src/testing/compare-rows.ts";
import { toTruth, type Truth, type TruthTable } from "../../src/testing/truth.ts";
import { createSmallTeam } from "../fake-github/small-team.ts";

let truth: Truth;
/** The database's rows, at first those that GitHub has. */
let rows: Truth;

beforeEach(() => {
  const { github, ann, ben, bot, repository } = createSmallTeam();
  const pullRequest = github.openPullRequest({ repository, author: ann, files: [{ filename: "a.ts" }] });
  github.submitReview({ pullRequest, author: ben, state: "APPROVED", comments: [{ body: "Nice" }] });
  github.createIssueComment({ on: pullRequest, author: bot, body: "CI is green" });
  truth = toTruth(github);
  rows = structuredClone(truth);
});

function differences(): Promise<Difference[]> {
  return compareRows(truth, async (table) => rows[table]);
}

function only(table: TruthTable, kind?: string): Record<string, unknown> {
  const [row] = kind === undefined ? rows[table] : rows[table].filter((each) => each["kind"] === kind);
  if (!row) throw new Error(`There is no row in ${table}.`);
  return row;
}

test("equal rows do not differ, whether times are texts or dates", async () => {
  expect(await differences()).toEqual([]);
  const review = only("reviews");
  review["submitted_at"] = new Date(String(review["submitted_at"]));
  expect(await differences()).toEqual([]);
});

test("every table has something to compare", () => {
  expect(Object.values(truth).map((table) => table.length)).not.toContain(0);
});

test("an absent row is missing", async () => {
  rows.pull_request_files = [];
  expect(await differences()).toEqual([
    { table: "pull_request_files", kind: "missing", key: expect.stringMatching(/ 1 a\.ts$/), columns: [] },
  ]);
});

test("a tombstone of a row that GitHub still has is missing", async () => {
  only("reviews")["deleted_at"] = new Date();
  expect(await differences()).toMatchObject([{ table: "reviews", kind: "missing" }]);
});

test("a row that differs is stale, and names its columns", async () => {
  Object.assign(only("pull_requests"), { title: "Another", additions: 99 });
  only("repositories")["name"] = "former";
  expect(await differences()).toMatchObject([
    { table: "repositories", kind: "stale", columns: ["name"] },
    { table: "pull_requests", kind: "stale", columns: ["title", "additions"] },
  ]);
});

test("a row that GitHub lacks is a ghost, unless it is a tombstone", async () => {
  rows.comments.push(
    { ...only("comments", "issue"), id: 1 },
    { ...only("comments", "issue"), id: 2, deleted_at: new Date() },
  );
  expect(await differences()).toEqual([{ table: "comments", kind: "ghost", key: "issue 1", columns: [] }]);
});

test("a deleted account is no ghost", async () => {
  rows.accounts.push({ id: 1, login: "gone", type: "User" });
  expect(await differences()).toEqual([]);
});

test("a null `resolved` equals an unresolved thread", async () => {
  const comment = only("comments", "review");
  comment["resolved"] = null;
  expect(await differences()).toEqual([]);
  comment["resolved"] = true;
  expect(await differences()).toMatchObject([{ table: "comments", kind: "stale", columns: ["resolved"] }]);
});
