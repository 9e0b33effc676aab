import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { ReviewRow } from "../../../src/lib/records/review.ts";
import type { CaptureContext } from "../../../src/lib/store/context-types.ts";
import type { MergeOutcome } from "../../../src/lib/store/merge-types.ts";
import { finishListing } from "./finish-listing.ts";
import { mergeReviews } from "../../../src/lib/store/reviews.ts";
import { openStore, type TestStore } from "./open-store.ts";
import { at, inFetch, inPayload, number, partialPullRequest, repositoryId, review } from "./observations.ts";

let db: TestStore;

beforeAll(async () => {
  db = await openStore();
});
beforeEach(() => db.clear());
afterAll(() => db.close());

async function merge(context: CaptureContext, ...reviews: ReviewRow[]): Promise<MergeOutcome> {
  return mergeReviews(db.store, context, { number, pull_request: null, reviews, finished: true });
}

const theReview = async () => (await db.rows("github.reviews"))[0];

const dismissed = { state: "DISMISSED" };

test("a review is stored with every column, also after its author was deleted", async () => {
  const observed = review(1, 5, { author_id: null, author_association: null, body: null, commit_id: null });
  await mergeReviews(db.store, inPayload(5), {
    number,
    pull_request: partialPullRequest(5),
    reviews: [observed, review(2, 5)],
    finished: true,
  });
  const whole = {
    column_clocks: {},
    repository_id: repositoryId,
    pull_request_number: number,
    deleted_at: null,
  };
  expect(await db.rows("github.reviews")).toEqual([
    { ...observed, ...whole, fetched_at: null, listed_at: null },
    { ...review(2, 5), ...whole, fetched_at: null, listed_at: null },
  ]);
});

test("a newer observation replaces every column", async () => {
  await merge(inPayload(2), review(1, 2));
  const newer: ReviewRow = {
    id: 1,
    author_id: 13,
    author_association: "NONE",
    state: "CHANGES_REQUESTED",
    body: "Otherwise",
    commit_id: "cccc",
    submitted_at: at(2),
    clock: at(5),
  };
  await merge(inPayload(5), newer);
  expect(await theReview()).toMatchObject(newer);
});

test("an older observation changes nothing", async () => {
  await merge(inPayload(5), review(1, 5));
  const before = await theReview();
  expect(await merge(inPayload(4), review(1, 4, { state: "COMMENTED" }))).toEqual({
    details_needed: expect.any(Boolean),
  });
  expect(await theReview()).toEqual(before);
});

test("the same observation again changes nothing", async () => {
  await merge(inPayload(5), review(1, 5));
  const before = await theReview();
  expect(await merge(inPayload(5), review(1, 5))).not.toHaveProperty("ambiguous");
  expect(await theReview()).toEqual(before);
});

test("two payloads of one second that differ are ambiguous, and the first stays", async () => {
  await merge(inPayload(5), review(1, 5, { body: "One" }));
  const { ambiguous } = await merge(inPayload(5), review(1, 5, { body: "Other" }));
  expect(ambiguous).toMatch(/^2026-01-01T00:00:05/);
  expect(await theReview()).toMatchObject({ body: "One" });
});

test("the newest of several ambiguous clocks is returned", async () => {
  await merge(inPayload(9), review(1, 5), review(2, 9), review(3, 7));
  const others = [review(1, 5), review(2, 9), review(3, 7)].map((row) => ({ ...row, body: "Other" }));
  const { ambiguous } = await merge(inPayload(9), ...others);
  expect(ambiguous).toMatch(/^2026-01-01T00:00:09/);
});

test("a fetch replaces earlier payloads, and a later payload replaces the fetch", async () => {
  await merge(inPayload(5), review(1, 5));
  await merge(inFetch(8), review(1, 8, { body: "Fetched" }));
  expect(await theReview()).toMatchObject({ body: "Fetched", fetched_at: at(8), clock: at(8) });
  await merge(inPayload(7), review(1, 7));
  expect(await theReview()).toMatchObject({ body: "Fetched" });
  await merge(inPayload(9), review(1, 9));
  expect(await theReview()).toMatchObject({ body: "Body of 9", fetched_at: null });
});

test("a payload is ambiguous with a different answer from the same second", async () => {
  await merge(inFetch(8), review(1, 8, { body: "Fetched" }));
  expect(await merge(inPayload(8), review(1, 8))).toHaveProperty("ambiguous");
});

describe("a dismissal", () => {
  test("a late approval does not undo a dismissal, even with a later clock", async () => {
    await merge(inPayload(5), review(1, 5, dismissed));
    expect(await merge(inPayload(6), review(1, 6))).not.toHaveProperty("ambiguous");
    expect(await theReview()).toMatchObject({ state: "DISMISSED" });
  });

  test("a late dismissal replaces an approval with a later clock", async () => {
    await merge(inPayload(6), review(1, 6));
    await merge(inPayload(5), review(1, 5, dismissed));
    expect(await theReview()).toMatchObject({ state: "DISMISSED" });
  });

  test("a dismissal in the second of the approval is not ambiguous", async () => {
    await merge(inPayload(5), review(1, 5));
    expect(await merge(inPayload(5), review(1, 5, dismissed))).not.toHaveProperty("ambiguous");
    expect(await merge(inPayload(5), review(1, 5))).not.toHaveProperty("ambiguous");
    expect(await theReview()).toMatchObject({ state: "DISMISSED" });
  });

  test("a fetch that still shows the approval does not undo a dismissal", async () => {
    await merge(inPayload(5), review(1, 5, dismissed));
    await merge(inFetch(9), review(1, 9));
    expect(await theReview()).toMatchObject({ state: "DISMISSED" });
  });

  test("a tombstone does not undo a dismissal", async () => {
    await merge(inPayload(5), review(1, 5, dismissed));
    await finishListing(db.store, inFetch(10), { number, kinds: ["reviews"], began_at: at(10) });
    await merge(inFetch(12), review(1, 12));
    expect(await theReview()).toMatchObject({ state: "DISMISSED" });
  });

  test("a dismissed review can be edited", async () => {
    await merge(inPayload(5), review(1, 5, dismissed));
    await merge(inPayload(6), review(1, 6, { ...dismissed, body: "Edited" }));
    expect(await theReview()).toMatchObject({ state: "DISMISSED", body: "Edited", clock: at(6) });
  });
});

/** The review of 5 is not in the listing that begins at 10. */
async function bury(): Promise<void> {
  await merge(inPayload(5), review(1, 5));
  await finishListing(db.store, inFetch(10), { number, kinds: ["reviews"], began_at: at(10) });
  expect(await theReview()).toMatchObject({ deleted_at: at(10) });
}

describe("a review that a complete listing lacked", () => {
  test("a redelivery does not restore the review", async () => {
    await bury();
    const before = await theReview();
    expect(await merge(inPayload(5), review(1, 5))).not.toHaveProperty("ambiguous");
    expect(await theReview()).toEqual(before);
  });

  test("a late delivery from before the listing does not restore the review", async () => {
    await bury();
    expect(await merge(inPayload(7), review(1, 7, { body: "Edited" }))).not.toHaveProperty("ambiguous");
    expect(await theReview()).toMatchObject({ deleted_at: at(10) });
  });

  test.each([
    ["payload", inPayload(12)],
    ["fetch", inFetch(12)],
  ])("a newer %s restores the review", async (_, context) => {
    await bury();
    await merge(context, review(1, 12));
    expect(await theReview()).toMatchObject({ deleted_at: null, body: "Body of 12" });
  });
});
