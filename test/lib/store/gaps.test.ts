import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type CommentRow, toDeleted } from "../../../src/lib/records/comment.ts";
import type { PullRequestRow } from "../../../src/lib/records/pull-request.ts";
import type { ReviewRow } from "../../../src/lib/records/review.ts";
import { mergeComments } from "../../../src/lib/store/comments.ts";
import type { Analysis, GapKind } from "../../../src/api/contract.ts";
import type { ListedKind } from "../../../src/lib/store/merge-types.ts";
import { analyzeGaps } from "../../../src/lib/store/gaps.ts";
import { finishListing } from "./finish-listing.ts";
import { mergePullRequestDetails, replaceFiles } from "../../../src/lib/store/pull-requests.ts";
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
  mergePullRequestDetails(db.store, inPayload(second), pullRequest(second, row));

const fetchDetails = (second: number, row: Partial<PullRequestRow> = {}) =>
  mergePullRequestDetails(db.store, inFetch(second), pullRequest(second, row));

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
async function gaps(): Promise<[GapKind, number, number | null][]> {
  const analysis = await analyze({});
  return analysis.gaps.map(({ kind, captured, github }) => [kind, captured, github]);
}

const figures = async () => (await analyze({})).total;

/** Analyzes the gaps as if every repository had a complete inventory. */
async function analyze(options: Parameters<typeof analyzeGaps>[1]): Promise<Analysis> {
  await db.database.exec("update github.repositories set inventoried_at = now()");
  return analyzeGaps(db.store, options);
}

describe("no gap", () => {
  test("an empty database has no gaps and 100 percent", async () => {
    expect(await analyze({})).toMatchObject({
      repositories: [],
      total: { pull_requests: { captured: 0, github: 0, percent: 100 } },
      gaps: [],
    });
  });

  test("a pull request without files, reviews or comments has no gap", async () => {
    await details(1, { changed_files: 0 });
    expect(await gaps()).toEqual([]);
  });

  test("rows beyond an old count are no gap", async () => {
    await complete();
    await endOfListing(3, ["reviews", "issue_comments", "review_comments"]);
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

  test("a comment that was deleted after the count is no gap", async () => {
    await complete({ comments: 2 });
    await comments(1, [issueComment(1, 1), issueComment(2, 1)]);
    await comments(9, [issueComment(2, 1, { deleted_at: at(9) })]);
    expect(await gaps()).toEqual([]);
    expect(await figures()).toMatchObject({ comments: { captured: 1, github: 1 } });
  });

  test("rows that a complete listing deleted or added are no gap", async () => {
    await complete();
    await comments(1, [issueComment(1, 1)]);
    await comments(6, [issueComment(2, 7, { created_at: at(7) })], "listing");
    await endOfListing(5, ["issue_comments"]);
    expect(await gaps()).toEqual([]);
  });

  test("a repository whose captures have stopped is analyzed only by its id", async () => {
    await details(1);
    await db.database.exec("update github.installations set suspended_at = now()");
    expect(await gaps()).toEqual([]);
    expect((await analyze({ repositoryId })).gaps).toHaveLength(1);
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

  test("details of a stub are missing until they are captured", async () => {
    await seenWith(3);
    expect((await analyze({})).gaps).toMatchObject([
      { kind: "details", repository_id: repositoryId, repository: "acme/web", number, stub: true },
    ]);
    await details(1, { changed_files: 0 });
    expect(await gaps()).toEqual([]);
  });

  test("details are not outdated by a review or comment that shows the same", async () => {
    await complete();
    await seenWith(5);
    expect(await gaps()).toEqual([]);
  });

  test.each<[string, Partial<PullRequestRow>]>([
    ["head", { head_sha: "cccc" }],
    ["title", { title: "Another" }],
    ["state", { state: "closed", closed_at: at(4) }],
    ["labels", { labels: ["bug"] }],
  ])("details are a gap when a later review shows another %s", async (_, row) => {
    await complete({ labels: [] });
    await seenWith(5, row);
    expect((await analyze({})).gaps).toMatchObject([{ kind: "details", stub: false }]);
    await fetchDetails(6, { title: "Title of 1", ...row, head_sha: "aaaa" });
    expect(await gaps()).toEqual([]);
  });

  test("details are a gap when a later payload lacks a label", async () => {
    await complete({ labels: ["bug", "docs"] });
    await seenWith(5, { labels: ["bug"] });
    expect(await gaps()).toEqual([["details", 0, 1]]);
  });

  test("late details that match the review are complete", async () => {
    await complete();
    await seenWith(5, { title: "Title of 4" });
    expect(await gaps()).toEqual([["details", 0, 1]]);
    await details(4);
    expect(await gaps()).toEqual([]);
  });
});

describe("files", () => {
  test("files are missing until the list of the current head is captured", async () => {
    await details(1, { changed_files: 2 });
    expect(await gaps()).toEqual([["files", 0, 2]]);
    await files(2, ["a.ts", "b.ts"]);
    expect(await gaps()).toEqual([]);
    expect(await figures()).toMatchObject({ files: { captured: 2, github: 2, percent: 100 } });
  });

  test.each([
    ["head", { head_sha: "cccc" }],
    ["base", { base_ref: "release" }],
  ])("files of a former %s do not count", async (_, moved) => {
    await complete();
    await details(3, moved);
    expect(await gaps()).toEqual([["files", 0, 1]]);
    await files(4, ["a.ts"], moved);
    expect(await gaps()).toEqual([]);
  });

  test("files beyond GitHub's limit of 3,000 are no gap", async () => {
    await details(1, { changed_files: 3050 });
    await files(
      2,
      Array.from({ length: 3000 }, (_, index) => `${index}.ts`),
    );
    expect(await gaps()).toEqual([]);
  });

  test("lost files are a gap, and the next fetch requests them", async () => {
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

  test("files that GitHub counts but fails to list twice are no gap until it counts others", async () => {
    await details(1, { changed_files: 3 });
    await files(2, ["a.ts"]);
    expect(await gaps()).toEqual([["files", 1, 3]]);
    await files(3, ["a.ts"]);
    expect(await gaps()).toEqual([]);
    await details(4, { changed_files: 4 });
    expect(await gaps()).toEqual([["files", 0, 4]]);
  });
});

describe("reviews", () => {
  test("reviews are missing when GitHub counted more", async () => {
    await complete();
    await reviews(3, [review(1, 3), review(2, 3)], "listing");
    await endOfListing(3, ["reviews"]);
    await db.database.exec("delete from github.reviews where id = 2");
    expect(await gaps()).toEqual([["reviews", 1, 2]]);
    await reviews(4, [review(2, 4)]);
    expect(await gaps()).toEqual([]);
  });

  test("reviews after the count do not replace missing ones", async () => {
    await complete();
    await reviews(3, [review(1, 3), review(2, 3)], "listing");
    await endOfListing(3, ["reviews"]);
    await db.database.exec("delete from github.reviews where id = 2");
    await reviews(9, [review(3, 9, { submitted_at: at(9) })]);
    expect(await gaps()).toEqual([["reviews", 2, 3]]);
  });
});

describe("rows that a listing deleted", () => {
  test("a deleted review does not replace a review that is lost later", async () => {
    await complete();
    await reviews(1, [review(1, 1)]);
    await reviews(3, [review(2, 3), review(3, 3)], "listing");
    await endOfListing(3, ["reviews"]);
    expect(await gaps()).toEqual([]);
    await db.database.exec("delete from github.reviews where id = 3");
    expect(await gaps()).toEqual([["reviews", 1, 2]]);
  });

  test("a deleted comment does not replace a comment that is lost later", async () => {
    await complete();
    await comments(1, [issueComment(1, 1)]);
    await comments(3, [issueComment(2, 2), issueComment(3, 2)], "listing");
    await endOfListing(3, ["issue_comments"]);
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

  test("comments of one kind do not replace those of the other", async () => {
    await complete({ comments: 1 });
    await comments(1, [reviewComment(1, 1), reviewComment(2, 1)]);
    expect(await gaps()).toEqual([["comments", 2, 3]]);
  });

  test("a complete listing closes the gap, whatever it contains", async () => {
    await complete({ comments: 3 });
    await comments(4, [issueComment(1, 1)], "listing");
    await endOfListing(4, ["issue_comments"]);
    expect(await gaps()).toEqual([]);
  });
});

describe("a repository without an inventory", () => {
  test("a repository without an inventory has no percentage and one gap without a number", async () => {
    await complete();
    const { repositories, total, gaps: listed } = await analyzeGaps(db.store, {});
    const unknown = { captured: 1, github: null, percent: null };
    expect(repositories).toMatchObject([{ inventoried_at: null, pull_requests: unknown, details: unknown }]);
    expect(total).toMatchObject({ pull_requests: unknown, files: unknown });
    expect(listed).toMatchObject([{ kind: "pull_requests", number: null, captured: 1, github: null }]);
  });
});

describe("reviews and comments beyond GitHub's count", () => {
  test("rows beyond the count are a gap when they are older than the count", async () => {
    await complete({ comments: 2, review_comments: 0 });
    await comments(1, [issueComment(1, 0), issueComment(2, 0), issueComment(3, 0)]);
    await fetchDetails(5, { updated_at: at(5), comments: 2 });
    expect(await gaps()).toContainEqual(["comments", 3, 2]);
    expect(await figures()).toMatchObject({ comments: { captured: 3, github: 2, percent: 66.6 } });
  });

  test("rows beyond the count are no gap in the second of the count or later", async () => {
    await complete({ comments: 0 });
    await fetchDetails(5, { updated_at: at(5), comments: 0 });
    await comments(6, [issueComment(1, 5, { created_at: at(5) }), issueComment(2, 6, { created_at: at(6) })]);
    expect(await gaps()).toEqual([]);
  });
});

describe("pull requests", () => {
  const count = (total: number, second: number) =>
    db.database.exec(
      `update github.repositories set pull_requests = ${total}, pull_requests_counted_at = '${at(second)}'`,
    );

  test("missing pull requests are counted when GitHub counts more than it lists", async () => {
    await complete();
    expect((await analyze({})).repositories).toMatchObject([{ counted_at: null }]);
    await count(4, 5);
    const analysis = await analyze({});
    expect(analysis.gaps).toMatchObject([{ kind: "pull_requests", number: null, captured: 1, github: 4 }]);
    expect(analysis.total.gaps).toMatchObject({ pull_requests: 3 });
  });

  test("pull requests opened after the count do not replace missing ones", async () => {
    await complete();
    await count(2, 5);
    await mergePullRequestDetails(
      db.store,
      inPayload(9),
      pullRequest(9, { number: 8, changed_files: 0, created_at: at(9) }),
    );
    expect(await gaps()).toEqual([["pull_requests", 2, 3]]);
  });
});

describe("the figures", () => {
  test("the figures show 100 percent only when nothing is missing, and never more", async () => {
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

  test("gaps are filtered by kind and repository, limited, and listed with the newest pull request first", async () => {
    for (const each of [6, 7, 8]) {
      await mergePullRequestDetails(db.store, inPayload(1), pullRequest(1, { number: each, comments: 1 }));
    }
    const asked = { repositoryId, kinds: ["comments" as const], limit: 2 };
    expect((await analyze(asked)).gaps.map((gap) => [gap.kind, gap.number])).toEqual([
      ["comments", 8],
      ["comments", 7],
    ]);
    expect((await analyze(asked)).total.gaps).toMatchObject({ files: 3, comments: 3 });
    expect(await analyze({ repositoryId: 1 })).toMatchObject({ repositories: [], gaps: [] });
  });
});

test("comments have a gap exactly while a delivery is missing, whenever GitHub counts", async () => {
  // GitHub's comments change in even seconds, and it counts them in odd ones.
  const even = fc.integer({ min: 1, max: 12 }).map((half) => 2 * half);
  const lateBy = fc.nat(9);
  const life = fc.record({
    created: even,
    livesFor: even,
    isDeleted: fc.boolean(),
    late: fc.tuple(lateBy, lateBy, lateBy),
  });
  const count = fc.record({ second: even.map((second) => second + 1), late: lateBy });
  await fc.assert(
    fc.asyncProperty(
      fc.array(life, { minLength: 1, maxLength: 3 }),
      fc.array(count, { minLength: 1, maxLength: 3 }),
      async (lives, counts) => {
        await db.clear();
        await complete();
        const deliveries = lives.flatMap(({ created, livesFor, isDeleted, late }, index) => {
          const row = (second: number) => issueComment(index + 1, second, { created_at: at(created) });
          const edited = created + Math.ceil(livesFor / 2);
          const deleted = created + livesFor;
          const deletion = deleted + late[2];
          return [
            { happened: created, stored: created + late[0], row: row(created) },
            { happened: edited, stored: edited + late[1], row: row(edited) },
            ...(isDeleted
              ? [{ happened: deleted, stored: deletion, row: toDeleted(row(edited), at(deletion)) }]
              : []),
          ];
        });
        const steps = [
          ...deliveries.map(({ happened, stored, row }) => ({
            happened,
            stored,
            run: async () => void (await comments(happened, [row])),
          })),
          ...counts.map(({ second, late }) => ({
            happened: Number.POSITIVE_INFINITY, // what is not counted yet is no gap
            stored: second + late,
            run: async () => {
              const shown = lives.filter(
                ({ created, livesFor, isDeleted }) =>
                  created < second && !(isDeleted && created + livesFor < second),
              );
              await fetchDetails(second, { updated_at: at(second), comments: shown.length });
            },
          })),
        ].toSorted((a, b) => a.stored - b.stored);
        for (const [index, step] of steps.entries()) {
          await step.run();
          const isAwaited = steps.slice(index + 1).some(({ happened }) => happened < step.stored);
          if (!isAwaited) expect((await gaps()).filter(([kind]) => kind === "comments")).toEqual([]);
        }
        const alive = lives.filter(({ isDeleted }) => !isDeleted).length;
        expect(await figures()).toMatchObject({ comments: { captured: alive, github: alive } });
      },
    ),
    { numRuns: 25 },
  );
});

test("coverage equals a recount of all rows after any writes in any order", async () => {
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
    second.map((began) => () => endOfListing(began, ["reviews", "issue_comments", "review_comments"])),
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
      expect(kept.map((row) => [row["number"], row["incomplete"]])).toEqual(
        kept.map((row) => [row["number"], isIncomplete(row)]),
      );
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

/** True when the row's counters show missing or excess rows. */
function isIncomplete(row: Record<string, unknown>): boolean {
  const differing = [
    "files_missing",
    "reviews_missing",
    "comments_missing",
    "reviews_excess",
    "comments_excess",
  ];
  return (
    row["captured"] === false ||
    row["known"] === false ||
    row["contradiction"] !== null ||
    (row["stale"] as string[]).length > 0 ||
    differing.some((column) => row[column] !== 0)
  );
}
