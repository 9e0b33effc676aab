import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { PartialPullRequestRow } from "../../../src/lib/records/rows.ts";
import type { CaptureContext } from "../../../src/lib/store/functions.ts";
import { finishListing } from "../../../src/lib/store/listings.ts";
import { mergeComments } from "../../../src/lib/store/comments.ts";
import { mergePullRequest } from "../../../src/lib/store/pull-requests.ts";
import { mergeReviews } from "../../../src/lib/store/reviews.ts";
import { openStore, type TestStore } from "./open-store.ts";
import {
  at,
  inFetch,
  inPayload,
  issueComment,
  number,
  partialPullRequest,
  pullRequest,
  repositoryId,
} from "./observations.ts";

let db: TestStore;

beforeAll(async () => {
  db = await openStore();
});
beforeEach(() => db.clear());
afterAll(() => db.close());

async function theRow(): Promise<Record<string, unknown>> {
  const [row, ...others] = await db.rows("github.pull_requests");
  expect(others).toEqual([]);
  return row ?? {};
}

/** A review's or comment's payload, of which only what it says of the pull request matters. */
async function mergePartial(
  context: CaptureContext,
  pull_request: PartialPullRequestRow | null,
): Promise<{ details_needed: boolean }> {
  return mergeReviews(db.store, context, { number, pull_request, reviews: [], finished: true });
}

const everyColumn = pullRequest(2, {
  id: 71,
  title: "Another title",
  body: "A body",
  state: "closed",
  draft: true,
  locked: true,
  active_lock_reason: "spam",
  author_id: 21,
  author_association: "CONTRIBUTOR",
  created_at: at(-5),
  closed_at: at(1),
  merged_at: at(2),
  head_ref: "other",
  head_sha: "cccc",
  head_repository_id: 1002,
  base_ref: "release",
  base_sha: "dddd",
  labels: ["bug", "help wanted"],
  assignees: [21, 22],
  requested_reviewers: [23, 24],
  requested_teams: ["core", "web"],
  milestone_number: 3,
  milestone_title: "v2",
  auto_merge_method: "squash",
  merged: true,
  merged_by_id: 25,
  merge_commit_sha: "eeee",
  additions: 30,
  deletions: 20,
  changed_files: 10,
  commits: 5,
  comments: 6,
  review_comments: 7,
});

const neverCaptured = { files_head_sha: null, files_base_ref: null, files_truncated: false };

describe("a full observation", () => {
  test("a newer one replaces every captured column", async () => {
    await mergePullRequest(db.store, inPayload(1, { job: { event_id: "first" } }), pullRequest(1));
    const outcome = await mergePullRequest(db.store, inPayload(2), everyColumn);
    expect(outcome).toMatchObject({
      number,
      outcome: "newer",
      clock: expect.stringMatching(/^2026-01-01T00:00:02/),
    });
    expect(await theRow()).toEqual({
      ...everyColumn,
      ...neverCaptured,
      repository_id: repositoryId,
      reviews: null,
      details_clock: at(2),
      details_fetched_at: null,
      details_requested_by: "first",
      reviewers_clock: at(2),
      reviewers_fetched_at: null,
      comments_counted_at: at(2),
      review_comments_counted_at: at(2),
      reviews_counted_at: null,
    });
  });

  test("an older one changes nothing", async () => {
    await mergePullRequest(db.store, inPayload(2), everyColumn);
    const before = await theRow();
    expect(await mergePullRequest(db.store, inPayload(1), pullRequest(1))).toMatchObject({
      outcome: "older",
      clock: expect.stringMatching(/^2026-01-01T00:00:02/),
    });
    expect(await theRow()).toEqual(before);
  });

  test("the same one again changes nothing", async () => {
    await mergePullRequest(db.store, inPayload(2), everyColumn);
    const before = await theRow();
    expect(await mergePullRequest(db.store, inPayload(2), everyColumn)).toMatchObject({ outcome: "same" });
    expect(await theRow()).toEqual(before);
  });

  test.each(Object.entries(everyColumn).filter(([column]) => !isNoContent(column)))(
    "two payloads of one second that differ in %s are unsettled, and the first stays",
    async (column, value) => {
      await mergePullRequest(db.store, inPayload(2), pullRequest(2));
      const before = await theRow();
      const other = { ...pullRequest(2), [column]: value };
      expect(await mergePullRequest(db.store, inPayload(2), other)).toMatchObject({
        outcome: "unsettled",
        clock: expect.stringMatching(/^2026-01-01T00:00:02/),
      });
      expect(await theRow()).toEqual(before);
    },
  );

  test("a deleted author and a deleted fork are null", async () => {
    const orphaned = pullRequest(1, { author_id: null, head_repository_id: null });
    await mergePullRequest(db.store, inPayload(1), orphaned);
    expect(await theRow()).toMatchObject({ author_id: null, head_repository_id: null });
  });
});

/** Its key, its clock, GitHub's counts, and what differs by who asks: in those two observations of a second may differ without contradiction. */
function isNoContent(column: string): boolean {
  return ["number", "updated_at", "comments", "review_comments", "author_association"].includes(column);
}

describe("fetches and payloads of one second", () => {
  const one = pullRequest(5, { title: "One" });
  const other = pullRequest(5, { title: "Other" });

  test("a fetch beats a payload", async () => {
    await mergePullRequest(db.store, inPayload(5), one);
    expect(await mergePullRequest(db.store, inFetch(8), other)).toMatchObject({ outcome: "newer" });
    expect(await theRow()).toMatchObject({ title: "Other", details_fetched_at: at(8) });
  });

  test("a later fetch beats an earlier one, and not the other way round", async () => {
    await mergePullRequest(db.store, inFetch(8), one);
    expect(await mergePullRequest(db.store, inFetch(9), other)).toMatchObject({ outcome: "newer" });
    expect(await mergePullRequest(db.store, inFetch(8), one)).toMatchObject({ outcome: "older" });
    expect(await theRow()).toMatchObject({ title: "Other", details_fetched_at: at(9) });
  });

  test("two answers of one moment that differ are unsettled", async () => {
    await mergePullRequest(db.store, inFetch(8), one);
    expect(await mergePullRequest(db.store, inFetch(8), other)).toMatchObject({ outcome: "unsettled" });
    expect(await theRow()).toMatchObject({ title: "One" });
  });

  test("a payload of a second that was over when GitHub answered is older than the answer", async () => {
    await mergePullRequest(db.store, inFetch(6), one);
    expect(await mergePullRequest(db.store, inPayload(5), other)).toMatchObject({ outcome: "older" });
    expect(await theRow()).toMatchObject({ title: "One" });
  });

  test("a payload of the second in which GitHub answered may be later than the answer: it is unsettled", async () => {
    await mergePullRequest(db.store, inFetch(5), one);
    expect(await mergePullRequest(db.store, inPayload(5), other)).toMatchObject({ outcome: "unsettled" });
  });

  test("a fetch that only confirms a payload still makes the second's other payloads older", async () => {
    await mergePullRequest(db.store, inPayload(5), one);
    expect(await mergePullRequest(db.store, inFetch(8), one)).toMatchObject({ outcome: "same" });
    expect(await mergePullRequest(db.store, inPayload(5), other)).toMatchObject({ outcome: "older" });
    expect(await theRow()).toMatchObject({ title: "One", details_fetched_at: at(8) });
  });

  test("an earlier fetch that confirms does not move the moment of the fetch back", async () => {
    await mergePullRequest(db.store, inFetch(9), one);
    await mergePullRequest(db.store, inFetch(8), one);
    expect(await theRow()).toMatchObject({ details_fetched_at: at(9) });
  });

  test("a fetch that shows less than the row has read a lagging replica, and changes nothing", async () => {
    await mergePullRequest(db.store, inPayload(5), pullRequest(5, { comments: 4, review_comments: 3 }));
    const before = await theRow();
    const lagging = pullRequest(4, { comments: 3, review_comments: 2 });
    expect(await mergePullRequest(db.store, inFetch(9), lagging)).toMatchObject({ outcome: "older" });
    expect(await theRow()).toEqual(before);
  });

  test("a newer payload after a fetch is newer, and tells that it was no fetch", async () => {
    await mergePullRequest(db.store, inFetch(8), one);
    expect(await mergePullRequest(db.store, inPayload(9), pullRequest(9))).toMatchObject({
      outcome: "newer",
    });
    expect(await theRow()).toMatchObject({ title: "Title of 9", details_fetched_at: null });
  });
});

describe("a partial observation", () => {
  test("raises updated_at and leaves every other column", async () => {
    await mergePullRequest(db.store, inPayload(2), everyColumn);
    const before = await theRow();
    await mergePartial(inPayload(5), partialPullRequest(5, { title: "From a review" }));
    expect(await theRow()).toEqual({ ...before, updated_at: at(5) });
  });

  test("never lowers updated_at", async () => {
    await mergePullRequest(db.store, inPayload(2), everyColumn);
    await mergePartial(inPayload(1), partialPullRequest(1));
    expect(await theRow()).toMatchObject({ updated_at: at(2) });
  });

  test("does not make a delayed full one look old", async () => {
    await mergePullRequest(db.store, inPayload(1), pullRequest(1));
    await mergePartial(inPayload(9), partialPullRequest(9));
    expect(await mergePullRequest(db.store, inPayload(5), pullRequest(5, { additions: 99 }))).toMatchObject({
      outcome: "newer",
    });
    expect(await theRow()).toMatchObject({ additions: 99, details_clock: at(5), updated_at: at(9) });
  });

  test("tells who is asked for a review: a review takes its author out, and no webhook but its own says so", async () => {
    await mergePullRequest(db.store, inPayload(2), everyColumn);
    const before = await theRow();
    const reviewed = partialPullRequest(5, { requested_reviewers: [24], requested_teams: ["core"] });
    expect(await mergePartial(inPayload(5), reviewed)).toEqual({ details_needed: false });
    const { requested_reviewers, requested_teams } = reviewed;
    const after = { requested_reviewers, requested_teams, reviewers_clock: at(5), updated_at: at(5) };
    expect(await theRow()).toEqual({ ...before, ...after });

    await mergePullRequest(db.store, inPayload(4), { ...everyColumn, title: "Late", updated_at: at(4) });
    expect(await theRow()).toMatchObject({ ...after, title: "Late", details_clock: at(4) });
  });

  test("that shows other reviewers than were seen of the same second is left to GitHub", async () => {
    await mergePullRequest(db.store, inPayload(2), everyColumn);
    const reviewed = partialPullRequest(2, { requested_reviewers: [24], requested_teams: [] });
    expect(await mergePartial(inPayload(2), reviewed)).toMatchObject({
      reviewers_unsettled: expect.stringMatching(/^2026-01-01T00:00:02/),
    });
    expect(await theRow()).toMatchObject({ requested_reviewers: [23, 24] });

    await mergePullRequest(db.store, inFetch(8), { ...everyColumn, requested_reviewers: [24] });
    expect(await theRow()).toMatchObject({ requested_reviewers: [24] });
    expect(await mergePartial(inPayload(2), reviewed)).toEqual({ details_needed: false });
  });

  test("of the issue side, in a comment's payload, does the same", async () => {
    await mergePullRequest(db.store, inPayload(2), everyColumn);
    const before = await theRow();
    await mergeComments(db.store, inPayload(5), {
      number,
      pull_request: partialPullRequest(5, { id: null }),
      comments: [issueComment(1, 5)],
      finished: true,
    });
    expect(await theRow()).toEqual({ ...before, updated_at: at(5) });
  });
});

describe("a stub", () => {
  test("bears what the partial observation told, and no sizes", async () => {
    const { head_ref, head_sha, base_ref, base_sha } = pullRequest(5);
    const partial = partialPullRequest(5, { head_ref, head_sha, base_ref, base_sha, labels: ["bug"] });
    await mergePartial(inPayload(5, { job: { event_id: "review" } }), partial);
    expect(await theRow()).toEqual({
      ...partial,
      ...neverCaptured,
      repository_id: repositoryId,
      head_repository_id: null,
      assignees: [],
      requested_reviewers: [],
      requested_teams: [],
      milestone_number: null,
      milestone_title: null,
      auto_merge_method: null,
      merged: null,
      merged_by_id: null,
      merge_commit_sha: null,
      additions: null,
      deletions: null,
      changed_files: null,
      commits: null,
      comments: null,
      review_comments: null,
      reviews: null,
      details_clock: null,
      details_fetched_at: null,
      details_requested_by: "review",
      reviewers_clock: null,
      reviewers_fetched_at: null,
      comments_counted_at: null,
      review_comments_counted_at: null,
      reviews_counted_at: null,
    });
  });

  test("needs its details, asked for by the event that made it, however often that runs, and by no other", async () => {
    const first = inPayload(5, { job: { event_id: "first" } });
    const second = inPayload(6, { job: { event_id: "second" } });
    expect(await mergePartial(first, partialPullRequest(5))).toMatchObject({ details_needed: true });
    expect(await mergePartial(second, partialPullRequest(6))).toMatchObject({ details_needed: false });
    expect(await mergePartial(first, partialPullRequest(5))).toMatchObject({ details_needed: true });
  });

  test("keeps what made it until its details come, and only its updated_at is raised", async () => {
    await mergePartial(inPayload(5), partialPullRequest(5));
    const before = await theRow();
    await mergePartial(inPayload(6), partialPullRequest(6));
    expect(await theRow()).toEqual({ ...before, updated_at: at(6) });
  });

  test("needs no more details once they have come", async () => {
    const first = inPayload(5, { job: { event_id: "first" } });
    await mergePartial(first, partialPullRequest(5));
    await mergePullRequest(db.store, inPayload(6), pullRequest(6));
    expect(await mergePartial(first, partialPullRequest(5))).toMatchObject({ details_needed: false });
  });

  test("is filled by a full observation, even an older one", async () => {
    await mergePartial(inPayload(9), partialPullRequest(9));
    expect(await mergePullRequest(db.store, inPayload(5), pullRequest(5))).toMatchObject({
      outcome: "newer",
    });
    expect(await theRow()).toMatchObject({
      title: "Title of 5",
      additions: 3,
      details_clock: at(5),
      updated_at: at(9),
    });
  });

  test("that a listing made takes what the first partial observation tells", async () => {
    await mergePartial(inFetch(3), null);
    await mergePartial(inPayload(5), partialPullRequest(5));
    expect(await theRow()).toMatchObject({ updated_at: at(5), title: "Title of 5" });
  });

  test("that a listing made does not hide how new a partial observation was", async () => {
    await mergePartial(inFetch(3), null);
    await mergePartial(inPayload(9), partialPullRequest(9));
    await mergePullRequest(db.store, inPayload(5), pullRequest(5));
    expect(await theRow()).toMatchObject({ updated_at: at(9), details_clock: at(5) });
  });
});

describe("GitHub's counts", () => {
  const counts = (comments: number, review_comments: number) => ({ comments, review_comments });

  test("an older payload does not undo a newer one's", async () => {
    await mergePullRequest(db.store, inPayload(5), pullRequest(5, counts(4, 3)));
    await mergePullRequest(db.store, inPayload(4), pullRequest(4, counts(2, 1)));
    expect(await theRow()).toMatchObject({ ...counts(4, 3), comments_counted_at: at(5) });
  });

  test("a fetch counts at the moment of its answer, not at the pull request's clock", async () => {
    await mergePullRequest(db.store, inPayload(5), pullRequest(5, counts(4, 3)));
    await mergePullRequest(db.store, inFetch(9), pullRequest(5, counts(6, 5)));
    expect(await theRow()).toMatchObject({
      ...counts(6, 5),
      comments_counted_at: at(9),
      review_comments_counted_at: at(9),
      details_clock: at(5),
    });
  });

  test("a complete listing counts its kind, and leaves the other kinds' counts", async () => {
    await mergePullRequest(db.store, inPayload(5), pullRequest(5, counts(4, 3)));
    await mergeComments(db.store, inFetch(9), {
      number,
      pull_request: null,
      comments: [issueComment(1, 4), issueComment(2, 4)],
      finished: false,
    });
    await finishListing(db.store, inFetch(9), { number, kinds: ["issue"], began_at: at(9) });
    expect(await theRow()).toMatchObject({
      ...counts(2, 3),
      reviews: null,
      comments_counted_at: at(9),
      review_comments_counted_at: at(5),
      reviews_counted_at: null,
    });
  });

  test("a payload from before a complete listing does not undo its count, one from after it does", async () => {
    await finishListing(db.store, inFetch(9), { number, kinds: ["issue", "submitted"], began_at: at(9) });
    await mergePullRequest(db.store, inPayload(8), pullRequest(8, counts(4, 3)));
    expect(await theRow()).toMatchObject({ ...counts(0, 3), reviews: 0 });
    await mergePullRequest(db.store, inPayload(10), pullRequest(10, counts(4, 3)));
    expect(await theRow()).toMatchObject({ ...counts(4, 3), reviews: 0, reviews_counted_at: at(9) });
  });

  test("two payloads of one second that differ in nothing else end in the same counts in either order", async () => {
    const three = pullRequest(5, counts(3, 1));
    const four = pullRequest(5, counts(4, 0));
    const ends = [];
    for (const order of [
      [three, four],
      [four, three],
    ]) {
      await db.clear();
      for (const observed of order) await mergePullRequest(db.store, inPayload(5), observed);
      const { comments, review_comments } = await theRow();
      ends.push({ comments, review_comments });
    }
    expect(ends[0]).toEqual(ends[1]);
  });
});
