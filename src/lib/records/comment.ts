import { z } from "zod";
import { accountIdOf, author, authorAssociation } from "./account.ts";
import { absentIfNull, numericId, optionalText, text, timestamp, type KnownColumns } from "./values.ts";

export const issueCommentSchema = z.object({
  id: numericId,
  user: author,
  author_association: authorAssociation,
  /** Null: empty. */
  body: text.nullish().overwrite((body) => (body === null ? "" : body)),
  created_at: timestamp,
  updated_at: timestamp,
});

/** Null when the comment is on a whole file or on one line. */
const line = z.int32().nullish();

export const reviewCommentSchema = issueCommentSchema.extend({
  /** Null: the comment belongs to no review. */
  pull_request_review_id: numericId.nullish(),
  in_reply_to_id: absentIfNull(numericId),
  path: absentIfNull(text),
  diff_hunk: absentIfNull(text),
  original_commit_id: absentIfNull(text),
  original_position: line,
  original_line: line,
  original_start_line: line,
  side: optionalText,
  start_side: optionalText,
  subject_type: absentIfNull(text),
});

export type GitHubIssueComment = z.output<typeof issueCommentSchema>;
export type GitHubReviewComment = z.output<typeof reviewCommentSchema>;

type CommentColumns = { kind: "issue" | "review" } & Omit<ReturnType<typeof toReviewComment>, "kind">;

export interface CommentRow extends KnownColumns<
  CommentColumns,
  "kind" | "id" | "created_at" | "updated_at"
> {
  /** Present only when the comment was deleted. */
  deleted_at?: string;
  /** Present only on the first comment of a thread, and only when a payload shows the thread. */
  resolved?: boolean;
  resolved_clock?: string;
  /** True when `resolved_clock` is the pull request's, because the payload has no time of its own. */
  undated?: true;
}

export function toIssueComment(comment: GitHubIssueComment): CommentRow {
  return { kind: "issue", ...toWrittenText(comment) };
}

export function toReviewComment(comment: GitHubReviewComment) {
  return {
    kind: "review" as const,
    ...toWrittenText(comment),
    pull_request_review_id: comment.pull_request_review_id,
    in_reply_to_id: comment.in_reply_to_id,
    path: comment.path,
    diff_hunk: comment.diff_hunk,
    original_commit_id: comment.original_commit_id,
    original_position: comment.original_position,
    original_line: comment.original_line,
    original_start_line: comment.original_start_line,
    side: comment.side,
    start_side: comment.start_side,
    subject_type: comment.subject_type,
  };
}

/**
 * Marks a comment as deleted when its webhook was received. The payload's clock is earlier than the deletion, so a count taken between the
 * two would still include the comment. `deleted_at` is never before the comment's own times, in case the receiving clock is behind.
 */
export function toDeleted(comment: CommentRow, receivedAt: string): CommentRow {
  const times = [receivedAt, comment.created_at, comment.updated_at].map((time) => Date.parse(time));
  return { ...comment, deleted_at: new Date(Math.max(...times)).toISOString() };
}

function toWrittenText(comment: GitHubIssueComment) {
  return {
    id: comment.id,
    author_id: accountIdOf(comment.user),
    author_association: comment.author_association,
    body: comment.body,
    created_at: comment.created_at,
    updated_at: comment.updated_at,
  };
}
