import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { mergeComments } from "../../../src/lib/store/comments.ts";
import type { ListedKind } from "../../../src/lib/store/functions.ts";
import { finishListing } from "../../../src/lib/store/listings.ts";
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
  /** As a payload, or with `listed` as a page of a listing, showed it at that second. */
  see(id: number, second: number, listed?: { date: number; pullRequest?: number }): Promise<void>;
}

const kinds: Kind[] = [
  {
    kind: "submitted",
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
    kind: index === 0 ? "issue" : "review",
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

test.each(kinds)("$kind: what existed before the listing began and is not in it is gone", async (kind) => {
  await kind.see(1, 3);
  await kind.see(2, 3);
  await kind.see(2, 3, { date: 10 });
  await kind.see(3, 3, { date: 11 });
  await finish(kind.kind);
  expect(await deletions(kind)).toEqual({ 1: at(10), 2: null, 3: null });
});

test.each(kinds)("$kind: what a delivery showed since the listing began is kept", async (kind) => {
  await kind.see(1, 9);
  await kind.see(2, 10);
  await kind.see(3, 11);
  await finish(kind.kind);
  expect(await deletions(kind)).toEqual({ 1: at(10), 2: null, 3: null });
});

test.each(kinds)(
  "$kind: a page that says an earlier moment than the first is of the listing all the same",
  async (kind) => {
    await kind.see(1, 3, { date: 10 });
    await kind.see(2, 3, { date: 9 }); // the second page, from a server whose clock is behind
    await finish(kind.kind, 9);
    expect(await deletions(kind)).toEqual({ 1: null, 2: null });
  },
);

test.each(kinds)("$kind: pages without an end say nothing about absence", async (kind) => {
  await kind.see(1, 3);
  await kind.see(2, 3, { date: 10 });
  expect(await deletions(kind)).toEqual({ 1: null, 2: null });
});

test.each(kinds)(
  "$kind: a listing that broke off earlier does not keep what the complete one lacks",
  async (kind) => {
    await kind.see(1, 3, { date: 8 });
    await finish(kind.kind);
    expect(await deletions(kind)).toEqual({ 1: at(10) });
  },
);

test.each(kinds)("$kind: a listing finished again changes nothing", async (kind) => {
  await kind.see(1, 3);
  await finish(kind.kind);
  const before = await db.rows(kind.table);
  await finish(kind.kind);
  await finish(kind.kind, 12);
  expect(await db.rows(kind.table)).toEqual(before);
});

test.each(kinds)("$kind: other kinds and other pull requests are not in it and stay", async (kind) => {
  for (const each of kinds) await each.see(1, 3);
  await kind.see(2, 3, { date: 8, pullRequest: number + 1 });
  await finish(kind.kind);
  for (const each of kinds.filter((other) => other !== kind)) {
    const rows = (await db.rows(each.table)).filter((row) => row["kind"] !== kind.kind);
    expect(rows.map((row) => row["deleted_at"])).toEqual([null, ...rows.slice(1).map(() => null)]);
  }
  expect(await deletions(kind)).toMatchObject({ 2: null });
});

test.each(kinds)("$kind: the listing is GitHub's count, without what it lacks", async (kind) => {
  await kind.see(1, 3);
  await kind.see(2, 3, { date: 10 });
  await kind.see(3, 3, { date: 10 });
  await finish(kind.kind);
  const column = { submitted: "reviews", issue: "comments", review: "review_comments" }[kind.kind];
  expect(await db.rows("github.pull_requests")).toMatchObject([
    { [column]: 2, [`${column}_counted_at`]: at(10) },
  ]);
});

test("what is older than the listing, but was changed or seen by a delivery since it began, is kept", async () => {
  const context = inPayload(12);
  const told = { number, pull_request: null, finished: true };
  await mergeReviews(db.store, context, { ...told, reviews: [review(1, 12, { submitted_at: at(3) })] });
  const comments = [issueComment(1, 12, { created_at: at(3) }), reviewComment(1, 12, { created_at: at(3) })];
  await mergeComments(db.store, context, { ...told, comments });
  await finishListing(db.store, inFetch(10), {
    number,
    kinds: ["submitted", "issue", "review"],
    began_at: at(10),
  });
  for (const kind of kinds) expect(await deletions(kind)).toEqual({ 1: null });
});

test("several kinds end together", async () => {
  for (const kind of kinds) await kind.see(1, 3);
  await finishListing(db.store, inFetch(10), { number, kinds: ["issue", "review"], began_at: at(10) });
  const [submitted, ...comments] = kinds;
  expect(submitted && (await deletions(submitted))).toEqual({ 1: null });
  for (const kind of comments) expect(await deletions(kind)).toEqual({ 1: at(10) });
});

test("a comment whose deletion was delivered keeps the moment that was delivered", async () => {
  const deleted = issueComment(1, 3, { deleted_at: at(5) });
  await mergeComments(db.store, inPayload(5), {
    number,
    pull_request: null,
    comments: [deleted],
    finished: true,
  });
  await finish("issue");
  expect(await db.rows("github.comments")).toMatchObject([{ deleted_at: at(5), deletion_inferred: false }]);
});

test("a comment that a lagging listing still had, after its deletion was delivered, is not counted", async () => {
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
  await finish("issue");
  expect(await db.rows("github.pull_requests")).toMatchObject([{ comments: 1 }]);
});
