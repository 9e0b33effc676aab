import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { mergePullRequestDetails, replaceFiles } from "../../../src/lib/store/pull-requests.ts";
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

test("a listing of the current head and base is stored with every column", async () => {
  await mergePullRequestDetails(db.store, inPayload(1), pullRequest(1));
  const renamed = file("b.ts", {
    status: "renamed",
    additions: 0,
    deletions: 4,
    changes: 4,
    previous_filename: "a.ts",
  });
  const list = { ...listOf(), files: [renamed], truncated: true };
  expect(await replaceFiles(db.store, inFetch(2), number, list)).toBe(true);
  expect(await db.rows("github.pull_request_files")).toMatchObject([
    { repository_id: repositoryId, pull_request_number: number, ...renamed },
  ]);
  expect(await db.rows("github.pull_requests")).toMatchObject([
    { files_head_sha: "aaaa", files_base_ref: "main", files_truncated: true },
  ]);
});

test("the next listing replaces all files and clears files_truncated", async () => {
  await mergePullRequestDetails(db.store, inPayload(1), pullRequest(1));
  await replaceFiles(db.store, inFetch(2), number, { ...listOf("a.ts", "b.ts"), truncated: true });
  await mergePullRequestDetails(db.store, inPayload(3), pullRequest(3, { head_sha: "cccc" }));
  await replaceFiles(db.store, inFetch(4), number, { ...listOf("b.ts", "c.ts"), head_sha: "cccc" });
  expect(await theFiles()).toEqual(["b.ts", "c.ts"]);
  expect(await db.rows("github.pull_requests")).toMatchObject([
    { files_head_sha: "cccc", files_truncated: false },
  ]);
});

test("an empty listing deletes all files and counts as captured", async () => {
  await mergePullRequestDetails(db.store, inPayload(1), pullRequest(1));
  await replaceFiles(db.store, inFetch(2), number, listOf("a.ts"));
  await replaceFiles(db.store, inFetch(3), number, listOf());
  expect(await theFiles()).toEqual([]);
  expect(await mergePullRequestDetails(db.store, inPayload(4), pullRequest(4))).not.toHaveProperty("files");
});

test.each([
  ["head", { head_sha: "0000" }],
  ["base", { base_ref: "release" }],
])("a listing of another %s writes nothing and returns false", async (_, other) => {
  await mergePullRequestDetails(db.store, inPayload(1), pullRequest(1));
  await replaceFiles(db.store, inFetch(2), number, listOf("a.ts"));
  const before = await db.rows("github.pull_requests");
  const list = { ...listOf("b.ts"), ...other };
  expect(await replaceFiles(db.store, inFetch(3), number, list)).toBe(false);
  expect(await theFiles()).toEqual(["a.ts"]);
  expect(await db.rows("github.pull_requests")).toEqual(before);
});

test("a listing of an unknown pull request writes no file", async () => {
  expect(await replaceFiles(db.store, inFetch(2), number, listOf("a.ts"))).toBe(false);
  expect(await theFiles()).toEqual([]);
});

test("a listing keeps the files of other pull requests", async () => {
  for (const each of [6, 7, 8]) {
    await mergePullRequestDetails(db.store, inPayload(1), pullRequest(1, { number: each }));
    await replaceFiles(db.store, inFetch(2), each, listOf(`of-${each}.ts`));
  }
  await replaceFiles(db.store, inFetch(3), 7, listOf());
  expect(await theFiles()).toEqual(["of-6.ts", "of-8.ts"]);
});

test("a file on two pages of a listing is stored once", async () => {
  await mergePullRequestDetails(db.store, inPayload(1), pullRequest(1));
  expect(await replaceFiles(db.store, inFetch(2), number, listOf("a.ts", "b.ts", "a.ts"))).toBe(true);
  expect(await theFiles()).toEqual(["a.ts", "b.ts"]);
});

test("a merge requests the files until those of the current head and base are captured", async () => {
  const missing = { head_sha: "aaaa", base_ref: "main", changed_files: 1 };
  expect(await mergePullRequestDetails(db.store, inPayload(1), pullRequest(1))).toMatchObject({
    files: missing,
  });
  expect(await mergePullRequestDetails(db.store, inPayload(2), pullRequest(2))).toMatchObject({
    files: missing,
  });
  await replaceFiles(db.store, inFetch(3), number, listOf("a.ts"));
  expect(await mergePullRequestDetails(db.store, inPayload(4), pullRequest(4))).not.toHaveProperty("files");
  expect(
    await mergePullRequestDetails(db.store, inPayload(5), pullRequest(5, { base_ref: "release" })),
  ).toMatchObject({
    files: { ...missing, base_ref: "release" },
  });
  expect(
    await mergePullRequestDetails(
      db.store,
      inPayload(6),
      pullRequest(6, { head_sha: "cccc", base_ref: "release", changed_files: 2 }),
    ),
  ).toMatchObject({ files: { head_sha: "cccc", base_ref: "release", changed_files: 2 } });
});

test("a late push does not request the files of an old head", async () => {
  await mergePullRequestDetails(db.store, inPayload(5), pullRequest(5, { head_sha: "cccc" }));
  await replaceFiles(db.store, inFetch(6), number, { ...listOf("a.ts"), head_sha: "cccc" });
  expect(await mergePullRequestDetails(db.store, inPayload(4), pullRequest(4))).not.toHaveProperty("files");
});
