import type { GitHubIssueComment, GitHubReviewComment } from "./github-objects.ts";
import type { CommentRow } from "./rows.ts";

export function toIssueComment(comment: GitHubIssueComment): CommentRow {
  return { kind: "issue", ...toWrittenText(comment) };
}

export function toReviewComment(comment: GitHubReviewComment): CommentRow {
  return {
    kind: "review",
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

function toWrittenText(comment: GitHubIssueComment) {
  return {
    id: comment.id,
    author_id: comment.user?.id ?? null,
    author_association: comment.author_association,
    body: comment.body,
    created_at: comment.created_at,
    updated_at: comment.updated_at,
  };
}
