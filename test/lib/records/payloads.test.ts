import { describe, expect, test } from "vitest";
import {
  issueCommentSchema,
  reviewCommentSchema,
  toIssueComment,
  toReviewComment,
} from "../../../src/lib/records/comment.ts";
import {
  partialPullRequestSchema,
  pullRequestSchema,
  pullRequestIssueSchema,
  fromPullRequestIssue,
  toPartialPullRequest,
  toPullRequest,
} from "../../../src/lib/records/pull-request.ts";
import { reviewSchema, toReview } from "../../../src/lib/records/review.ts";
import { examplesOf, type ExamplePayload } from "../../support/webhook-examples.ts";

/** GitHub's example payloads, and the path of each column in them. */

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

/** The value at the path: undefined if absent, null for null and for an empty text. */
function at(object: unknown, path: string): unknown {
  let value = object;
  for (const key of path.split(".")) {
    if (typeof value === "object" && value !== null) value = Reflect.get(value, key);
    else if (value !== null) return undefined;
  }
  return value === "" ? null : value;
}

function columnsOf(object: unknown, places: Record<string, string>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(places).map(([column, path]) => [column, at(object, path)]));
}

/** One property of each item of the list at the path, sorted. */
function listAt(object: unknown, list: string, property: string): unknown[] {
  const values = (at(object, list) as unknown[]).map((each) => at(each, property));
  const numbers = values.filter((value) => typeof value === "number");
  return numbers.length > 0 ? numbers.toSorted((a, b) => a - b) : values.map(String).toSorted();
}

/** Sorted by name. */
function labelIdsOf(object: unknown): unknown[] {
  const labels = at(object, "labels") as unknown[];
  const nameOf = (label: unknown) => String(at(label, "name"));
  return labels.toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1)).map((label) => at(label, "node_id"));
}

const listsOf = (object: unknown) => ({
  label_ids: labelIdsOf(object),
  labels: listAt(object, "labels", "name"),
  assignees: listAt(object, "assignees", "id"),
  requested_reviewers: listAt(object, "requested_reviewers", "id"),
  requested_teams: listAt(object, "requested_teams", "slug"),
});

const title = (payload: ExamplePayload, index: number) =>
  [`${payload.action}, example ${index + 1}`, payload] as const;

describe("a pull_request payload", () => {
  test.each(examplesOf("pull_request").map(title))(
    "the payload has all columns of its pull request: %s",
    (_, { pull_request }) => {
      expect(toPullRequest(pullRequestSchema.parse(pull_request))).toEqual({
        ...columnsOf(pull_request, whole),
        ...listsOf(pull_request),
        merge_commit_sha: null, // none of the examples is merged
      });
    },
  );
});

describe.each(["pull_request_review", "pull_request_review_comment", "pull_request_review_thread"])(
  "a %s payload",
  (name) => {
    test.each(examplesOf(name).map(title))(
      "the payload has some columns of its pull request: %s",
      (_, { pull_request }) => {
        expect(toPartialPullRequest(partialPullRequestSchema.parse(pull_request))).toEqual({
          ...columnsOf(pull_request, partial),
          ...listsOf(pull_request),
        });
      },
    );
  },
);

describe("a pull_request_review payload", () => {
  test.each(examplesOf("pull_request_review").map(title))(
    "the payload has all columns of its review: %s",
    (_, payload) => {
      const clock = String(at(payload, "pull_request.updated_at"));
      expect(toReview(reviewSchema.parse(payload["review"]), clock)).toEqual({
        ...columnsOf(payload["review"], { ...written, commit_id: "commit_id", submitted_at: "submitted_at" }),
        state: String(at(payload, "review.state")).toUpperCase(),
        clock,
      });
    },
  );
});

describe("a pull_request_review_comment payload", () => {
  test.each(examplesOf("pull_request_review_comment").map(title))(
    "the payload has all columns of its comment: %s",
    (_, { comment }) => {
      expect(toReviewComment(reviewCommentSchema.parse(comment))).toEqual({
        kind: "review",
        ...columnsOf(comment, onDiff),
        in_reply_to_id: at(comment, "in_reply_to_id"), // absent where it starts a thread
      });
    },
  );
});

describe("a pull_request_review_thread payload", () => {
  test.each(examplesOf("pull_request_review_thread").map(title))(
    "the payload has all columns of its comments: %s",
    (_, payload) => {
      const comments = at(payload, "thread.comments") as unknown[];
      expect(comments.length).toBeGreaterThan(0);
      for (const comment of comments) {
        expect(toReviewComment(reviewCommentSchema.parse(comment))).toEqual({
          kind: "review",
          ...columnsOf(comment, onDiff),
          in_reply_to_id: at(comment, "in_reply_to_id"), // absent where it starts a thread
        });
      }
    },
  );
});

describe("an issue_comment payload", () => {
  test.each(examplesOf("issue_comment").map(title))(
    "the payload has all columns of its comment: %s",
    (_, { comment }) => {
      expect(toIssueComment(issueCommentSchema.parse(comment))).toEqual({
        kind: "issue",
        ...columnsOf(comment, inConversation),
      });
    },
  );

  test.each(examplesOf("issue_comment").map(title))(
    "the issue has the columns of its pull request except id and branches: %s",
    (_, { issue }) => {
      const merged_at = "2026-01-01T00:00:00Z";
      const onPullRequest = { ...issue, pull_request: { url: "https://api.github.com/x", merged_at } };
      expect(fromPullRequestIssue(pullRequestIssueSchema.parse(onPullRequest))).toEqual({
        ...columnsOf(issue, issueSide),
        id: undefined, // the issue has another id
        draft: at(issue, "draft"),
        merged_at,
      });
    },
  );
});
