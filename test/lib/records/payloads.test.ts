import { describe, expect, test } from "vitest";
import {
  issueComment,
  partialPullRequest,
  pullRequest,
  pullRequestIssue,
  review,
  reviewComment,
} from "../../../src/lib/records/github-objects.ts";
import { toIssueComment, toReviewComment } from "../../../src/lib/records/to-comment.ts";
import {
  fromPullRequestIssue,
  toPartialPullRequest,
  toPullRequest,
} from "../../../src/lib/records/to-pull-request.ts";
import { toReview } from "../../../src/lib/records/to-review.ts";
import { examplesOf, type ExamplePayload } from "../../support/webhook-examples.ts";

/** Every example of GitHub's, and where in it each column stands. */

const written = {
  id: "id",
  author_id: "user.id",
  author_association: "author_association",
  body: "body",
};

const issueSide = {
  ...written,
  number: "number",
  title: "title",
  state: "state",
  locked: "locked",
  active_lock_reason: "active_lock_reason",
  created_at: "created_at",
  updated_at: "updated_at",
  closed_at: "closed_at",
};

const partial = {
  ...issueSide,
  draft: "draft",
  merged_at: "merged_at",
  head_ref: "head.ref",
  head_sha: "head.sha",
  head_repository_id: "head.repo.id",
  base_ref: "base.ref",
  base_sha: "base.sha",
  milestone_number: "milestone.number",
  milestone_title: "milestone.title",
  auto_merge_method: "auto_merge.merge_method",
};

const whole = {
  ...partial,
  merged: "merged",
  merged_by_id: "merged_by.id",
  additions: "additions",
  deletions: "deletions",
  changed_files: "changed_files",
  commits: "commits",
  comments: "comments",
  review_comments: "review_comments",
};

const inConversation = { ...written, created_at: "created_at", updated_at: "updated_at" };

const onDiff = {
  ...inConversation,
  pull_request_review_id: "pull_request_review_id",
  in_reply_to_id: "in_reply_to_id",
  path: "path",
  diff_hunk: "diff_hunk",
  original_commit_id: "original_commit_id",
  original_position: "original_position",
  original_line: "original_line",
  original_start_line: "original_start_line",
  side: "side",
  start_side: "start_side",
  subject_type: "subject_type",
};

/** What stands there; null for what is absent, null or an empty text. */
function at(object: unknown, path: string): unknown {
  let value = object;
  for (const key of path.split(".")) {
    value = typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
  }
  return value === undefined || value === "" ? null : value;
}

function columnsOf(object: unknown, places: Record<string, string>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(places).map(([column, path]) => [column, at(object, path)]));
}

/** Of the list that stands there, one property of each, sorted. */
function listAt(object: unknown, list: string, property: string): unknown[] {
  const values = (at(object, list) as unknown[]).map((each) => at(each, property));
  const numbers = values.filter((value) => typeof value === "number");
  return numbers.length > 0 ? numbers.toSorted((a, b) => a - b) : values.map(String).toSorted();
}

const listsOf = (object: unknown) => ({
  labels: listAt(object, "labels", "name"),
  assignees: listAt(object, "assignees", "id"),
  requested_reviewers: listAt(object, "requested_reviewers", "id"),
  requested_teams: listAt(object, "requested_teams", "slug"),
});

const title = (payload: ExamplePayload, index: number) =>
  [`${payload.action}, example ${index + 1}`, payload] as const;

describe("a pull_request payload is a pull request", () => {
  test.each(examplesOf("pull_request").map(title))("%s", (_, { pull_request }) => {
    expect(toPullRequest(pullRequest.parse(pull_request))).toEqual({
      ...columnsOf(pull_request, whole),
      ...listsOf(pull_request),
      merge_commit_sha: null, // none of the examples is merged
    });
  });
});

describe.each(["pull_request_review", "pull_request_review_comment", "pull_request_review_thread"])(
  "a %s payload tells of its pull request what it has of it",
  (name) => {
    test.each(examplesOf(name).map(title))("%s", (_, { pull_request }) => {
      expect(toPartialPullRequest(partialPullRequest.parse(pull_request))).toEqual({
        ...columnsOf(pull_request, partial),
        draft: at(pull_request, "draft") ?? false,
        ...listsOf(pull_request),
      });
    });
  },
);

describe("a pull_request_review payload is a review", () => {
  test.each(examplesOf("pull_request_review").map(title))("%s", (_, payload) => {
    const clock = String(at(payload, "pull_request.updated_at"));
    expect(toReview(review.parse(payload["review"]), clock)).toEqual({
      ...columnsOf(payload["review"], { ...written, commit_id: "commit_id", submitted_at: "submitted_at" }),
      state: String(at(payload, "review.state")).toUpperCase(),
      clock,
    });
  });
});

describe("a pull_request_review_comment payload is a comment on the diff", () => {
  test.each(examplesOf("pull_request_review_comment").map(title))("%s", (_, { comment }) => {
    expect(toReviewComment(reviewComment.parse(comment))).toEqual({
      kind: "review",
      ...columnsOf(comment, onDiff),
    });
  });
});

describe("a pull_request_review_thread payload is comments on the diff", () => {
  test.each(examplesOf("pull_request_review_thread").map(title))("%s", (_, payload) => {
    const comments = at(payload, "thread.comments") as unknown[];
    expect(comments.length).toBeGreaterThan(0);
    for (const comment of comments) {
      expect(toReviewComment(reviewComment.parse(comment))).toEqual({
        kind: "review",
        ...columnsOf(comment, onDiff),
      });
    }
  });
});

describe("an issue_comment payload is a comment of the conversation", () => {
  test.each(examplesOf("issue_comment").map(title))("%s", (_, { comment }) => {
    expect(toIssueComment(issueComment.parse(comment))).toEqual({
      kind: "issue",
      ...columnsOf(comment, inConversation),
    });
  });

  test.each(examplesOf("issue_comment").map(title))(
    "%s, and the issue tells of its pull request, but neither its id nor its branches",
    (_, { issue }) => {
      const merged_at = "2026-01-01T00:00:00Z";
      const onPullRequest = { ...issue, pull_request: { url: "https://api.github.com/x", merged_at } };
      expect(fromPullRequestIssue(pullRequestIssue.parse(onPullRequest))).toEqual({
        ...columnsOf(issue, issueSide),
        id: null,
        draft: at(issue, "draft") ?? false,
        merged_at,
      });
    },
  );
});
