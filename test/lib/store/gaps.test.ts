import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { CommentRow, PullRequestRow, ReviewRow } from "../../../src/lib/records/rows.ts";
import { mergeComments } from "../../../src/lib/store/comments.ts";
import type { GapKind, ListedKind } from "../../../src/lib/store/functions.ts";
import { analyzeGaps } from "../../../src/lib/store/gaps.ts";
import { finishListing } from "../../../src/lib/store/listings.ts";
import { mergePullRequest, replaceFiles } from "../../../src/lib/store/pull-requests.ts";
import { mergeReviews } from "../../../src/lib/store/reviews.ts";
import { openStore, type TestStore } from "./open-store.ts";
import {
  at,
  file,
  inFetch,
  inPayload,
  issueComment,
  number,
  partialPullRequest,
  pullRequest,
  repositoryId,
  review,
  reviewComment,
} from "./observations.ts";

let db: TestStore;

beforeAll(async () => {
  db = await openStore();
});
beforeEach(() => db.clear());
afterAll(() => db.close());

const details = (second: number, row: Partial<PullRequestRow> = {}) =>
  mergePullRequest(db.store, inPayload(second), pullRequest(second, row));

const fetchDetails = (second: number, row: Partial<PullRequestRow> = {}) =>
  mergePullRequest(db.store, inFetch(second), pullRequest(second, row));

const files = (second: number, names: string[], of: { head_sha?: string; base_ref?: string } = {}) =>
  replaceFiles(db.store, inFetch(second), number, {
    head_sha: "aaaa",
    base_ref: "main",
    ...of,
    files: names.map((name) => file(name)),
    truncated: false,
  });

const reviews = (second: number, rows: ReviewRow[], seen: "payload" | "listing" = "payload") =>
  mergeReviews(db.store, seen === "payload" ? inPayload(second) : inFetch(second), {
    number,
    pull_request: null,
    reviews: rows,
    finished: true,
  });

const comments = (second: number, rows: CommentRow[], seen: "payload" | "listing" = "payload") =>
  mergeComments(db.store, seen === "payload" ? inPayload(second) : inFetch(second), {
    number,
    pull_request: null,
    comments: rows,
    finished: true,
  });

const endOfListing = (second: number, kinds: ListedKind[]) =>
  finishListing(db.store, inFetch(second), { number, kinds, began_at: at(second) });

/** A pull request without a gap: one file, no review, no comment. */
async function complete(row: Partial<PullRequestRow> = {}): Promise<void> {
  await details(1, row);
  await files(2, ["a.ts"]);
}

/** Each gap as its kind, captured and github. */
async function gaps(): Promise<[GapKind, number, number][]> {
  const analysis = await analyzeGaps(db.store, {});
  return analysis.gaps.map(({ kind, captured, github }) => [kind, captured, github]);
}

const figures = async () => (await analyzeGaps(db.store, {})).total;

describe("no gap", () => {
  test("is where nothing is known: everything of nothing is captured", async () => {
    expect(await analyzeGaps(db.store, {})).toMatchObject({
      repositories: [],
      total: { pull_requests: { captured: 0, github: 0, percent: 100 } },
      gaps: [],
    });
  });

  test("is a pull request without files, reviews or comments", async () => {
    await details(1, { changed_files: 0 });
    expect(await gaps()).toEqual([]);
  });

  test("is what a repository has beyond an old count", async () => {
    await complete();
    await endOfListing(3, ["submitted", "issue", "review"]);
    await reviews(4, [review(1, 4, { submitted_at: at(4) })]);
    await comments(4, [
      issueComment(1, 4, { created_at: at(4) }),
      reviewComment(1, 4, { created_at: at(4) }),
    ]);
    expect(await gaps()).toEqual([]);
    expect(await figures()).toMatchObject({
      reviews: { captured: 1, github: 1, percent: 100 },
      comments: { captured: 2, github: 2, percent: 100 },
    });
  });

  test("is a comment that was deleted since GitHub counted it", async () => {
    await complete({ comments: 2 });
    await comments(1, [issueComment(1, 1), issueComment(2, 1)]);
    await comments(9, [issueComment(2, 1, { deleted_at: at(9) })]);
    expect(await gaps()).toEqual([]);
    expect(await figures()).toMatchObject({ comments: { captured: 1, github: 1 } });
  });

  test("is what a complete listing has buried, or has read after its beginning", async () => {
    await complete();
    await comments(1, [issueComment(1, 1)]);
    await comments(6, [issueComment(2, 7, { created_at: at(7) })], "listing");
    await endOfListing(5, ["issue"]);
    expect(await gaps()).toEqual([]);
  });

  test("is in a repository whose captures have stopped, unless it is asked for", async () => {
    await details(1);
    await db.database.exec("update github.installations set suspended_at = now()");
    expect(await gaps()).toEqual([]);
    expect((await analyzeGaps(db.store, { repositoryId })).gaps).toHaveLength(1);
  });
});

describe("details", () => {
  const seenWith = (second: number, row: Partial<PullRequestRow> = {}) =>
    mergeReviews(db.store, inPayload(second), {
      number,
      pull_request: partialPullRequest(second, { title: "Title of 1", head_sha: "aaaa", labels: [], ...row }),
      reviews: [review(1, second)],
      finished: true,
    });

  test("are missing of a stub, until they come", async () => {
    await seenWith(3);
    expect((await analyzeGaps(db.store, {})).gaps).toMatchObject([
      { kind: "details", repository_id: repositoryId, repository: "acme/web", number, stub: true },
    ]);
    await details(1, { changed_files: 0 });
    expect(await gaps()).toEqual([]);
  });

  test("are no older than a review or comment for that review's or comment's sake", async () => {
    await complete();
    await seenWith(5);
    expect(await gaps()).toEqual([]);
  });

  test.each<[string, Partial<PullRequestRow>]>([
    ["head", { head_sha: "cccc" }],
    ["title", { title: "Another" }],
    ["state", { state: "closed", closed_at: at(4) }],
    ["labels", { labels: ["bug"] }],
  ])("were captured before GitHub's last change when a later review shows another %s", async (_, row) => {
    await complete({ labels: [] });
    await seenWith(5, row);
    expect((await analyzeGaps(db.store, {})).gaps).toMatchObject([{ kind: "details", stub: false }]);
    await fetchDetails(6, { title: "Title of 1", ...row, head_sha: "aaaa" });
    expect(await gaps()).toEqual([]);
  });

  test("a label that is gone is a change too", async () => {
    await complete({ labels: ["bug", "docs"] });
    await seenWith(5, { labels: ["bug"] });
    expect(await gaps()).toEqual([["details", 0, 1]]);
  });

  test("that only came late, and say what the review showed, are complete", async () => {
    await complete();
    await seenWith(5, { title: "Title of 4" });
    expect(await gaps()).toEqual([["details", 0, 1]]);
    await details(4);
    expect(await gaps()).toEqual([]);
  });
});

describe("files", () => {
  test("are missing until the list of the present head is captured", async () => {
    await details(1, { changed_files: 2 });
    expect(await gaps()).toEqual([["files", 0, 2]]);
    await files(2, ["a.ts", "b.ts"]);
    expect(await gaps()).toEqual([]);
    expect(await figures()).toMatchObject({ files: { captured: 2, github: 2, percent: 100 } });
  });

  test.each([
    ["head", { head_sha: "cccc" }],
    ["base", { base_ref: "release" }],
  ])("of a former %s do not count", async (_, moved) => {
    await complete();
    await details(3, moved);
    expect(await gaps()).toEqual([["files", 0, 1]]);
    await files(4, ["a.ts"], moved);
    expect(await gaps()).toEqual([]);
  });

  test("beyond GitHub's 3,000 are no gap", async () => {
    await details(1, { changed_files: 3050 });
    await files(
      2,
      Array.from({ length: 3000 }, (_, index) => `${index}.ts`),
    );
    expect(await gaps()).toEqual([]);
  });

  test("that were lost are found, and asked for by the next fetch, though not by a payload", async () => {
    await details(1, { changed_files: 2 });
    await files(2, ["a.ts", "b.ts"]);
    await db.database.exec("delete from github.pull_request_files where filename = 'b.ts'");
    expect(await gaps()).toEqual([["files", 1, 2]]);
    expect(await details(3, { changed_files: 2 })).not.toHaveProperty("files");
    expect(await fetchDetails(4, { changed_files: 2 })).toHaveProperty("files");
    await files(5, ["a.ts", "b.ts"]);
    expect(await gaps()).toEqual([]);
    expect(await fetchDetails(6, { changed_files: 2 })).not.toHaveProperty("files");
  });

  test("that GitHub counts but twice does not list are no gap, until it counts more", async () => {
    await details(1, { changed_files: 3 });
    await files(2, ["a.ts"]);
    expect(await gaps()).toEqual([["files", 1, 3]]);
    await files(3, ["a.ts"]);
    expect(await gaps()).toEqual([]);
    await details(4, { changed_files: 4 });
    expect(await gaps()).toEqual([["files", 1, 2]]);
  });
});

describe("reviews", () => {
  test("are missing where GitHub counted more", async () => {
    await complete();
    await reviews(3, [review(1, 3), review(2, 3)], "listing");
    await endOfListing(3, ["submitted"]);
    await db.database.exec("delete from github.reviews where id = 2");
    expect(await gaps()).toEqual([["reviews", 1, 2]]);
    await reviews(4, [review(2, 4)]);
    expect(await gaps()).toEqual([]);
  });

  test("that came after the count do not stand for those missing from it", async () => {
    await complete();
    await reviews(3, [review(1, 3), review(2, 3)], "listing");
    await endOfListing(3, ["submitted"]);
    await db.database.exec("delete from github.reviews where id = 2");
    await reviews(9, [review(3, 9, { submitted_at: at(9) })]);
    expect(await gaps()).toEqual([["reviews", 2, 3]]);
  });
});

describe("what a listing has buried", () => {
  test("does not stand for a review that is lost after it", async () => {
    await complete();
    await reviews(1, [review(1, 1)]);
    await reviews(3, [review(2, 3), review(3, 3)], "listing");
    await endOfListing(3, ["submitted"]);
    expect(await gaps()).toEqual([]);
    await db.database.exec("delete from github.reviews where id = 3");
    expect(await gaps()).toEqual([["reviews", 1, 2]]);
  });

  test("does not stand for a comment that is lost after it", async () => {
    await complete();
    await comments(1, [issueComment(1, 1)]);
    await comments(3, [issueComment(2, 2), issueComment(3, 2)], "listing");
    await endOfListing(3, ["issue"]);
    expect(await gaps()).toEqual([]);
    await db.database.exec("delete from github.comments where id = 3");
    expect(await gaps()).toEqual([["comments", 1, 2]]);
  });
});

describe("comments", () => {
  test.each([
    ["issue", { comments: 2 }, issueComment],
    ["review", { review_comments: 2 }, reviewComment],
  ] as const)("of the kind %s are missing where GitHub counted more", async (_, counts, toComment) => {
    await complete(counts);
    expect(await gaps()).toEqual([["comments", 0, 2]]);
    await comments(1, [toComment(1, 1), toComment(2, 1)]);
    expect(await gaps()).toEqual([]);
  });

  test("of one kind do not stand for those of the other", async () => {
    await complete({ comments: 1 });
    await comments(1, [reviewComment(1, 1), reviewComment(2, 1)]);
    expect(await gaps()).toEqual([["comments", 2, 3]]);
  });

  test("a complete listing closes the gap, whatever it has", async () => {
    await complete({ comments: 3 });
    await comments(4, [issueComment(1, 1)], "listing");
    await endOfListing(4, ["issue"]);
    expect(await gaps()).toEqual([]);
  });
});

describe("pull requests", () => {
  const count = (total: number, second: number) =>
    db.database.exec(
      `update github.repositories set pull_requests = ${total}, pull_requests_counted_at = '${at(second)}'`,
    );

  test("are missing where GitHub counted more, and only how many is known", async () => {
    await complete();
    expect((await analyzeGaps(db.store, {})).repositories).toMatchObject([{ counted_at: null }]);
    await count(4, 5);
    const analysis = await analyzeGaps(db.store, {});
    expect(analysis.gaps).toMatchObject([{ kind: "pull_requests", number: null, captured: 1, github: 4 }]);
    expect(analysis.total.gaps).toMatchObject({ pull_requests: 3 });
  });

  test("opened after the count do not stand for those missing from it", async () => {
    await complete();
    await count(2, 5);
    await mergePullRequest(
      db.store,
      inPayload(9),
      pullRequest(9, { number: 8, changed_files: 0, created_at: at(9) }),
    );
    expect(await gaps()).toEqual([["pull_requests", 2, 3]]);
  });
});

describe("the figures", () => {
  test("have 100 percent only where nothing is missing, and never more", async () => {
    await details(1, { changed_files: 2000 });
    await files(
      2,
      Array.from({ length: 1999 }, (_, index) => `${index}.ts`),
    );
    expect(await figures()).toMatchObject({ files: { captured: 1999, github: 2000, percent: 99.9 } });
    await files(
      3,
      Array.from({ length: 2005 }, (_, index) => `${index}.ts`),
    );
    expect(await figures()).toMatchObject({ files: { percent: 100 }, gaps: { files: 0 } });
  });

  test("of kinds, of a repository and at most so many gaps are listed, newest pull request first", async () => {
    for (const each of [6, 7, 8]) {
      await mergePullRequest(db.store, inPayload(1), pullRequest(1, { number: each, comments: 1 }));
    }
    const asked = { repositoryId, kinds: ["comments" as const], limit: 2 };
    expect((await analyzeGaps(db.store, asked)).gaps.map((gap) => [gap.kind, gap.number])).toEqual([
      ["comments", 8],
      ["comments", 7],
    ]);
    expect((await analyzeGaps(db.store, asked)).total.gaps).toMatchObject({ files: 3, comments: 3 });
    expect(await analyzeGaps(db.store, { repositoryId: 1 })).toMatchObject({ repositories: [], gaps: [] });
  });
});

test("what is kept beside every pull request is what counting all rows says, after any writes in any order", async () => {
  const second = fc.integer({ min: 1, max: 20 });
  const id = fc.integer({ min: 1, max: 3 });
  const write = fc.oneof(
    fc.tuple(second, fc.nat(3), fc.nat(3), fc.constantFrom("aaaa", "cccc")).map(
      ([clock, total, listed, head_sha]) =>
        () =>
          details(clock, { comments: total, review_comments: listed, head_sha }),
    ),
    fc.tuple(second, second, id).map(([clock, submitted, key]) => () => {
      return reviews(
        clock,
        [review(key, clock, { submitted_at: at(submitted) })],
        clock % 2 ? "listing" : "payload",
      );
    }),
    fc.tuple(second, second, id, fc.boolean()).map(([clock, created, key, deleted]) => () => {
      const row = issueComment(key, clock, {
        created_at: at(created),
        ...(deleted && { deleted_at: at(clock) }),
      });
      return comments(clock, [row, reviewComment(key, clock, { created_at: at(created) })]);
    }),
    second.map((began) => () => endOfListing(began, ["submitted", "issue", "review"])),
    fc.tuple(second, fc.nat(3)).map(([clock, length]) => () => {
      return files(
        clock,
        Array.from({ length }, (_, index) => `${index}.ts`),
      );
    }),
    id.map(
      (key) => () => db.database.exec(`delete from github.comments where id = ${key} and kind = 'review'`),
    ),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(write, { minLength: 1, maxLength: 12 }), async (writes) => {
      await db.clear();
      for (const each of writes) await each();
      const kept = await db.rows("capture.coverage");
      await db.database.exec(`
        update capture.coverage c set files = (select count(*) from github.pull_request_files f
          where f.repository_id = c.repository_id and f.pull_request_number = c.number);
        select capture.recount(repository_id, number) from capture.coverage;
      `);
      expect(kept).toEqual(await db.rows("capture.coverage"));
    }),
    { numRuns: 20 },
  );
}, 120_000);
