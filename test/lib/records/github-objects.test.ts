import { describe, expect, test } from "vitest";
import {
  issueCommentSchema,
  reviewCommentSchema,
  toIssueComment,
  toReviewComment,
} from "../../../src/lib/records/comment.ts";
import { fileSchema, headOf, toFile } from "../../../src/lib/records/file.ts";
import { installationSchema } from "../../../src/lib/records/installation.ts";
import {
  partialPullRequestSchema,
  pullRequestSchema,
  pullRequestIssueSchema,
  accountsOf,
  toPullRequest,
} from "../../../src/lib/records/pull-request.ts";
import { repositorySchema } from "../../../src/lib/records/repository.ts";
import { reviewSchema, toReview } from "../../../src/lib/records/review.ts";
import { toAccounts } from "../../../src/lib/records/account.ts";
import { exampleOf } from "../../support/webhook-examples.ts";

const { pull_request: examplePullRequest } = exampleOf("pull_request", "opened");
const { review: exampleReview } = exampleOf("pull_request_review", "submitted");
const { comment: exampleReviewComment } = exampleOf("pull_request_review_comment", "created");
const { comment: exampleIssueComment, issue: exampleIssue } = exampleOf("issue_comment", "created");
const exampleFile = {
  sha: "bbcd",
  filename: "src/a.ts",
  status: "renamed",
  additions: 3,
  deletions: 1,
  changes: 4,
  previous_filename: "src/b.ts",
  blob_url: "https://github.com/acme/web/blob/cccc/src/a.ts",
  contents_url: "https://api.github.com/repos/acme/web/contents/src/a.ts?ref=cccc",
  patch: "@@ -1 +1 @@",
};

const objects = [
  { name: "a pull request", schema: pullRequestSchema, example: examplePullRequest },
  { name: "a partial pull request", schema: partialPullRequestSchema, example: examplePullRequest },
  {
    name: "the issue side of a pull request",
    schema: pullRequestIssueSchema,
    example: { ...exampleIssue, pull_request: { merged_at: null } },
  },
  { name: "a review", schema: reviewSchema, example: exampleReview },
  { name: "a review comment", schema: reviewCommentSchema, example: exampleReviewComment },
  { name: "an issue comment", schema: issueCommentSchema, example: exampleIssueComment },
  { name: "a file", schema: fileSchema, example: exampleFile },
];

/** Adds characters that Postgres cannot store to every text, except to dates and states. */
function addHostileText(value: unknown, key = ""): unknown {
  if (typeof value === "string") {
    return /_at$|^state$|^status$/.test(key) ? value : `${value}\0\ud800`;
  }
  if (Array.isArray(value)) return value.map((each) => addHostileText(each, key));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([inner, each]) => [inner, addHostileText(each, inner)]),
  );
}

describe.each(objects)("$name", ({ schema, example }) => {
  test("a parsed object parses to itself", () => {
    const reduced = schema.parse(example);
    expect(schema.parse(reduced)).toEqual(reduced);
  });

  test("a parsed object has no text that Postgres cannot store", () => {
    const reduced = JSON.stringify(schema.parse(addHostileText(example)));
    expect(reduced).not.toMatch(/\\u0000|\\ud800/);
    expect(reduced).toContain("\ufffd\ufffd");
  });

  test("an object of another shape is refused", () => {
    for (const broken of [null, [], "text", {}, { ...example, id: "one", filename: 1, number: "one" }]) {
      expect(schema.safeParse(broken).success).toBe(false);
    }
  });
});

const ghost = { login: "ghost", id: 10137, type: "User" };
const bot = { login: "dependabot[bot]", id: 49699333, type: "Bot" };
const organization = { login: "acme", id: 6412, type: "Organization" };
const mannequin = { login: "ann-old", id: 7000, type: "Mannequin" };
const ann = { login: "ann", id: 11, type: "User" };

describe("an author", () => {
  const authors = [
    [
      "a pull request",
      (user: unknown) => toPullRequest(pullRequestSchema.parse({ ...examplePullRequest, user })),
    ],
    [
      "a review",
      (user: unknown) => toReview(reviewSchema.parse({ ...exampleReview, user }), "2026-01-01T00:00:00Z"),
    ],
    [
      "a review comment",
      (user: unknown) => toReviewComment(reviewCommentSchema.parse({ ...exampleReviewComment, user })),
    ],
    [
      "an issue comment",
      (user: unknown) => toIssueComment(issueCommentSchema.parse({ ...exampleIssueComment, user })),
    ],
  ] as const;

  describe.each(authors)("%s", (_, written) => {
    test.each([
      ["null", null],
      ["GitHub's ghost", ghost],
    ])("a deleted account is stored as null: %s", (__, user) => {
      expect(written(user)).toMatchObject({ author_id: null });
    });

    test.each([bot, organization, mannequin, ann])("an account of any type is stored: $type", (user) => {
      expect(written(user)).toMatchObject({ author_id: user.id });
    });
  });
});

describe("a value that Postgres cannot store", () => {
  const { installation: exampleInstallation } = exampleOf("installation", "created");
  const { repository: exampleRepository } = exampleOf("repository", "renamed");

  test.each([
    ["year 0", { updated_at: "0000-01-01T00:00:00Z" }],
    ["an offset of a day", { updated_at: "2026-01-01T00:00:00+23:59" }],
    ["a number over 32 bits", { number: 2 ** 31 }],
    ["a count over 32 bits", { additions: 2 ** 31 }],
    ["a milestone over 32 bits", { milestone: { number: 2 ** 31, title: "" } }],
  ])("a pull request is refused that has %s", (_, hostile) => {
    expect(pullRequestSchema.safeParse(examplePullRequest).success).toBe(true);
    expect(pullRequestSchema.safeParse({ ...examplePullRequest, ...hostile }).success).toBe(false);
  });

  test("a time after the year 9999 is refused", () => {
    const at = (updated_at: number) => installationSchema.safeParse({ ...exampleInstallation, updated_at });
    expect(at(1_557_933_591).data?.updated_at).toBe("2019-05-15T15:19:51.000Z");
    for (const hostile of [253_402_300_800, Number.MAX_SAFE_INTEGER, -1, 0.5])
      expect(at(hostile).success).toBe(false);
  });

  test.each(["name", "default_branch"])("a %s that is too long for an index is refused", (key) => {
    const of = (length: number) =>
      repositorySchema.safeParse({ ...exampleRepository, [key]: "a".repeat(length) });
    expect(of(255).success).toBe(true);
    expect(of(256).success).toBe(false);
  });
});

describe("the accounts that a pull request names", () => {
  const named = (changes: Record<string, unknown>) =>
    toAccounts(accountsOf(pullRequestSchema.parse({ ...examplePullRequest, ...changes })));

  test("the author, merger, assignees and requested reviewers are listed once each", () => {
    const rows = named({
      user: bot,
      merged: true,
      merged_by: ann,
      assignees: [ann, mannequin],
      requested_reviewers: [organization, ann],
    });
    expect(rows.toSorted((a, b) => a.id - b.id)).toEqual([ann, organization, mannequin, bot]);
  });

  test("deleted accounts are not listed", () => {
    expect(named({ user: ghost, merged_by: null, assignees: [], requested_reviewers: [] })).toEqual([]);
  });

  test("a team among the requested reviewers is not listed, and the people are", () => {
    const team = { id: 3, name: "Core", slug: "core", privacy: "closed", permission: "pull" };
    const requested = { requested_reviewers: [team, ann], requested_teams: [team] };
    expect(named({ user: bot, assignees: [], ...requested })).toEqual([bot, ann]);
    const row = toPullRequest(pullRequestSchema.parse({ ...examplePullRequest, ...requested }));
    expect(row).toMatchObject({ requested_reviewers: [11], requested_teams: ["core"] });
  });
});

describe("a pull request", () => {
  const row = (changes: Record<string, unknown>) =>
    toPullRequest(pullRequestSchema.parse({ ...examplePullRequest, ...changes }));

  test("the merge commit is null before the merge, although GitHub shows a test merge", () => {
    expect(row({ merged: false, merge_commit_sha: "aaaa" })).toMatchObject({ merge_commit_sha: null });
    expect(row({ merged: true, merge_commit_sha: "aaaa", merged_by: ann })).toMatchObject({
      merged: true,
      merge_commit_sha: "aaaa",
      merged_by_id: 11,
    });
  });

  test("a pull request of a deleted fork has a head without a repository", () => {
    const head = { ...examplePullRequest.head, repo: null, user: null };
    expect(row({ head })).toMatchObject({ head_repository_id: null, head_sha: head.sha });
  });

  test("lists are sorted, and numbers numerically", () => {
    const accounts = [100, 9, 20].map((id) => ({ ...ann, id }));
    expect(
      row({
        assignees: accounts,
        requested_reviewers: accounts,
        labels: [
          { name: "b", node_id: "LA_b" },
          { name: "a", node_id: "LA_a" },
          { name: "C", node_id: "LA_c" },
        ],
        requested_teams: [{ slug: "web" }, { slug: "core" }],
      }),
    ).toMatchObject({
      assignees: [9, 20, 100],
      requested_reviewers: [9, 20, 100],
      labels: ["C", "a", "b"],
      label_ids: ["LA_c", "LA_a", "LA_b"],
      requested_teams: ["core", "web"],
    });
  });

  test("label ids are null where a label has none, and unknown where no label has one", () => {
    const labels = [{ name: "a", node_id: "LA_a" }, { name: "b" }];
    expect(row({ labels })).toMatchObject({ labels: ["a", "b"], label_ids: ["LA_a", null] });
    expect(row({ labels: [{ name: "b" }] })).toMatchObject({ labels: ["b"], label_ids: null });
    expect(row({ labels: [] })).toMatchObject({ labels: [], label_ids: [] });
  });

  test("a missing size is unknown, not zero", () => {
    const { additions: _additions, ...listed } = examplePullRequest;
    expect(toPullRequest(pullRequestSchema.parse(listed)).additions).toBeUndefined();
  });

  test.each(["", null])("a body of %j is stored as null", (body) => {
    expect(row({ body })).toMatchObject({ body: null });
  });
});

describe("a review", () => {
  const row = (changes: Record<string, unknown>) =>
    toReview(reviewSchema.parse({ ...exampleReview, ...changes }), "2026-01-01T00:00:00Z");

  test("a pending review is not stored", () => {
    expect(row({ state: "PENDING", submitted_at: null })).toBeNull();
    expect(row({ state: "PENDING", submitted_at: undefined })).toBeNull();
  });

  test.each([
    ["changes_requested", "CHANGES_REQUESTED"],
    ["APPROVED", "APPROVED"],
    ["dismissed", "DISMISSED"],
  ])("the state %s is stored in upper case", (state, stored) => {
    expect(row({ state })).toMatchObject({ state: stored });
  });

  test("a null commit is unknown, since a permission can hide it", () => {
    expect(row({ commit_id: null })?.commit_id).toBeUndefined();
  });
});

describe("a comment", () => {
  test("a null body is stored as an empty text", () => {
    expect(toIssueComment(issueCommentSchema.parse({ ...exampleIssueComment, body: null }))).toMatchObject({
      body: "",
    });
  });

  test("a comment on a whole file has neither line nor position", () => {
    const onFile = { subject_type: "file", original_position: null, original_line: null, side: "" };
    expect(toReviewComment(reviewCommentSchema.parse({ ...exampleReviewComment, ...onFile }))).toMatchObject({
      subject_type: "file",
      original_position: null,
      original_line: null,
      side: null,
    });
  });
});

test("a review comment's missing review id is unknown, and null means no review", () => {
  const { pull_request_review_id: _id, ...absent } = exampleReviewComment;
  expect(toReviewComment(reviewCommentSchema.parse(absent)).pull_request_review_id).toBeUndefined();
  const without = { ...absent, pull_request_review_id: null };
  expect(toReviewComment(reviewCommentSchema.parse(without)).pull_request_review_id).toBeNull();
});

test("an installation's null account is unknown, and an enterprise is no account", () => {
  const { installation: example } = exampleOf("installation", "created");
  const accountOf = (account: unknown) => installationSchema.parse({ ...example, account }).account;
  expect(accountOf(null)).toBeUndefined();
  expect(accountOf(undefined)).toBeUndefined();
  expect(accountOf({ id: 3, slug: "umbrella" })).toBeNull();
});

describe("a file", () => {
  test("a file is stored with each column", () => {
    expect(toFile(fileSchema.parse(exampleFile))).toEqual({
      filename: "src/a.ts",
      status: "renamed",
      additions: 3,
      deletions: 1,
      changes: 4,
      previous_filename: "src/b.ts",
    });
    const { previous_filename: _name, ...unnamed } = exampleFile;
    expect(toFile(fileSchema.parse({ ...unnamed, status: "added" }))).toMatchObject({
      previous_filename: null,
    });
    expect(toFile(fileSchema.parse(unnamed)).previous_filename).toBeUndefined();
  });

  test.each([
    [exampleFile.contents_url, "cccc"],
    ["https://api.github.com/repos/acme/web/contents/a%3Fref=x.ts?ref=cccc&x=1", "cccc"],
    ["https://api.github.com/repos/acme/web/contents/a.ts", null],
    ["", null],
  ])("a file with the contents URL %j belongs to the head %j", (contents_url, head) => {
    expect(headOf([fileSchema.parse({ ...exampleFile, contents_url })])).toBe(head);
  });
});
