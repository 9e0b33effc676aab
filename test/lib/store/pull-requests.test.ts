import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { PartialPullRequestRow } from "../../../src/lib/records/pull-request.ts";
import type { CaptureContext } from "../../../src/lib/store/context-types.ts";
import { finishListing } from "./finish-listing.ts";
import { mergeComments } from "../../../src/lib/store/comments.ts";
import { mergePullRequestDetails } from "../../../src/lib/store/pull-requests.ts";
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
  label_ids: ["LA_bug", "LA_help"],
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

const neverCaptured = {
  column_clocks: {},
  files_head_sha: null,
  files_base_ref: null,
  files_truncated: false,
};

describe("a full observation", () => {
  test("a newer observation replaces every captured column", async () => {
    await mergePullRequestDetails(db.store, inPayload(1, { job: { event_id: "first" } }), pullRequest(1));
    const outcome = await mergePullRequestDetails(db.store, inPayload(2), everyColumn);
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

  test("an older observation changes nothing", async () => {
    await mergePullRequestDetails(db.store, inPayload(2), everyColumn);
    const before = await theRow();
    expect(await mergePullRequestDetails(db.store, inPayload(1), pullRequest(1))).toMatchObject({
      outcome: "older",
      clock: expect.stringMatching(/^2026-01-01T00:00:02/),
    });
    expect(await theRow()).toEqual(before);
  });

  test("a duplicate observation changes nothing", async () => {
    await mergePullRequestDetails(db.store, inPayload(2), everyColumn);
    const before = await theRow();
    expect(await mergePullRequestDetails(db.store, inPayload(2), everyColumn)).toMatchObject({
      outcome: "same",
    });
    expect(await theRow()).toEqual(before);
  });

  test.each(Object.entries(everyColumn).filter(([column]) => !isNoContent(column)))(
    "two payloads of one second that differ in %s are ambiguous, and the first stays",
    async (column, value) => {
      await mergePullRequestDetails(db.store, inPayload(2), pullRequest(2));
      const before = await theRow();
      const other = { ...pullRequest(2), [column]: value };
      expect(await mergePullRequestDetails(db.store, inPayload(2), other)).toMatchObject({
        outcome: "ambiguous",
        clock: expect.stringMatching(/^2026-01-01T00:00:02/),
      });
      expect(await theRow()).toEqual(before);
    },
  );

  test("a deleted author and a deleted fork are null", async () => {
    const orphaned = pullRequest(1, { author_id: null, head_repository_id: null });
    await mergePullRequestDetails(db.store, inPayload(1), orphaned);
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

  test("a fetch replaces a payload", async () => {
    await mergePullRequestDetails(db.store, inPayload(5), one);
    expect(await mergePullRequestDetails(db.store, inFetch(8), other)).toMatchObject({ outcome: "newer" });
    expect(await theRow()).toMatchObject({ title: "Other", details_fetched_at: at(8) });
  });

  test("a later fetch replaces an earlier one, and not the other way round", async () => {
    await mergePullRequestDetails(db.store, inFetch(8), one);
    expect(await mergePullRequestDetails(db.store, inFetch(9), other)).toMatchObject({ outcome: "newer" });
    expect(await mergePullRequestDetails(db.store, inFetch(8), one)).toMatchObject({ outcome: "older" });
    expect(await theRow()).toMatchObject({ title: "Other", details_fetched_at: at(9) });
  });

  test("two different answers with one date are ambiguous", async () => {
    await mergePullRequestDetails(db.store, inFetch(8), one);
    expect(await mergePullRequestDetails(db.store, inFetch(8), other)).toMatchObject({
      outcome: "ambiguous",
    });
    expect(await theRow()).toMatchObject({ title: "One" });
  });

  test("a payload is older than an answer from a later second", async () => {
    await mergePullRequestDetails(db.store, inFetch(6), one);
    expect(await mergePullRequestDetails(db.store, inPayload(5), other)).toMatchObject({ outcome: "older" });
    expect(await theRow()).toMatchObject({ title: "One" });
  });

  test("a payload is ambiguous with an answer from the same second", async () => {
    await mergePullRequestDetails(db.store, inFetch(5), one);
    expect(await mergePullRequestDetails(db.store, inPayload(5), other)).toMatchObject({
      outcome: "ambiguous",
    });
  });

  test("a fetch that confirms a payload makes other payloads of that second older", async () => {
    await mergePullRequestDetails(db.store, inPayload(5), one);
    expect(await mergePullRequestDetails(db.store, inFetch(8), one)).toMatchObject({ outcome: "same" });
    expect(await mergePullRequestDetails(db.store, inPayload(5), other)).toMatchObject({ outcome: "older" });
    expect(await theRow()).toMatchObject({ title: "One", details_fetched_at: at(8) });
  });

  test("an earlier fetch that confirms the row does not change fetched_at", async () => {
    await mergePullRequestDetails(db.store, inFetch(9), one);
    await mergePullRequestDetails(db.store, inFetch(8), one);
    expect(await theRow()).toMatchObject({ details_fetched_at: at(9) });
  });

  test("a fetch from a lagging replica changes nothing", async () => {
    await mergePullRequestDetails(
      db.store,
      inPayload(5),
      pullRequest(5, { comments: 4, review_comments: 3 }),
    );
    const before = await theRow();
    const lagging = pullRequest(4, { comments: 3, review_comments: 2 });
    expect(await mergePullRequestDetails(db.store, inFetch(9), lagging)).toMatchObject({ outcome: "older" });
    expect(await theRow()).toEqual(before);
  });

  test("a newer payload replaces a fetch and clears fetched_at", async () => {
    await mergePullRequestDetails(db.store, inFetch(8), one);
    expect(await mergePullRequestDetails(db.store, inPayload(9), pullRequest(9))).toMatchObject({
      outcome: "newer",
    });
    expect(await theRow()).toMatchObject({ title: "Title of 9", details_fetched_at: null });
  });
});

describe("a partial observation", () => {
  test("a partial observation raises updated_at and changes nothing else", async () => {
    await mergePullRequestDetails(db.store, inPayload(2), everyColumn);
    const before = await theRow();
    await mergePartial(inPayload(5), partialPullRequest(5, { title: "From a review" }));
    expect(await theRow()).toEqual({ ...before, updated_at: at(5) });
  });

  test("a partial observation never lowers updated_at", async () => {
    await mergePullRequestDetails(db.store, inPayload(2), everyColumn);
    await mergePartial(inPayload(1), partialPullRequest(1));
    expect(await theRow()).toMatchObject({ updated_at: at(2) });
  });

  test("a partial observation does not make a late full one older", async () => {
    await mergePullRequestDetails(db.store, inPayload(1), pullRequest(1));
    await mergePartial(inPayload(9), partialPullRequest(9));
    expect(
      await mergePullRequestDetails(db.store, inPayload(5), pullRequest(5, { additions: 99 })),
    ).toMatchObject({
      outcome: "newer",
    });
    expect(await theRow()).toMatchObject({ additions: 99, details_clock: at(5), updated_at: at(9) });
  });

  test("a review's payload removes its author from the requested reviewers", async () => {
    await mergePullRequestDetails(db.store, inPayload(2), everyColumn);
    const before = await theRow();
    const reviewed = partialPullRequest(5, { requested_reviewers: [24], requested_teams: ["core"] });
    expect(await mergePartial(inPayload(5), reviewed)).toEqual({ details_needed: false });
    const { requested_reviewers, requested_teams } = reviewed;
    const after = { requested_reviewers, requested_teams, reviewers_clock: at(5), updated_at: at(5) };
    expect(await theRow()).toEqual({ ...before, ...after });

    await mergePullRequestDetails(db.store, inPayload(4), {
      ...everyColumn,
      title: "Late",
      updated_at: at(4),
    });
    expect(await theRow()).toMatchObject({ ...after, title: "Late", details_clock: at(4) });
  });

  test("different requested reviewers of one second are ambiguous", async () => {
    await mergePullRequestDetails(db.store, inPayload(2), everyColumn);
    const reviewed = partialPullRequest(2, { requested_reviewers: [24], requested_teams: [] });
    expect(await mergePartial(inPayload(2), reviewed)).toMatchObject({
      reviewers_ambiguous: expect.stringMatching(/^2026-01-01T00:00:02/),
    });
    expect(await theRow()).toMatchObject({ requested_reviewers: [23, 24] });

    await mergePullRequestDetails(db.store, inFetch(8), { ...everyColumn, requested_reviewers: [24] });
    expect(await theRow()).toMatchObject({ requested_reviewers: [24] });
    expect(await mergePartial(inPayload(2), reviewed)).toEqual({ details_needed: false });
  });

  test("a comment's payload raises updated_at too", async () => {
    await mergePullRequestDetails(db.store, inPayload(2), everyColumn);
    const before = await theRow();
    await mergeComments(db.store, inPayload(5), {
      number,
      pull_request: partialPullRequest(5, { id: undefined }),
      comments: [issueComment(1, 5)],
      finished: true,
    });
    expect(await theRow()).toEqual({ ...before, updated_at: at(5) });
  });
});

describe("a stub", () => {
  test("a stub has the columns of the partial observation and no sizes", async () => {
    const { head_ref, head_sha, base_ref, base_sha } = pullRequest(5);
    const partial = partialPullRequest(5, { head_ref, head_sha, base_ref, base_sha, labels: ["bug"] });
    await mergePartial(inPayload(5, { job: { event_id: "review" } }), partial);
    expect(await theRow()).toEqual({
      ...partial,
      ...neverCaptured,
      repository_id: repositoryId,
      head_repository_id: null,
      label_ids: null,
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

  test("only the event that created the stub requests its details, each time it runs", async () => {
    const first = inPayload(5, { job: { event_id: "first" } });
    const second = inPayload(6, { job: { event_id: "second" } });
    expect(await mergePartial(first, partialPullRequest(5))).toMatchObject({ details_needed: true });
    expect(await mergePartial(second, partialPullRequest(6))).toMatchObject({ details_needed: false });
    expect(await mergePartial(first, partialPullRequest(5))).toMatchObject({ details_needed: true });
  });

  test("a stub keeps its columns until its details arrive, except updated_at", async () => {
    await mergePartial(inPayload(5), partialPullRequest(5));
    const before = await theRow();
    await mergePartial(inPayload(6), partialPullRequest(6));
    expect(await theRow()).toEqual({ ...before, updated_at: at(6) });
  });

  test("a stub needs no details once they have arrived", async () => {
    const first = inPayload(5, { job: { event_id: "first" } });
    await mergePartial(first, partialPullRequest(5));
    await mergePullRequestDetails(db.store, inPayload(6), pullRequest(6));
    expect(await mergePartial(first, partialPullRequest(5))).toMatchObject({ details_needed: false });
  });

  test("a stub is filled by a full observation, even an older one", async () => {
    await mergePartial(inPayload(9), partialPullRequest(9));
    expect(await mergePullRequestDetails(db.store, inPayload(5), pullRequest(5))).toMatchObject({
      outcome: "newer",
    });
    expect(await theRow()).toMatchObject({
      title: "Title of 5",
      additions: 3,
      details_clock: at(5),
      updated_at: at(9),
    });
  });

  test("a stub from a listing gets the columns of the first partial observation", async () => {
    await mergePartial(inFetch(3), null);
    await mergePartial(inPayload(5), partialPullRequest(5));
    expect(await theRow()).toMatchObject({ updated_at: at(5), title: "Title of 5" });
  });

  test("a stub from a listing keeps updated_at of a partial observation", async () => {
    await mergePartial(inFetch(3), null);
    await mergePartial(inPayload(9), partialPullRequest(9));
    await mergePullRequestDetails(db.store, inPayload(5), pullRequest(5));
    expect(await theRow()).toMatchObject({ updated_at: at(9), details_clock: at(5) });
  });
});

describe("GitHub's counts", () => {
  const counts = (comments: number, review_comments: number) => ({ comments, review_comments });

  test("an older payload does not replace a newer count", async () => {
    await mergePullRequestDetails(db.store, inPayload(5), pullRequest(5, counts(4, 3)));
    await mergePullRequestDetails(db.store, inPayload(4), pullRequest(4, counts(2, 1)));
    expect(await theRow()).toMatchObject({ ...counts(4, 3), comments_counted_at: at(5) });
  });

  test("a fetched count has the time of the answer and not the pull request's clock", async () => {
    await mergePullRequestDetails(db.store, inPayload(5), pullRequest(5, counts(4, 3)));
    await mergePullRequestDetails(db.store, inFetch(9), pullRequest(5, counts(6, 5)));
    expect(await theRow()).toMatchObject({
      ...counts(6, 5),
      comments_counted_at: at(9),
      review_comments_counted_at: at(9),
      details_clock: at(5),
    });
  });

  test("a complete listing changes only the count of its list", async () => {
    await mergePullRequestDetails(db.store, inPayload(5), pullRequest(5, counts(4, 3)));
    await mergeComments(db.store, inFetch(9), {
      number,
      pull_request: null,
      comments: [issueComment(1, 4), issueComment(2, 4)],
      finished: false,
    });
    await finishListing(db.store, inFetch(9), { number, kinds: ["issue_comments"], began_at: at(9) });
    expect(await theRow()).toMatchObject({
      ...counts(2, 3),
      reviews: null,
      comments_counted_at: at(9),
      review_comments_counted_at: at(5),
      reviews_counted_at: null,
    });
  });

  test("a payload replaces the count of a complete listing only if it is newer", async () => {
    await finishListing(db.store, inFetch(9), {
      number,
      kinds: ["issue_comments", "reviews"],
      began_at: at(9),
    });
    await mergePullRequestDetails(db.store, inPayload(8), pullRequest(8, counts(4, 3)));
    expect(await theRow()).toMatchObject({ ...counts(0, 3), reviews: 0 });
    await mergePullRequestDetails(db.store, inPayload(10), pullRequest(10, counts(4, 3)));
    expect(await theRow()).toMatchObject({ ...counts(4, 3), reviews: 0, reviews_counted_at: at(9) });
  });

  test("two payloads of one second end in the same counts in either order", async () => {
    const three = pullRequest(5, counts(3, 1));
    const four = pullRequest(5, counts(4, 0));
    const ends = [];
    for (const order of [
      [three, four],
      [four, three],
    ]) {
      await db.clear();
      for (const observed of order) await mergePullRequestDetails(db.store, inPayload(5), observed);
      const { comments, review_comments } = await theRow();
      ends.push({ comments, review_comments });
    }
    expect(ends[0]).toEqual(ends[1]);
  });
});
