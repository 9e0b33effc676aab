import { randomBytes } from "node:crypto";
import { beforeEach, describe, expect, test } from "vitest";
import {
  filesOf,
  reviewCommentsOf,
  submittedReviews,
  type PullRequest,
} from "../../src/fake-github/index.ts";
import { useScene } from "../support/scene.ts";

/** An item that cannot be read or stored costs only that item. It is a gap, its job names the error, and it is captured after GitHub heals. */

const scene = useScene();
let bad: PullRequest;

/** Opens three pull requests, each with two files, a comment, and a review with a review comment. The second has the bad item. */
beforeEach(() => {
  const { github, web, ann } = scene;
  const pullRequests = github.quietly(() =>
    [0, 100, 200].map((start) => {
      const files = [{ filename: "a.ts" }, { filename: "b.ts" }];
      const pullRequest = github.after(start, () =>
        github.openPullRequest({ repository: web, author: ann, files }),
      );
      github.after(start + 10, () =>
        github.submitReview({ pullRequest, author: ann, body: "Hm", comments: [{ body: "Why?" }] }),
      );
      github.after(start + 20, () => github.createIssueComment({ on: pullRequest, author: ann, body: "So" }));
      return pullRequest;
    }),
  );
  const [, second] = pullRequests;
  if (!second) throw new Error("There is no second pull request.");
  bad = second;
});

function one<Item>([item]: readonly Item[]): Item {
  if (item === undefined) throw new Error("The list is empty.");
  return item;
}

const commentOfBad = () => one(bad.comments);
const reviewCommentOfBad = () => one(reviewCommentsOf(bad));
const reviewOfBad = () => one(submittedReviews(bad));
const fileOfBad = () => one(filesOf(bad));

async function backfillWithRetries(): Promise<void> {
  await scene.backfill();
  await scene.skipRetries();
}

interface BadItem {
  item: string;
  /** Returns a function that heals the item. */
  spoil: () => () => void;
  gap: string;
  job: string;
  error: RegExp;
  /** The tables with a missing or wrong row until GitHub recovers. */
  tables: string[];
}

const tooLarge = 3_000_000_000;

const badItems: BadItem[] = [
  {
    item: "a review comment without a clock",
    spoil: () => scene.github.garble(reviewCommentOfBad(), { rest: { updated_at: 7 } }),
    gap: "comments 2 1/2",
    job: "capture/pr.comments",
    error: /GitHub's review comment \d+ cannot be read: updated_at/,
    tables: ["comments"],
  },
  {
    item: "a review comment with a line that is out of range",
    spoil: () => scene.github.garble(reviewCommentOfBad(), { rest: { original_line: tooLarge } }),
    gap: "comments 2 1/2",
    job: "capture/pr.comments",
    error: /GitHub's review comment \d+ cannot be read: original_line/,
    tables: ["comments"],
  },
  {
    item: "an issue comment without an id",
    spoil: () =>
      scene.github.garble(commentOfBad(), { rest: { id: null }, graphql: { fullDatabaseId: null } }),
    gap: "comments 2 1/2",
    job: "capture/pr.comments",
    error: /GitHub's issue comment at position 1 cannot be read: id/,
    tables: ["comments"],
  },
  {
    item: "a review without an id",
    spoil: () =>
      scene.github.garble(reviewOfBad(), { rest: { id: null }, graphql: { fullDatabaseId: null } }),
    gap: "reviews 2 0/1",
    job: "capture/pr.reviews",
    error: /GitHub's review at position 1 cannot be read: id/,
    tables: ["reviews"],
  },
  {
    item: "a file without a name",
    spoil: () => scene.github.garble(fileOfBad(), { rest: { filename: null }, graphql: { path: null } }),
    gap: "files 2 1/2",
    job: "capture/pr.details",
    error: /GitHub's file at position 1 cannot be read: filename/,
    tables: ["pull_request_files"],
  },
  {
    item: "a file with more additions than Postgres can count",
    spoil: () =>
      scene.github.garble(fileOfBad(), { rest: { additions: tooLarge }, graphql: { additions: tooLarge } }),
    gap: "files 2 1/2",
    job: "capture/pr.details",
    error: /GitHub's file at position 1 cannot be read: additions/,
    tables: ["pull_request_files"],
  },
];

test.each(badItems)(
  "$item is missing only itself until GitHub recovers",
  async ({ spoil, gap, job, error, tables }) => {
    const heal = spoil();
    await backfillWithRetries();
    expect((await scene.differences()).map(({ table }) => table)).toEqual(tables);
    expect(await scene.gaps()).toEqual([gap]);
    const { total } = await scene.analyze();
    expect(
      Math.min(...[total.files, total.reviews, total.comments].map((each) => each.percent ?? 0)),
    ).toBeLessThan(100);
    expect(await scene.openJobs()).toMatchObject([
      { event_name: job, number: 2, state: "failed", error: { message: expect.stringMatching(error) } },
    ]);

    heal();
    await scene.reconcile();
    await scene.skipRetries();
    expect(await scene.differences()).toEqual([]);
    expect(await scene.gaps()).toEqual([]);
  },
);

describe("a bad pull request", () => {
  test("a pull request with more additions than Postgres can count lacks its details until GitHub recovers", async () => {
    const wrong = { additions: tooLarge };
    const heal = scene.github.garble(bad, { rest: wrong, graphql: wrong });
    await backfillWithRetries();
    const missing = (await scene.differences()).filter(({ table }) => table !== "accounts");
    expect(new Set(missing.map(({ table }) => table))).toEqual(
      new Set(["pull_requests", "pull_request_files"]),
    );
    expect(await scene.gaps()).toEqual(["details 2 0/1"]);
    expect(await scene.openJobs()).toMatchObject([
      {
        event_name: "capture/pr.details",
        number: 2,
        error: { message: expect.stringContaining("additions") },
      },
    ]);

    heal();
    await scene.reconcile();
    await scene.skipRetries();
    expect(await scene.differences()).toEqual([]);
    expect(await scene.gaps()).toEqual([]);
  });

  test.each([{ fullDatabaseId: null }, { submittedAt: 7 }])(
    "a pull request whose review GraphQL garbles with %o is read by REST",
    async (graphql) => {
      scene.github.garble(reviewOfBad(), { graphql });
      await backfillWithRetries();
      expect(await scene.openJobs()).toEqual([]);
      expect(await scene.differences()).toEqual([]);
      expect(await scene.gaps()).toEqual([]);
    },
  );
});

test("a pull request with an unreadable review comment is read by each backfill all the same", async () => {
  await scene.backfill();
  const { github } = scene;
  github.garble(reviewCommentOfBad(), { rest: { original_line: tooLarge } });
  scene.pass(1);
  github.quietly(() => github.editPullRequest(bad, { title: "Newer" }));
  scene.pass(1);
  await backfillWithRetries();
  expect(await scene.rows("github.pull_requests where number = 2")).toMatchObject([{ title: "Newer" }]);
});

test("a review comment without a diff is captured, and the next backfill adds the diff", async () => {
  const heal = scene.github.garble(reviewCommentOfBad(), { rest: { diff_hunk: null } });
  await backfillWithRetries();
  expect(await scene.differences()).toMatchObject([{ table: "comments", columns: ["diff_hunk"] }]);
  heal();
  await backfillWithRetries();
  expect(await scene.differences()).toEqual([]);
});

test("a character that Postgres cannot store is replaced", async () => {
  const { github } = scene;
  github.quietly(() => github.editIssueComment(commentOfBad(), "a\u0000b"));
  await backfillWithRetries();
  expect(await scene.rows("github.comments where kind = 'issue' and pull_request_number = 2")).toMatchObject([
    { body: "a\uFFFDb" },
  ]);
  expect(await scene.gaps()).toEqual([]);
  expect(await scene.openJobs()).toEqual([]);
});

test("a file whose name is too long for an index of Postgres is captured", async () => {
  const { github } = scene;
  const filename = randomBytes(2625).toString("base64url"); // 3,500 characters that cannot be compressed
  github.quietly(() => github.after(300, () => github.push(bad, { files: [{ filename }] })));
  await backfillWithRetries();
  expect(await scene.openJobs()).toEqual([]);
  expect(await scene.differences()).toEqual([]);
});
