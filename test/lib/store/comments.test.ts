import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { CommentRow } from "../../../src/lib/records/comment.ts";
import { mergeComments, mergeThreads } from "../../../src/lib/store/comments.ts";
import type { CaptureContext } from "../../../src/lib/store/context-types.ts";
import type { MergeOutcome } from "../../../src/lib/store/merge-types.ts";
import { finishListing } from "./finish-listing.ts";
import { openStore, type TestStore } from "./open-store.ts";
import {
  at,
  inFetch,
  inPayload,
  issueComment,
  number,
  partialPullRequest,
  repositoryId,
  reviewComment,
} from "./observations.ts";

let db: TestStore;

beforeAll(async () => {
  db = await openStore();
});
beforeEach(() => db.clear());
afterAll(() => db.close());

async function merge(context: CaptureContext, ...comments: CommentRow[]): Promise<MergeOutcome> {
  return mergeComments(db.store, context, { number, pull_request: null, comments, finished: true });
}

const theComment = async () => (await db.rows("github.comments"))[0];

const clocks = {
  column_clocks: {},
  deleted_at: null,
  deletion_inferred: false,
  fetched_at: null,
  listed_at: null,
  resolved: null,
  resolved_clock: null,
  resolved_fetched_at: null,
};

test("an issue comment and a review comment with the same id are two rows", async () => {
  const inConversation = issueComment(1, 5, { author_id: null });
  const onDiff = reviewComment(1, 5, {
    in_reply_to_id: 3,
    original_start_line: 4,
    start_side: "LEFT",
    author_association: null,
  });
  await mergeComments(db.store, inPayload(5), {
    number,
    pull_request: partialPullRequest(5),
    comments: [onDiff, inConversation],
    finished: true,
  });
  const where = { repository_id: repositoryId, pull_request_number: number };
  expect(await db.rows("github.comments")).toEqual([
    {
      ...where,
      ...clocks,
      ...inConversation,
      pull_request_review_id: null,
      in_reply_to_id: null,
      path: null,
      diff_hunk: null,
      original_commit_id: null,
      original_position: null,
      original_line: null,
      original_start_line: null,
      side: null,
      start_side: null,
      subject_type: null,
    },
    { ...where, ...clocks, ...onDiff },
  ]);
});

test("a newer observation replaces every column", async () => {
  await merge(inPayload(2), reviewComment(1, 2));
  const newer: CommentRow = {
    kind: "review",
    id: 1,
    author_id: 13,
    author_association: "NONE",
    body: "Otherwise",
    created_at: at(2),
    updated_at: at(5),
    pull_request_review_id: 91,
    in_reply_to_id: 4,
    path: "src/b.ts",
    diff_hunk: "@@ -2 +2 @@",
    original_commit_id: "cccc",
    original_position: 2,
    original_line: 3,
    original_start_line: 1,
    side: "LEFT",
    start_side: "LEFT",
    subject_type: "file",
  };
  await merge(inPayload(5), newer);
  expect(await theComment()).toMatchObject(newer);
});

test("an older observation changes nothing", async () => {
  await merge(inPayload(5), issueComment(1, 5));
  const before = await theComment();
  expect(await merge(inPayload(4), issueComment(1, 4))).not.toHaveProperty("ambiguous");
  expect(await merge(inFetch(9), issueComment(1, 4))).not.toHaveProperty("ambiguous");
  expect(await theComment()).toEqual({ ...before, listed_at: at(9) });
});

test("two payloads of one second that differ are ambiguous, and the first stays", async () => {
  await merge(inPayload(5), issueComment(1, 5, { body: "One" }));
  const { ambiguous } = await merge(inPayload(5), issueComment(1, 5, { body: "Other" }));
  expect(ambiguous).toMatch(/^2026-01-01T00:00:05/);
  expect(await theComment()).toMatchObject({ body: "One" });
});

test("a fetch replaces a payload of the same second, and later payloads of that second are older", async () => {
  await merge(inPayload(5), issueComment(1, 5, { body: "One" }));
  await merge(inFetch(8), issueComment(1, 5, { body: "Other" }));
  expect(await theComment()).toMatchObject({ body: "Other", fetched_at: at(8) });
  expect(await merge(inPayload(5), issueComment(1, 5, { body: "One" }))).not.toHaveProperty("ambiguous");
  expect(await theComment()).toMatchObject({ body: "Other" });
});

test("a fetch that confirms a payload makes other payloads of that second older", async () => {
  await merge(inPayload(5), issueComment(1, 5, { body: "One" }));
  await merge(inFetch(8), issueComment(1, 5, { body: "One" }));
  expect(await merge(inPayload(5), issueComment(1, 5, { body: "Other" }))).not.toHaveProperty("ambiguous");
  expect(await theComment()).toMatchObject({ body: "One", fetched_at: at(8) });
});

describe("a delivered deletion", () => {
  const deletion = (second: number, deletedAt: number) =>
    issueComment(1, second, { deleted_at: at(deletedAt) });

  test("a delivered deletion keeps the comment's last content in a tombstone", async () => {
    await merge(inPayload(5), issueComment(1, 5));
    await merge(inPayload(9), deletion(8, 9));
    expect(await theComment()).toMatchObject({
      deleted_at: at(9),
      deletion_inferred: false,
      body: "Body of 8",
    });
  });

  test("a late creation does not undo a delivered deletion", async () => {
    await merge(inPayload(9), deletion(5, 9));
    const before = await theComment();
    await merge(inPayload(5), issueComment(1, 5));
    expect(before).toMatchObject({ deleted_at: at(9) });
    expect(await theComment()).toEqual(before);
  });

  test.each([
    ["payload of a later second", inPayload(12)],
    ["fetch", inFetch(12)],
  ])("a delivered deletion is not undone by a %s", async (_, context) => {
    await merge(inPayload(9), deletion(5, 9));
    expect(await merge(context, issueComment(1, 12))).not.toHaveProperty("ambiguous");
    expect(await theComment()).toMatchObject({ deleted_at: at(9), body: "Body of 5" });
  });

  test("a delivered deletion is not ambiguous with another payload of its second", async () => {
    await merge(inPayload(5), issueComment(1, 5, { body: "One" }));
    expect(await merge(inPayload(5), deletion(5, 5))).not.toHaveProperty("ambiguous");
    expect(await merge(inPayload(5), issueComment(1, 5, { body: "One" }))).not.toHaveProperty("ambiguous");
    expect(await theComment()).toMatchObject({ deleted_at: at(5) });
  });

  test("a delivered deletion replaces an inferred one and is then final", async () => {
    await merge(inPayload(5), issueComment(1, 5));
    await finishListing(db.store, inFetch(10), { number, kinds: ["issue_comments"], began_at: at(10) });
    await merge(inPayload(9), deletion(5, 9));
    expect(await theComment()).toMatchObject({ deleted_at: at(9), deletion_inferred: false });
    await merge(inFetch(12), issueComment(1, 12));
    expect(await theComment()).toMatchObject({ deleted_at: at(9) });
  });

  test("a delivered deletion does not delete the comment of the other kind with the same id", async () => {
    await merge(inPayload(5), issueComment(1, 5), reviewComment(1, 5));
    await merge(inPayload(9), deletion(5, 9));
    expect(await db.rows("github.comments")).toMatchObject([
      { kind: "issue", deleted_at: at(9) },
      { kind: "review", deleted_at: null },
    ]);
  });
});

/** The comment of 5 is not in the listing that begins at 10. */
async function bury(): Promise<void> {
  await merge(inPayload(5), issueComment(1, 5));
  await finishListing(db.store, inFetch(10), { number, kinds: ["issue_comments"], began_at: at(10) });
  expect(await theComment()).toMatchObject({ deleted_at: at(10), deletion_inferred: true });
}

describe("an inferred deletion", () => {
  test.each([
    ["payload of before", inPayload(7), issueComment(1, 7)],
    ["payload sent again", inPayload(5), issueComment(1, 5)],
    ["answer of before", inFetch(9), issueComment(1, 5)],
  ])("an inferred deletion is not undone by a late %s", async (_, context, late) => {
    await bury();
    expect(await merge(context, late)).not.toHaveProperty("ambiguous");
    expect(await theComment()).toMatchObject({ deleted_at: at(10) });
  });

  test.each([
    ["payload that shows it edited since", inPayload(12), issueComment(1, 12)],
    ["listing that has it, though nothing changed", inFetch(12), issueComment(1, 5)],
  ])("an inferred deletion is undone by a %s", async (_, context, seen) => {
    await bury();
    await merge(context, seen);
    expect(await theComment()).toMatchObject({ deleted_at: null, deletion_inferred: false, body: seen.body });
  });
});

/** A thread's first comment, whether the thread was resolved, and when that was seen. */
const first = (resolved: boolean, clock: number) =>
  reviewComment(1, 2, { resolved, resolved_clock: at(clock) });

describe("a review thread", () => {
  test("a thread is recorded on its first comment, which the payload can create", async () => {
    await merge(inPayload(5), first(true, 5), reviewComment(2, 3, { in_reply_to_id: 1 }));
    expect(await db.rows("github.comments")).toMatchObject([
      { id: 1, resolved: true, resolved_clock: at(5), resolved_fetched_at: null },
      { id: 2, resolved: null, resolved_clock: null },
    ]);
  });

  test("a thread stays resolved after a newer or older edit of its first comment", async () => {
    await merge(inPayload(5), first(true, 5));
    await merge(inPayload(9), reviewComment(1, 9));
    expect(await theComment()).toMatchObject({ resolved: true, body: "Body of 9" });
    await merge(inPayload(7), reviewComment(1, 7));
    expect(await theComment()).toMatchObject({ resolved: true, resolved_clock: at(5), body: "Body of 9" });
  });

  test("a thread has a clock of its own", async () => {
    await merge(inPayload(9), reviewComment(1, 9));
    await merge(inPayload(6), first(false, 6));
    await merge(inPayload(5), first(true, 5));
    expect(await theComment()).toMatchObject({ resolved: false, resolved_clock: at(6), body: "Body of 9" });
  });

  test("a thread that is resolved and unresolved in one second is ambiguous", async () => {
    await merge(inPayload(5), first(true, 5));
    const { ambiguous } = await merge(inPayload(5), first(false, 5));
    expect(ambiguous).toMatch(/^2026-01-01T00:00:05/);
    expect(await theComment()).toMatchObject({ resolved: true });
  });

  test("a duplicate thread payload is not ambiguous", async () => {
    await merge(inPayload(5), first(true, 5));
    expect(await merge(inPayload(5), first(true, 5))).not.toHaveProperty("ambiguous");
  });

  test("a fetched thread is newer than every payload before the answer", async () => {
    await merge(inPayload(5), first(true, 5), reviewComment(2, 3));
    await mergeThreads(db.store, inFetch(8), [
      { comment_id: 2, resolved: false },
      { comment_id: 1, resolved: false },
    ]);
    await merge(inPayload(7), first(true, 7));
    expect(await db.rows("github.comments")).toMatchObject([
      { id: 1, resolved: false, resolved_clock: at(8), resolved_fetched_at: at(8) },
      { id: 2, resolved: false, resolved_clock: at(8) },
    ]);
  });

  test("a fetched thread without a captured review comment writes nothing", async () => {
    await merge(inPayload(5), issueComment(1, 5));
    const before = await db.rows("github.comments");
    await mergeThreads(db.store, inFetch(8), [{ comment_id: 1, resolved: true }]);
    expect(await db.rows("github.comments")).toEqual(before);
  });
});
