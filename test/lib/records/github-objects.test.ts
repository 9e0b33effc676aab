import { describe, expect, test } from "vitest";
import {
  file,
  installation,
  issueComment,
  partialPullRequest,
  pullRequest,
  pullRequestIssue,
  repository,
  review,
  reviewComment,
} from "../../../src/lib/records/github-objects.ts";
import { accountsOf, toAccounts } from "../../../src/lib/records/to-accounts.ts";
import { toIssueComment, toReviewComment } from "../../../src/lib/records/to-comment.ts";
import { headOf, toFile } from "../../../src/lib/records/to-file.ts";
import { toPullRequest } from "../../../src/lib/records/to-pull-request.ts";
import { toReview } from "../../../src/lib/records/to-review.ts";
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
  { name: "a pull request", schema: pullRequest, example: examplePullRequest },
  { name: "a partial pull request", schema: partialPullRequest, example: examplePullRequest },
  {
    name: "the issue side of a pull request",
    schema: pullRequestIssue,
    example: { ...exampleIssue, pull_request: { merged_at: null } },
  },
  { name: "a review", schema: review, example: exampleReview },
  { name: "a review comment", schema: reviewComment, example: exampleReviewComment },
  { name: "an issue comment", schema: issueComment, example: exampleIssueComment },
  { name: "a file", schema: file, example: exampleFile },
];

/** A copy with every text in it spoilt, save those that have to be of a certain form. */
function spoil(value: unknown, key = ""): unknown {
  if (typeof value === "string") {
    return /_at$|^state$|^status$/.test(key) ? value : `${value}\0\ud800`;
  }
  if (Array.isArray(value)) return value.map((each) => spoil(each, key));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([inner, each]) => [inner, spoil(each, inner)]));
}

describe.each(objects)("$name", ({ schema, example }) => {
  test("read again after it was reduced is the same", () => {
    const reduced = schema.parse(example);
    expect(schema.parse(reduced)).toEqual(reduced);
  });

  test("has no text that Postgres cannot hold", () => {
    const reduced = JSON.stringify(schema.parse(spoil(example)));
    expect(reduced).not.toMatch(/\\u0000|\\ud800/);
    expect(reduced).toContain("\ufffd\ufffd");
  });

  test("is refused when it is not of its shape", () => {
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

describe("who wrote it", () => {
  const authors = [
    ["a pull request", (user: unknown) => toPullRequest(pullRequest.parse({ ...examplePullRequest, user }))],
    [
      "a review",
      (user: unknown) => toReview(review.parse({ ...exampleReview, user }), "2026-01-01T00:00:00Z"),
    ],
    [
      "a review comment",
      (user: unknown) => toReviewComment(reviewComment.parse({ ...exampleReviewComment, user })),
    ],
    [
      "an issue comment",
      (user: unknown) => toIssueComment(issueComment.parse({ ...exampleIssueComment, user })),
    ],
  ] as const;

  describe.each(authors)("%s", (_, written) => {
    test.each([
      ["null", null],
      ["GitHub's ghost", ghost],
      ["not there", undefined],
    ])("is nobody when the account was deleted: %s", (__, user) => {
      expect(written(user)).toMatchObject({ author_id: null });
    });

    test.each([bot, organization, mannequin, ann])("is the account, a $type too", (user) => {
      expect(written(user)).toMatchObject({ author_id: user.id });
    });
  });
});

describe("what Postgres could not store", () => {
  const { installation: exampleInstallation } = exampleOf("installation", "created");
  const { repository: exampleRepository } = exampleOf("repository", "renamed");

  test.each([
    ["year 0", { updated_at: "0000-01-01T00:00:00Z" }],
    ["an offset of a day", { updated_at: "2026-01-01T00:00:00+23:59" }],
    ["a number beyond its integers", { number: 2 ** 31 }],
    ["a count beyond its integers", { additions: 2 ** 31 }],
    ["a milestone beyond its integers", { milestone: { number: 2 ** 31, title: "" } }],
  ])("is refused: %s", (_, hostile) => {
    expect(pullRequest.safeParse(examplePullRequest).success).toBe(true);
    expect(pullRequest.safeParse({ ...examplePullRequest, ...hostile }).success).toBe(false);
  });

  test("is refused: seconds beyond the year 9999", () => {
    const at = (updated_at: number) => installation.safeParse({ ...exampleInstallation, updated_at });
    expect(at(1_557_933_591).data?.updated_at).toBe("2019-05-15T15:19:51.000Z");
    for (const hostile of [253_402_300_800, Number.MAX_SAFE_INTEGER, -1, 0.5])
      expect(at(hostile).success).toBe(false);
  });

  test.each(["name", "default_branch"])("is refused: a %s too long for an index", (key) => {
    const of = (length: number) => repository.safeParse({ ...exampleRepository, [key]: "a".repeat(length) });
    expect(of(255).success).toBe(true);
    expect(of(256).success).toBe(false);
  });
});

describe("the accounts that a pull request names", () => {
  const named = (changes: Record<string, unknown>) =>
    toAccounts(accountsOf(pullRequest.parse({ ...examplePullRequest, ...changes })));

  test("are its author, who merged it, who is assigned and who is asked to review, each once", () => {
    const rows = named({
      user: bot,
      merged: true,
      merged_by: ann,
      assignees: [ann, mannequin],
      requested_reviewers: [organization, ann],
    });
    expect(rows.toSorted((a, b) => a.id - b.id)).toEqual([ann, organization, mannequin, bot]);
  });

  test("do not include deleted ones", () => {
    expect(named({ user: ghost, merged_by: null, assignees: [], requested_reviewers: [] })).toEqual([]);
  });

  test("do not include a team that is asked among the people, and its request is no loss to theirs", () => {
    const team = { id: 3, name: "Core", slug: "core", privacy: "closed", permission: "pull" };
    const requested = { requested_reviewers: [team, ann], requested_teams: [team] };
    expect(named({ user: bot, assignees: [], ...requested })).toEqual([bot, ann]);
    const row = toPullRequest(pullRequest.parse({ ...examplePullRequest, ...requested }));
    expect(row).toMatchObject({ requested_reviewers: [11], requested_teams: ["core"] });
  });
});

describe("a pull request", () => {
  const row = (changes: Record<string, unknown>) =>
    toPullRequest(pullRequest.parse({ ...examplePullRequest, ...changes }));

  test("has no merge commit before it is merged: GitHub shows a test merge there", () => {
    expect(row({ merged: false, merge_commit_sha: "aaaa" })).toMatchObject({ merge_commit_sha: null });
    expect(row({ merged: true, merge_commit_sha: "aaaa", merged_by: ann })).toMatchObject({
      merged: true,
      merge_commit_sha: "aaaa",
      merged_by_id: 11,
    });
  });

  test("of a deleted fork has a head without a repository", () => {
    const head = { ...examplePullRequest.head, repo: null, user: null };
    expect(row({ head })).toMatchObject({ head_repository_id: null, head_sha: head.sha });
  });

  test("has its lists sorted, numbers as numbers, so that the order GitHub gives is no difference", () => {
    const accounts = [100, 9, 20].map((id) => ({ ...ann, id }));
    expect(
      row({
        assignees: accounts,
        requested_reviewers: accounts,
        labels: [{ name: "b" }, { name: "a" }, { name: "C" }],
        requested_teams: [{ slug: "web" }, { slug: "core" }],
      }),
    ).toMatchObject({
      assignees: [9, 20, 100],
      requested_reviewers: [9, 20, 100],
      labels: ["C", "a", "b"],
      requested_teams: ["core", "web"],
    });
  });

  test("that lacks a size is refused: a missing number is never a zero", () => {
    const { additions: _additions, ...listed } = examplePullRequest;
    expect(pullRequest.safeParse(listed).success).toBe(false);
  });

  test.each(["", null, undefined])("whose body is %j has none", (body) => {
    expect(row({ body })).toMatchObject({ body: null });
  });
});

describe("a review", () => {
  const row = (changes: Record<string, unknown>) =>
    toReview(review.parse({ ...exampleReview, ...changes }), "2026-01-01T00:00:00Z");

  test("that is pending is nobody's but its author's", () => {
    expect(row({ state: "PENDING", submitted_at: null })).toBeNull();
    expect(row({ state: "PENDING", submitted_at: undefined })).toBeNull();
  });

  test.each([
    ["changes_requested", "CHANGES_REQUESTED"],
    ["APPROVED", "APPROVED"],
    ["dismissed", "DISMISSED"],
  ])("says %s where it comes from a webhook or from REST alike", (state, stored) => {
    expect(row({ state })).toMatchObject({ state: stored });
  });

  test("whose commit is gone has none", () => {
    expect(row({ commit_id: null })).toMatchObject({ commit_id: null });
  });
});

describe("a comment", () => {
  test("without text has an empty one", () => {
    expect(toIssueComment(issueComment.parse({ ...exampleIssueComment, body: null }))).toMatchObject({
      body: "",
    });
  });

  test("on a whole file has neither a line nor a position", () => {
    const onFile = { subject_type: "file", original_position: null, original_line: null, side: "" };
    expect(toReviewComment(reviewComment.parse({ ...exampleReviewComment, ...onFile }))).toMatchObject({
      subject_type: "file",
      original_position: null,
      original_line: null,
      side: null,
    });
  });
});

describe("a file", () => {
  test("is its row, column by column", () => {
    expect(toFile(file.parse(exampleFile))).toEqual({
      filename: "src/a.ts",
      status: "renamed",
      additions: 3,
      deletions: 1,
      changes: 4,
      previous_filename: "src/b.ts",
    });
    const { previous_filename: _name, ...added } = exampleFile;
    expect(toFile(file.parse(added))).toMatchObject({ previous_filename: null });
  });

  test.each([
    [exampleFile.contents_url, "cccc"],
    ["https://api.github.com/repos/acme/web/contents/a%3Fref=x.ts?ref=cccc&x=1", "cccc"],
    ["https://api.github.com/repos/acme/web/contents/a.ts", null],
    ["", null],
  ])("listed as %j is of the head %j", (contents_url, head) => {
    expect(headOf([file.parse({ ...exampleFile, contents_url })])).toBe(head);
  });
});
