import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { mergeComments } from "../../../src/lib/store/comments.ts";
import type { ListedKind } from "../../../src/lib/store/merge-types.ts";
import { finishListing } from "./finish-listing.ts";
import { mergeReviews } from "../../../src/lib/store/reviews.ts";
import { openStore, type TestStore } from "./open-store.ts";
import { at, inFetch, inPayload, issueComment, number, review, reviewComment } from "./observations.ts";

/** A listing begins at 10, with the date of its first page, and its pages are read within the seconds after. */

let db: TestStore;

beforeAll(async () => {
  db = await openStore();
});
beforeEach(() => db.clear());
afterAll(() => db.close());

interface Kind {
  kind: ListedKind;
  table: string;
  /** Merges the item as a payload showed it at that second, or, with `listed`, as a page of a listing did. */
  see(id: number, second: number, listed?: { date: number; pullRequest?: number }): Promise<void>;
}

const kinds: Kind[] = [
  {
    kind: "reviews",
    table: "github.reviews",
    async see(id, second, listed) {
      await mergeReviews(db.store, listed ? inFetch(listed.date) : inPayload(second), {
        number: listed?.pullRequest ?? number,
        pull_request: null,
        reviews: [review(id, listed?.date ?? second, { submitted_at: at(second) })],
        finished: false,
      });
    },
  },
  ...([issueComment, reviewComment] as const).map((toRow, index): Kind => ({
    kind: index === 0 ? "issue_comments" : "review_comments",
    table: "github.comments",
    async see(id, second, listed) {
      await mergeComments(db.store, listed ? inFetch(listed.date) : inPayload(second), {
        number: listed?.pullRequest ?? number,
        pull_request: null,
        comments: [toRow(id, second, { created_at: at(second) })],
        finished: false,
      });
    },
  })),
];

const finish = (kind: ListedKind, began = 10) =>
  finishListing(db.store, inFetch(began), { number, kinds: [kind], began_at: at(began) });

const deletions = async ({ table }: Kind) =>
  Object.fromEntries((await db.rows(table)).map((row) => [row["id"], row["deleted_at"]]));

test.each(kinds)("$kind: a row from before the listing that it lacks is deleted", async (kind) => {
  await kind.see(1, 3);
  await kind.see(2, 3);
  await kind.see(2, 3, { date: 10 });
  await kind.see(3, 3, { date: 11 });
  await finish(kind.kind);
  expect(await deletions(kind)).toEqual({ 1: at(10), 2: null, 3: null });
});

test.each(kinds)("$kind: a row that a delivery showed after the listing began is kept", async (kind) => {
  await kind.see(1, 9);
  await kind.see(2, 10);
  await kind.see(3, 11);
  await finish(kind.kind);
  expect(await deletions(kind)).toEqual({ 1: at(10), 2: null, 3: null });
});

test.each(kinds)(
  "$kind: a page with an earlier date than the first page belongs to the listing",
  async (kind) => {
    await kind.see(1, 3, { date: 10 });
    await kind.see(2, 3, { date: 9 }); // the second page, from a server whose clock is behind
    await finish(kind.kind, 9);
    expect(await deletions(kind)).toEqual({ 1: null, 2: null });
  },
);

test.each(kinds)("$kind: a listing without an end deletes nothing", async (kind) => {
  await kind.see(1, 3);
  await kind.see(2, 3, { date: 10 });
  expect(await deletions(kind)).toEqual({ 1: null, 2: null });
});

test.each(kinds)(
  "$kind: an interrupted listing does not keep rows that the complete one lacks",
  async (kind) => {
    await kind.see(1, 3, { date: 8 });
    await finish(kind.kind);
    expect(await deletions(kind)).toEqual({ 1: at(10) });
  },
);

test.each(kinds)("$kind: finishing a listing again changes nothing", async (kind) => {
  await kind.see(1, 3);
  await finish(kind.kind);
  const before = await db.rows(kind.table);
  await finish(kind.kind);
  await finish(kind.kind, 12);
  expect(await db.rows(kind.table)).toEqual(before);
});

test.each(kinds)("$kind: rows of other lists and other pull requests are kept", async (kind) => {
  for (const each of kinds) await each.see(1, 3);
  await kind.see(2, 3, { date: 8, pullRequest: number + 1 });
  await finish(kind.kind);
  for (const each of kinds.filter((other) => other !== kind)) {
    const rows = (await db.rows(each.table)).filter((row) => `${String(row["kind"])}_comments` !== kind.kind);
    expect(rows.map((row) => row["deleted_at"])).toEqual([null, ...rows.slice(1).map(() => null)]);
  }
  expect(await deletions(kind)).toMatchObject({ 2: null });
});

test.each(kinds)("$kind: the number of listed rows is GitHub's count", async (kind) => {
  await kind.see(1, 3);
  await kind.see(2, 3, { date: 10 });
  await kind.see(3, 3, { date: 10 });
  await finish(kind.kind);
  const column = kind.kind === "issue_comments" ? "comments" : kind.kind;
  expect(await db.rows("github.pull_requests")).toMatchObject([
    { [column]: 2, [`${column}_counted_at`]: at(10) },
  ]);
});

test("an old row that a delivery changed after the listing began is kept", async () => {
  const context = inPayload(12);
  const told = { number, pull_request: null, finished: true };
  await mergeReviews(db.store, context, { ...told, reviews: [review(1, 12, { submitted_at: at(3) })] });
  const comments = [issueComment(1, 12, { created_at: at(3) }), reviewComment(1, 12, { created_at: at(3) })];
  await mergeComments(db.store, context, { ...told, comments });
  await finishListing(db.store, inFetch(10), {
    number,
    kinds: ["reviews", "issue_comments", "review_comments"],
    began_at: at(10),
  });
  for (const kind of kinds) expect(await deletions(kind)).toEqual({ 1: null });
});

test("one call can end the listings of several lists", async () => {
  for (const kind of kinds) await kind.see(1, 3);
  await finishListing(db.store, inFetch(10), {
    number,
    kinds: ["issue_comments", "review_comments"],
    began_at: at(10),
  });
  const [submitted, ...comments] = kinds;
  expect(submitted && (await deletions(submitted))).toEqual({ 1: null });
  for (const kind of comments) expect(await deletions(kind)).toEqual({ 1: at(10) });
});

test("a delivered deletion keeps its time after a listing", async () => {
  const deleted = issueComment(1, 3, { deleted_at: at(5) });
  await mergeComments(db.store, inPayload(5), {
    number,
    pull_request: null,
    comments: [deleted],
    finished: true,
  });
  await finish("issue_comments");
  expect(await db.rows("github.comments")).toMatchObject([{ deleted_at: at(5), deletion_inferred: false }]);
});

test("a deleted comment in a lagging listing is not counted", async () => {
  const deleted = issueComment(1, 3, { deleted_at: at(9) });
  await mergeComments(db.store, inPayload(9), {
    number,
    pull_request: null,
    comments: [deleted],
    finished: true,
  });
  await mergeComments(db.store, inFetch(10), {
    number,
    pull_request: null,
    comments: [issueComment(1, 3), issueComment(2, 3)],
    finished: false,
  });
  await finish("issue_comments");
  expect(await db.rows("github.pull_requests")).toMatchObject([{ comments: 1 }]);
});
