import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { SyncedPullRequestRow } from "../../../src/lib/records/graphql-pull-request.ts";
import type { PullRequestRow } from "../../../src/lib/records/pull-request.ts";
import type { CaptureContext } from "../../../src/lib/store/context-types.ts";
import { mergeComments } from "../../../src/lib/store/comments.ts";
import { mergeInstallation } from "../../../src/lib/store/installations.ts";
import { mergePullRequestDetails, replaceFiles } from "../../../src/lib/store/pull-requests.ts";
import { mergeRepository } from "../../../src/lib/store/repositories.ts";
import { mergeReviews } from "../../../src/lib/store/reviews.ts";
import { finishListing } from "./finish-listing.ts";
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
  review,
  reviewComment,
} from "./observations.ts";

/** A column that an observation lacks keeps its value, in whatever order the observations arrive. */

let db: TestStore;

beforeAll(async () => {
  db = await openStore();
});
beforeEach(() => db.clear());
afterAll(() => db.close());

const first = async (table: string) => (await db.rows(table))[0];

/** Without these columns, as a source shows it that does not tell them. */
function without<Row extends object>(row: Row, ...columns: (keyof Row)[]): Row {
  return Object.fromEntries(
    Object.entries(row).filter(([key]) => !columns.includes(key as keyof Row)),
  ) as Row;
}

const full = (second: number) =>
  pullRequest(second, {
    head_repository_id: 1002,
    labels: ["bug"],
    milestone_number: 3,
    milestone_title: "v2",
    merged_by_id: 25,
    requested_reviewers: [23],
    requested_teams: ["core"],
  });

const merge = (context: CaptureContext, row: SyncedPullRequestRow) =>
  mergePullRequestDetails(db.store, context, row);

describe("a pull request", () => {
  const hidden = ["head_repository_id", "labels", "milestone_title", "requested_teams"] as const;

  test("a pull request keeps every column that a newer observation leaves out", async () => {
    await merge(inPayload(1), full(1));
    await merge(inPayload(5), without({ ...full(5), title: "New" }, ...hidden));
    expect(await first("github.pull_requests")).toMatchObject({
      title: "New",
      head_repository_id: 1002,
      labels: ["bug"],
      milestone_number: 3,
      milestone_title: "v2",
      requested_teams: ["core"],
      details_clock: at(5),
    });
  });

  test("a pull request stores null as a value", async () => {
    await merge(inPayload(1), full(1));
    await merge(inPayload(5), { ...full(5), head_repository_id: null, milestone_title: null });
    expect(await first("github.pull_requests")).toMatchObject({
      head_repository_id: null,
      milestone_title: null,
    });
  });

  test("a new pull request has defaults in unknown columns", async () => {
    await merge(inPayload(1), { number, id: 70, created_at: at(0), updated_at: at(1) });
    expect(await first("github.pull_requests")).toMatchObject({
      title: null,
      draft: null,
      labels: [],
      assignees: [],
    });
  });

  test("a pull request is not ambiguous when an observation leaves a column out", async () => {
    await merge(inPayload(5), full(5));
    expect(await merge(inPayload(5), without(full(5), ...hidden))).toMatchObject({ outcome: "same" });
  });

  test.each([
    ["a payload after a payload", inPayload, inPayload],
    ["a payload after a fetch that was answered later", (second: number) => inFetch(second + 3), inPayload],
    ["a fetch after a later one", (second: number) => inFetch(second + 3), inFetch],
  ])(
    "a pull request gets columns from the fuller observation of one second: %s",
    async (_, narrow, fuller) => {
      await merge(inPayload(1), full(1));
      await merge(narrow(5), without(full(5), ...hidden));
      await merge(fuller(5), {
        ...full(5),
        head_repository_id: 1003,
        labels: ["late"],
        requested_teams: ["web"],
      });
      expect(await first("github.pull_requests")).toMatchObject({
        head_repository_id: 1003,
        labels: ["late"],
        requested_teams: ["web"],
      });
    },
  );

  test("a pull request gets only columns from an older observation that no newer one knows", async () => {
    await merge(inPayload(1), full(1));
    await merge(inPayload(5), without({ ...full(5), title: "Newest" }, ...hidden));
    expect(await merge(inPayload(3), { ...full(3), title: "Older", labels: ["of 3"] })).toMatchObject({
      outcome: "older",
    });
    expect(await merge(inPayload(2), { ...full(2), labels: ["of 2"] })).toMatchObject({ outcome: "older" });
    expect(await first("github.pull_requests")).toMatchObject({
      title: "Newest",
      labels: ["of 3"],
      details_clock: at(5),
    });
  });

  test("a pull request is ambiguous when two payloads of one second differ in a column that the newest observation left out", async () => {
    await merge(inPayload(5), without(full(5), "labels"));
    await merge(inPayload(3), { ...full(3), labels: ["a"] });
    expect(await merge(inPayload(3), { ...full(3), labels: ["b"] })).toMatchObject({ outcome: "ambiguous" });
    expect(await first("github.pull_requests")).toMatchObject({ labels: ["a"] });
  });

  test("a pull request ends with the newest value of each column in any order of observations", async () => {
    const columns = ["title", "labels", "head_repository_id", "draft"] as const;
    const observation = fc.record({
      second: fc.integer({ min: 1, max: 9 }),
      told: fc.subarray([...columns]),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(observation, { minLength: 1, maxLength: 5, selector: ({ second }) => second }),
        async (observations) => {
          await db.clear();
          const of = (second: number) =>
            pullRequest(second, {
              labels: [`of ${second}`],
              head_repository_id: second,
              draft: second % 2 === 0,
            });
          for (const { second, told } of observations) {
            await merge(
              inPayload(second),
              without(of(second), ...columns.filter((column) => !told.includes(column))),
            );
          }
          const expected: Partial<PullRequestRow> = {};
          for (const { second, told } of observations.toSorted((a, b) => a.second - b.second)) {
            for (const column of told) Object.assign(expected, { [column]: of(second)[column] });
          }
          expect(await first("github.pull_requests")).toMatchObject(expected);
        },
      ),
      { numRuns: 30 },
    );
  });

  test("a pull request keeps assigned bots when only users are known", async () => {
    const accounts = [
      { id: 11, login: "ann", type: "User" },
      { id: 12, login: "ben", type: "User" },
      { id: 21, login: "cal", type: "User" },
      { id: 25, login: "dan", type: "User" },
      { id: 41, login: "helper[bot]", type: "Bot" },
    ];
    await merge(inPayload(1, { accounts }), { ...full(1), assignees: [11, 41] });
    const narrow = (users: number[]) => ({ ...without(full(5), "assignees"), assigned_users: users });
    await merge(inFetch(9), narrow([12]));
    expect(await first("github.pull_requests")).toMatchObject({ assignees: [12, 41] });
    // The delivery that took the bot out is late, and tells of the bot what the fetch did not.
    await merge(inPayload(5), { ...full(5), assignees: [12] });
    expect(await first("github.pull_requests")).toMatchObject({ assignees: [12] });
    await merge(inFetch(10), narrow([]));
    expect(await first("github.pull_requests")).toMatchObject({ assignees: [] });
  });

  test.each([
    ["the newer payload", { labels: ["bug", "docs"], label_ids: null }, ["LA_bug", null]],
    ["only some of them", { labels: ["bug", "docs"], label_ids: [null, "LA_docs"] }, ["LA_bug", "LA_docs"]],
    ["the newer payload, which has none of them", { labels: ["docs"], label_ids: null }, null],
  ])(
    "a pull request keeps the ids of its labels in either order when they are missing from %s",
    async (_, told, label_ids) => {
      const known = { ...full(1), labels: ["bug", "old"], label_ids: ["LA_bug", "LA_old"] };
      const merges = [
        () => merge(inPayload(1), known),
        () => merge(inPayload(5), { ...full(5), ...told }),
      ] as const;
      for (const order of [merges, merges.toReversed()]) {
        await db.clear();
        for (const each of order) await each();
        expect(await first("github.pull_requests")).toMatchObject({ labels: told.labels, label_ids });
      }
    },
  );

  test("a pull request is not ambiguous when a payload repeats its labels without ids", async () => {
    const labels = { labels: ["bug"], label_ids: ["LA_bug"] };
    await merge(inPayload(5), { ...full(5), ...labels });
    const outcome = await merge(inPayload(5), { ...full(5), labels: ["bug"], label_ids: null });
    expect(outcome).toMatchObject({ outcome: "same" });
    expect(await first("github.pull_requests")).toMatchObject(labels);
  });

  test("a stub keeps the columns of a review's payload when the details leave them out", async () => {
    const partial = { ...partialPullRequest(5), labels: ["bug"], requested_reviewers: [23] };
    await mergeReviews(db.store, inPayload(5), {
      number,
      pull_request: partial,
      reviews: [],
      finished: true,
    });
    expect(await first("github.pull_requests")).toMatchObject({ labels: ["bug"], requested_reviewers: [23] });
    await merge(inPayload(5), without(full(5), "labels", "requested_reviewers"));
    expect(await first("github.pull_requests")).toMatchObject({
      labels: ["bug"],
      requested_reviewers: [23],
      requested_teams: ["core"],
    });
  });
});

const written = { number, pull_request: null, finished: true };

describe("a review", () => {
  test("a review keeps its commit and gets it from a late payload", async () => {
    await mergeReviews(db.store, inFetch(9), {
      ...written,
      reviews: [without(review(1, 9), "commit_id", "body")],
    });
    expect(await first("github.reviews")).toMatchObject({ commit_id: null, body: null });
    await mergeReviews(db.store, inPayload(5), { ...written, reviews: [review(1, 5)] });
    expect(await first("github.reviews")).toMatchObject({
      commit_id: "aaaa",
      body: "Body of 5",
      clock: at(9),
    });
    await mergeReviews(db.store, inFetch(12), {
      ...written,
      reviews: [without(review(1, 12), "commit_id", "state")],
    });
    expect(await first("github.reviews")).toMatchObject({
      commit_id: "aaaa",
      state: "APPROVED",
      body: "Body of 12",
    });
  });
});

describe("a column with a clock of its own", () => {
  test("the column keeps a later value when an earlier observation is newer than the row", async () => {
    const reviews = (context: CaptureContext, row: ReturnType<typeof review>) =>
      mergeReviews(db.store, context, { ...written, reviews: [row] });
    await reviews(inPayload(5), without(review(1, 5, { state: "DISMISSED" }), "body"));
    // A replica that lags behind shows the review before its dismissal, and the text that the payload lacked.
    await reviews(inFetch(9), review(1, 9));
    await reviews(inPayload(7), review(1, 7, { state: "DISMISSED", commit_id: "cccc" }));
    expect(await first("github.reviews")).toMatchObject({
      body: "Body of 9",
      commit_id: "cccc",
      clock: at(7),
      column_clocks: { body: [expect.anything(), expect.anything()] },
    });
  });

  test("the column is never replaced by an older observation, whatever rule decided before", async () => {
    const columns = ["a", "b", "c"] as const;
    const observation = fc.record({
      second: fc.integer({ min: 1, max: 9 }),
      told: fc.subarray([...columns], { minLength: 1 }),
      decided: fc.constantFrom(null, "older", "newer"),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(observation, { minLength: 3, maxLength: 6, selector: ({ second }) => second }),
        async (observations) => {
          let row: Record<string, unknown> = { column_clocks: {} };
          let clock: string | null = null;
          const seconds: Record<string, number> = {};
          const replaced: string[] = [];
          for (const { second, told, decided } of observations) {
            const [result]: { merged: Record<string, unknown>; clock: Date | null }[] =
              await db.database.query(
                `select merged, clock from capture.merge_known($1, $2, $3, null, $4, $5, null, $6)`,
                [
                  columns,
                  JSON.stringify(row),
                  clock,
                  JSON.stringify(Object.fromEntries(told.map((column) => [column, second]))),
                  at(second),
                  decided,
                ],
              );
            if (!result) throw new Error("nothing was merged");
            for (const column of columns) {
              const value = Number(result.merged[column] ?? 0);
              if (decided === null && value < (seconds[column] ?? 0)) replaced.push(column);
              seconds[column] = value;
            }
            row = result.merged;
            clock = result.clock && new Date(result.clock).toISOString();
          }
          expect(replaced).toEqual([]);
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe("a comment", () => {
  test("a deleted comment is not restored by an older state from a replica", async () => {
    await mergeComments(db.store, inPayload(10), { ...written, comments: [issueComment(1, 10)] });
    await finishListing(db.store, inFetch(80), { number, kinds: ["issue_comments"], began_at: at(80) });
    expect(await first("github.comments")).toMatchObject({ deleted_at: at(80) });
    await mergeComments(db.store, inFetch(90), { ...written, comments: [issueComment(1, 5)] });
    expect(await first("github.comments")).toMatchObject({ deleted_at: at(80), body: "Body of 10" });
    await mergeComments(db.store, inFetch(95), { ...written, comments: [issueComment(1, 10)] });
    expect(await first("github.comments")).toMatchObject({ deleted_at: null, body: "Body of 10" });
  });

  test.each([issueComment, reviewComment])(
    "a comment keeps the columns that a newer observation leaves out",
    async (comment) => {
      await mergeComments(db.store, inPayload(1), { ...written, comments: [comment(1, 1)] });
      const before = await first("github.comments");
      const bare = { kind: comment(1, 5).kind, id: 1, created_at: at(1), updated_at: at(5) };
      await mergeComments(db.store, inPayload(5), { ...written, comments: [bare] });
      expect(await first("github.comments")).toMatchObject({
        ...before,
        updated_at: at(5),
        column_clocks: expect.objectContaining({ body: expect.anything() }),
      });
      await mergeComments(db.store, inPayload(5), { ...written, comments: [comment(1, 5)] });
      expect(await first("github.comments")).toMatchObject({ body: "Body of 5", column_clocks: {} });
    },
  );

  test("a reply keeps in_reply_to_id when only an older payload contains it", async () => {
    const replies = (context: CaptureContext, row: ReturnType<typeof reviewComment>) =>
      mergeComments(db.store, context, { ...written, comments: [row] });
    await replies(inPayload(3), reviewComment(1, 3, { in_reply_to_id: 8 }));
    await replies(inPayload(5), without(reviewComment(1, 5), "in_reply_to_id"));
    await replies(inPayload(5), without(reviewComment(2, 5), "in_reply_to_id"));
    await replies(inPayload(3), reviewComment(2, 3, { in_reply_to_id: 8 }));
    expect(await db.rows("github.comments")).toMatchObject([
      { id: 1, in_reply_to_id: 8, body: "Body of 5", column_clocks: {} },
      { id: 2, in_reply_to_id: 8, body: "Body of 5", column_clocks: {} },
    ]);
  });

  test("a new comment is stored with its known columns", async () => {
    const bare = { kind: "review" as const, id: 1, created_at: at(1), updated_at: at(5) };
    await mergeComments(db.store, inPayload(5), { ...written, comments: [bare] });
    expect(await first("github.comments")).toMatchObject({ body: "", path: null, author_id: null });
  });
});

test("a repository keeps the columns that a newer payload leaves out", async () => {
  const settings = { deleted: false, asked: false, purge: false };
  const whole = { private: true, archived: true, default_branch: "trunk" };
  await mergeRepository(db.store, inPayload(1), { ...settings, repository: { ...whole, updated_at: at(1) } });
  await mergeRepository(db.store, inPayload(5), {
    ...settings,
    repository: { archived: false, updated_at: at(5) },
  });
  expect(await first("github.repositories")).toMatchObject({ ...whole, archived: false, updated_at: at(5) });
});

test("an installation keeps the columns that a newer payload leaves out", async () => {
  const change = (second: number, told: object) => {
    const { repository: _repository, ...context } = inPayload(second);
    return mergeInstallation(
      db.store,
      { ...context, installation_id: 51 },
      {
        installation: { id: 51, created_at: at(0), updated_at: at(second), ...told },
        added: [],
        removed: [],
        deleted: false,
        everything: false,
        purge: false,
      },
    );
  };
  await change(1, { account_id: 9, repository_selection: "selected", suspended_at: null });
  await change(5, { suspended_at: null });
  await change(3, { account_id: 10, suspended_at: null });
  expect(await first("github.installations")).toMatchObject({
    account_id: 10,
    repository_selection: "selected",
    updated_at: at(5),
  });
});

test("a file keeps the columns that a second list of the same head leaves out", async () => {
  await merge(inPayload(1), full(1));
  const list = { head_sha: "aaaa", base_ref: "main", truncated: false };
  const renamed = file("a.ts", { status: "renamed", previous_filename: "b.ts" });
  await replaceFiles(db.store, inFetch(2), number, { ...list, files: [renamed] });
  const files = [{ filename: "a.ts", additions: 9 }, { filename: "c.ts" }];
  await replaceFiles(db.store, inFetch(3), number, { ...list, files });
  expect(await db.rows("github.pull_request_files")).toMatchObject([
    { filename: "a.ts", status: "renamed", additions: 9, deletions: 1, previous_filename: "b.ts" },
    { filename: "c.ts", status: null, additions: null },
  ]);
});
