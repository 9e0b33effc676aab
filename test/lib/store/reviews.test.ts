import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { ReviewRow } from "../../../src/lib/records/rows.ts";
import type { CaptureContext, MergeOutcome } from "../../../src/lib/store/functions.ts";
import { finishListing } from "../../../src/lib/store/listings.ts";
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

test("a review is stored with every column, its author too when that account is deleted", async () => {
  const observed = review(1, 5, { author_id: null, author_association: null, body: null, commit_id: null });
  await mergeReviews(db.store, inPayload(5), {
    number,
    pull_request: partialPullRequest(5),
    reviews: [observed, review(2, 5)],
    finished: true,
  });
  const whole = { repository_id: repositoryId, pull_request_number: number, deleted_at: null };
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
  expect(await merge(inPayload(5), review(1, 5))).not.toHaveProperty("unsettled");
  expect(await theReview()).toEqual(before);
});

test("two payloads of one second that differ are unsettled, and the first stays", async () => {
  await merge(inPayload(5), review(1, 5, { body: "One" }));
  const { unsettled } = await merge(inPayload(5), review(1, 5, { body: "Other" }));
  expect(unsettled).toMatch(/^2026-01-01T00:00:05/);
  expect(await theReview()).toMatchObject({ body: "One" });
});

test("of several unsettled the newest second is told, since that has to be over", async () => {
  await merge(inPayload(9), review(1, 5), review(2, 9), review(3, 7));
  const others = [review(1, 5), review(2, 9), review(3, 7)].map((row) => ({ ...row, body: "Other" }));
  const { unsettled } = await merge(inPayload(9), ...others);
  expect(unsettled).toMatch(/^2026-01-01T00:00:09/);
});

test("a fetch beats the payloads before it, and a payload from after it beats the fetch", async () => {
  await merge(inPayload(5), review(1, 5));
  await merge(inFetch(8), review(1, 8, { body: "Fetched" }));
  expect(await theReview()).toMatchObject({ body: "Fetched", fetched_at: at(8), clock: at(8) });
  await merge(inPayload(7), review(1, 7));
  expect(await theReview()).toMatchObject({ body: "Fetched" });
  await merge(inPayload(9), review(1, 9));
  expect(await theReview()).toMatchObject({ body: "Body of 9", fetched_at: null });
});

test("a payload of the very second in which GitHub answered otherwise is unsettled", async () => {
  await merge(inFetch(8), review(1, 8, { body: "Fetched" }));
  expect(await merge(inPayload(8), review(1, 8))).toHaveProperty("unsettled");
});

describe("a dismissal is final", () => {
  test("when the approval arrives after it, even with a later clock", async () => {
    await merge(inPayload(5), review(1, 5, dismissed));
    expect(await merge(inPayload(6), review(1, 6))).not.toHaveProperty("unsettled");
    expect(await theReview()).toMatchObject({ state: "DISMISSED" });
  });

  test("when it arrives after an approval with a later clock", async () => {
    await merge(inPayload(6), review(1, 6));
    await merge(inPayload(5), review(1, 5, dismissed));
    expect(await theReview()).toMatchObject({ state: "DISMISSED" });
  });

  test("when it bears the second of the approval, which is not unsettled then", async () => {
    await merge(inPayload(5), review(1, 5));
    expect(await merge(inPayload(5), review(1, 5, dismissed))).not.toHaveProperty("unsettled");
    expect(await merge(inPayload(5), review(1, 5))).not.toHaveProperty("unsettled");
    expect(await theReview()).toMatchObject({ state: "DISMISSED" });
  });

  test("against a fetch that still shows the approval", async () => {
    await merge(inPayload(5), review(1, 5, dismissed));
    await merge(inFetch(9), review(1, 9));
    expect(await theReview()).toMatchObject({ state: "DISMISSED" });
  });

  test("also under the tombstone of a listing that lacked it", async () => {
    await merge(inPayload(5), review(1, 5, dismissed));
    await finishListing(db.store, inFetch(10), { number, kinds: ["submitted"], began_at: at(10) });
    await merge(inFetch(12), review(1, 12));
    expect(await theReview()).toMatchObject({ state: "DISMISSED" });
  });

  test("but what was dismissed may still be edited", async () => {
    await merge(inPayload(5), review(1, 5, dismissed));
    await merge(inPayload(6), review(1, 6, { ...dismissed, body: "Edited" }));
    expect(await theReview()).toMatchObject({ state: "DISMISSED", body: "Edited", clock: at(6) });
  });
});

/** The review of 5 is not in the listing that begins at 10. */
async function bury(): Promise<void> {
  await merge(inPayload(5), review(1, 5));
  await finishListing(db.store, inFetch(10), { number, kinds: ["submitted"], began_at: at(10) });
  expect(await theReview()).toMatchObject({ deleted_at: at(10) });
}

describe("a review that a complete listing lacked", () => {
  test("is not brought back by the delivery that was stored before, sent again", async () => {
    await bury();
    const before = await theReview();
    expect(await merge(inPayload(5), review(1, 5))).not.toHaveProperty("unsettled");
    expect(await theReview()).toEqual(before);
  });

  test("is not brought back by a delivery from before the listing that comes late", async () => {
    await bury();
    expect(await merge(inPayload(7), review(1, 7, { body: "Edited" }))).not.toHaveProperty("unsettled");
    expect(await theReview()).toMatchObject({ deleted_at: at(10) });
  });

  test.each([
    ["payload", inPayload(12)],
    ["fetch", inFetch(12)],
  ])("is back when a newer %s shows it", async (_, context) => {
    await bury();
    await merge(context, review(1, 12));
    expect(await theReview()).toMatchObject({ deleted_at: null, body: "Body of 12" });
  });
});
