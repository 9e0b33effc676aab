import { toNodeId } from "../node-id.ts";
import type { IssueComment, ReviewComment, ReviewThread } from "../state.ts";
import type { World } from "../world.ts";
import { accountJsonOrNull, associationOf, authorJson } from "./account.ts";
import { pullRequestUrls } from "./pull-request.ts";
import { repositoryUrl } from "./repository.ts";
import { reactionsJson } from "./reactions.ts";

export function reviewCommentHtmlUrl(world: World, comment: ReviewComment): string {
  return `${pullRequestUrls(world, comment.pullRequest).html_url}#discussion_r${comment.id}`;
}

export function reviewCommentJson(world: World, comment: ReviewComment) {
  const url = `${repositoryUrl(world, comment.pullRequest.repository)}/pulls/comments/${comment.id}`;
  const pullRequestUrl = pullRequestUrls(world, comment.pullRequest).url;
  const htmlUrl = reviewCommentHtmlUrl(world, comment);
  return {
    url,
    pull_request_review_id: comment.review.id,
    id: comment.id,
    node_id: toNodeId("PullRequestReviewComment", comment.id),
    diff_hunk: comment.diffHunk,
    path: comment.path,
    position: comment.position,
    original_position: comment.originalPosition,
    commit_id: comment.commitId,
    original_commit_id: comment.originalCommitId,
    ...(comment.inReplyTo && { in_reply_to_id: comment.inReplyTo.id }),
    user: accountJsonOrNull(world, comment.author),
    body: comment.body,
    created_at: comment.createdAt,
    updated_at: comment.updatedAt,
    html_url: htmlUrl,
    pull_request_url: pullRequestUrl,
    author_association: associationOf(comment.author, comment.pullRequest.repository),
    _links: { self: { href: url }, html: { href: htmlUrl }, pull_request: { href: pullRequestUrl } },
    reactions: reactionsJson(url),
    start_line: comment.startLine,
    original_start_line: comment.originalStartLine,
    start_side: comment.startSide,
    line: comment.line,
    original_line: comment.originalLine,
    side: comment.side,
    ...(world.payloads === "current" && { subject_type: comment.subjectType }),
  };
}

export function threadJson(world: World, thread: ReviewThread) {
  return {
    node_id: toNodeId("PullRequestReviewThread", thread.id),
    comments: thread.comments.map((comment) => reviewCommentJson(world, comment)),
  };
}

export function issueCommentHtmlUrl(world: World, { discussion, id }: IssueComment): string {
  const { repository, number } = discussion;
  const path = discussion.kind === "pull_request" ? "pull" : "issues";
  return `${world.htmlUrl}/${repository.owner.login}/${repository.name}/${path}/${number}#issuecomment-${id}`;
}

export function issueCommentJson(world: World, comment: IssueComment) {
  const repository = repositoryUrl(world, comment.discussion.repository);
  const url = `${repository}/issues/comments/${comment.id}`;
  return {
    url,
    html_url: issueCommentHtmlUrl(world, comment),
    issue_url: `${repository}/issues/${comment.discussion.number}`,
    id: comment.id,
    node_id: toNodeId("IssueComment", comment.id),
    user: authorJson(world, comment.author),
    created_at: comment.createdAt,
    updated_at: comment.updatedAt,
    author_association: associationOf(comment.author, comment.discussion.repository),
    performed_via_github_app: null,
    body: comment.body,
    reactions: reactionsJson(url),
  };
}
