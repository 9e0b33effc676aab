import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { mergeComments } from "../../../src/lib/store/comments.ts";
import { mergePullRequestDetails, replaceFiles } from "../../../src/lib/store/pull-requests.ts";
import { storeInParts } from "../../../src/lib/store/store-in-parts.ts";
import { isUnstorable, StoreError } from "../../../src/lib/store/store.ts";
import { file, inFetch, inPayload, number, pullRequest, reviewComment } from "./observations.ts";
import { openStore, type TestStore } from "./open-store.ts";

const tooLarge = () =>
  new StoreError("capture_x", { code: "54000", message: "index row size exceeds maximum" }, 500);

test("all but the bad items are stored once in few calls", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 200 }), async (isBad) => {
      const items = isBad.map((bad, id) => ({ id, bad }));
      const stored: number[] = [];
      let calls = 0;
      let committed = 0;
      const { results, refused } = await storeInParts(items, async (part, isFirst) => {
        calls++;
        expect(isFirst).toBe(committed === 0);
        if (part.some(({ bad }) => bad)) throw tooLarge();
        committed++;
        stored.push(...part.map(({ id }) => id));
        return part.length;
      });
      expect(stored).toEqual(items.filter(({ bad }) => !bad).map(({ id }) => id));
      expect(refused.map(({ item }) => item)).toEqual(items.filter(({ bad }) => bad));
      expect(results).toHaveLength(committed);
      const depth = Math.ceil(Math.log2(Math.max(items.length, 1))) + 1;
      expect(calls).toBeLessThanOrEqual(1 + 2 * refused.length * depth);
    }),
  );
});

test("an outage of the database is thrown after one call", async () => {
  let calls = 0;
  const outage = new StoreError("capture_x", { code: "57P01", message: "terminating connection" }, 503);
  const storing = storeInParts([1, 2, 3], () => {
    calls++;
    return Promise.reject(outage);
  });
  await expect(storing).rejects.toBe(outage);
  expect(calls).toBe(1);
});

test.each([
  ["22003", true],
  ["23502", true],
  ["54000", true],
  ["40001", false],
  ["53300", false],
  ["57P01", false],
  ["PGRST000", false],
  [undefined, false],
])("isUnstorable of SQLSTATE %s is %s", (code, expected) => {
  expect(isUnstorable(new StoreError("capture_x", { message: "No", ...(code && { code }) }, 400))).toBe(
    expected,
  );
});

describe("storing in the database", () => {
  let db: TestStore;

  beforeAll(async () => {
    db = await openStore();
  });
  beforeEach(() => db.clear());
  afterAll(() => db.close());

  test("one unstorable comment costs only that comment", async () => {
    const comments = [1, 2, 3, 4, 5].map((id) =>
      reviewComment(id, 1, id === 4 ? { original_position: 2 ** 40 } : {}),
    );
    const { refused } = await storeInParts(comments, (part) =>
      mergeComments(db.store, inFetch(2), { number, pull_request: null, comments: part, finished: false }),
    );
    expect(refused.map(({ item }) => item.id)).toEqual([4]);
    expect((await db.rows("github.comments")).map((row) => row["id"])).toEqual([1, 2, 3, 5]);
  });

  test("paths of 4,096 random characters are stored once each", async () => {
    // Random, since Postgres compresses long values before it measures them.
    const path = (seed: number) =>
      Array.from({ length: 4096 }, (_, index) =>
        String.fromCodePoint(
          33 + (((index * index * 7919 + seed * (index + 13) * 104_729) % 1_000_003) % 94),
        ),
      ).join("");
    const filenames = [path(1), path(2), "back\\slash", "back\\\\slash", "\\x00", "ü/\u{1F680}"];
    await mergePullRequestDetails(db.store, inPayload(1), pullRequest(1));
    const files = [...filenames, ...filenames].map((filename) => file(filename));
    const list = { head_sha: "aaaa", base_ref: "main", files, truncated: false };
    expect(await replaceFiles(db.store, inFetch(2), number, list)).toBe(true);
    const stored = (await db.rows("github.pull_request_files")).map((row) => row["filename"]);
    expect(stored).toHaveLength(filenames.length);
    expect(new Set(stored)).toEqual(new Set(filenames));
  });

  test("one unstorable file costs only that file", async () => {
    await mergePullRequestDetails(db.store, inPayload(1), pullRequest(1));
    const files = ["a", "b", "c"].map((name) => file(name, name === "b" ? { additions: 2 ** 40 } : {}));
    const { refused } = await storeInParts(files, (part, isFirst) =>
      replaceFiles(db.store, inFetch(2), number, {
        head_sha: "aaaa",
        base_ref: "main",
        files: part,
        truncated: false,
        append: !isFirst,
      }),
    );
    expect(refused.map(({ item }) => item.filename)).toEqual(["b"]);
    expect((await db.rows("github.pull_request_files")).map((row) => row["filename"])).toEqual(["a", "c"]);
  });
});
