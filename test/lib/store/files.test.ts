import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { mergePullRequest, replaceFiles } from "../../../src/lib/store/pull-requests.ts";
import { openStore, type TestStore } from "./open-store.ts";
import { file, inFetch, inPayload, number, pullRequest, repositoryId } from "./observations.ts";

let db: TestStore;

beforeAll(async () => {
  db = await openStore();
});
beforeEach(() => db.clear());
afterAll(() => db.close());

const listOf = (...filenames: string[]) => ({
  head_sha: "aaaa",
  base_ref: "main",
  files: filenames.map((filename) => file(filename)),
  truncated: false,
});

const theFiles = async () => (await db.rows("github.pull_request_files")).map((row) => row["filename"]);

test("a listing of the head and base that the row has is stored with every column", async () => {
  await mergePullRequest(db.store, inPayload(1), pullRequest(1));
  const renamed = file("b.ts", {
    status: "renamed",
    additions: 0,
    deletions: 4,
    changes: 4,
    previous_filename: "a.ts",
  });
  const list = { ...listOf(), files: [renamed], truncated: true };
  expect(await replaceFiles(db.store, inFetch(2), number, list)).toBe(true);
  expect(await db.rows("github.pull_request_files")).toEqual([
    { repository_id: repositoryId, pull_request_number: number, ...renamed },
  ]);
  expect(await db.rows("github.pull_requests")).toMatchObject([
    { files_head_sha: "aaaa", files_base_ref: "main", files_truncated: true },
  ]);
});

test("the next listing replaces the files as a whole, and says no more that there were too many", async () => {
  await mergePullRequest(db.store, inPayload(1), pullRequest(1));
  await replaceFiles(db.store, inFetch(2), number, { ...listOf("a.ts", "b.ts"), truncated: true });
  await mergePullRequest(db.store, inPayload(3), pullRequest(3, { head_sha: "cccc" }));
  await replaceFiles(db.store, inFetch(4), number, { ...listOf("b.ts", "c.ts"), head_sha: "cccc" });
  expect(await theFiles()).toEqual(["b.ts", "c.ts"]);
  expect(await db.rows("github.pull_requests")).toMatchObject([
    { files_head_sha: "cccc", files_truncated: false },
  ]);
});

test("an empty listing leaves no files, and counts as captured", async () => {
  await mergePullRequest(db.store, inPayload(1), pullRequest(1));
  await replaceFiles(db.store, inFetch(2), number, listOf("a.ts"));
  await replaceFiles(db.store, inFetch(3), number, listOf());
  expect(await theFiles()).toEqual([]);
  expect(await mergePullRequest(db.store, inPayload(4), pullRequest(4))).not.toHaveProperty("files");
});

test.each([
  ["head", { head_sha: "0000" }],
  ["base", { base_ref: "release" }],
])("a listing of another %s writes nothing and says so", async (_, other) => {
  await mergePullRequest(db.store, inPayload(1), pullRequest(1));
  await replaceFiles(db.store, inFetch(2), number, listOf("a.ts"));
  const before = await db.rows("github.pull_requests");
  const list = { ...listOf("b.ts"), ...other };
  expect(await replaceFiles(db.store, inFetch(3), number, list)).toBe(false);
  expect(await theFiles()).toEqual(["a.ts"]);
  expect(await db.rows("github.pull_requests")).toEqual(before);
});

test("a listing for a pull request that was never seen writes no file", async () => {
  expect(await replaceFiles(db.store, inFetch(2), number, listOf("a.ts"))).toBe(false);
  expect(await theFiles()).toEqual([]);
});

test("another pull request's files stay", async () => {
  for (const each of [6, 7, 8]) {
    await mergePullRequest(db.store, inPayload(1), pullRequest(1, { number: each }));
    await replaceFiles(db.store, inFetch(2), each, listOf(`of-${each}.ts`));
  }
  await replaceFiles(db.store, inFetch(3), 7, listOf());
  expect(await theFiles()).toEqual(["of-6.ts", "of-8.ts"]);
});

test("a file that two pages of a listing both have is stored once", async () => {
  await mergePullRequest(db.store, inPayload(1), pullRequest(1));
  expect(await replaceFiles(db.store, inFetch(2), number, listOf("a.ts", "b.ts", "a.ts"))).toBe(true);
  expect(await theFiles()).toEqual(["a.ts", "b.ts"]);
});

test("the files are asked for until those of the present head and base are there", async () => {
  const missing = { head_sha: "aaaa", base_ref: "main", changed_files: 1 };
  expect(await mergePullRequest(db.store, inPayload(1), pullRequest(1))).toMatchObject({ files: missing });
  expect(await mergePullRequest(db.store, inPayload(2), pullRequest(2))).toMatchObject({ files: missing });
  await replaceFiles(db.store, inFetch(3), number, listOf("a.ts"));
  expect(await mergePullRequest(db.store, inPayload(4), pullRequest(4))).not.toHaveProperty("files");
  expect(
    await mergePullRequest(db.store, inPayload(5), pullRequest(5, { base_ref: "release" })),
  ).toMatchObject({
    files: { ...missing, base_ref: "release" },
  });
  expect(
    await mergePullRequest(
      db.store,
      inPayload(6),
      pullRequest(6, { head_sha: "cccc", base_ref: "release", changed_files: 2 }),
    ),
  ).toMatchObject({ files: { head_sha: "cccc", base_ref: "release", changed_files: 2 } });
});

test("a push that comes late does not ask for the files of a head that is past", async () => {
  await mergePullRequest(db.store, inPayload(5), pullRequest(5, { head_sha: "cccc" }));
  await replaceFiles(db.store, inFetch(6), number, { ...listOf("a.ts"), head_sha: "cccc" });
  expect(await mergePullRequest(db.store, inPayload(4), pullRequest(4))).not.toHaveProperty("files");
});
