import { deliverRepositoryEvent } from "../delivery.ts";
import { issueCommentJson } from "../json/comment.ts";
import { issueJson } from "../json/issue.ts";
import type { Account, Issue, IssueComment, PullRequest, Repository } from "../state.ts";
import { nextId, currentTimestamp } from "../world.ts";
import type { World } from "../world.ts";
import { touch } from "./touch-pull-request.ts";

/** Creates a plain issue. It shares the numbering and the comment webhooks with pull requests. */
export function createIssue(
  world: World,
  {
    repository,
    author,
    title,
    body = null,
  }: { repository: Repository; author: Account; title?: string; body?: string | null },
): Issue {
  const now = currentTimestamp(world);
  const number = repository.nextNumber++;
  const issue: Issue = {
    kind: "issue",
    issueId: nextId(world, "issue"),
    number,
    repository,
    author,
    title: title ?? `Problem number ${number}`,
    body,
    state: "open",
    locked: false,
    lockReason: null,
    labels: [],
    assignees: [],
    milestone: null,
    comments: [],
    createdAt: now,
    updatedAt: now,
    closedAt: null,
    lastEditedAt: null,
  };
  repository.issues.set(number, issue);
  return issue;
}

export function createIssueComment(
  world: World,
  { on, author, body }: { on: Issue | PullRequest; author: Account; body: string },
): IssueComment {
  const now = currentTimestamp(world);
  const comment: IssueComment = {
    kind: "issue_comment",
    id: nextId(world, "issue_comment"),
    discussion: on,
    author,
    body,
    createdAt: now,
    updatedAt: now,
    lastEditedAt: null,
  };
  const before = on.comments.length;
  on.comments.push(comment);
  world.state.issueComments.set(comment.id, comment);
  touchDiscussion(world, comment);
  deliver(world, comment, "created", author, before);
  return comment;
}

export function editIssueComment(
  world: World,
  comment: IssueComment,
  body: string,
  by: Account = comment.author,
): void {
  const from = comment.body;
  comment.body = body;
  comment.updatedAt = currentTimestamp(world);
  comment.lastEditedAt = comment.updatedAt;
  touchDiscussion(world, comment);
  deliver(world, comment, "edited", by, comment.discussion.comments.length, { changes: { body: { from } } });
}

/**
 * Deletes a comment. The `updated_at` of the issue or pull request stays: in the recorded `issue_comment.deleted` of
 * @octokit/webhooks-examples (https://github.com/octokit/webhooks) it is still the time of the comment's last edit.
 */
export function deleteIssueComment(world: World, comment: IssueComment, by: Account = comment.author): void {
  const { discussion } = comment;
  const before = discussion.comments.length;
  discussion.comments = discussion.comments.filter((other) => other !== comment);
  world.state.issueComments.delete(comment.id);
  deliver(world, comment, "deleted", by, before);
}

/** Every change of a comment except its deletion updates the issue or pull request. */
function touchDiscussion(world: World, { discussion }: IssueComment): void {
  if (discussion.kind === "pull_request") touch(world, discussion);
  else discussion.updatedAt = currentTimestamp(world);
}

/** The payload has the number of comments before the event, as in the published examples. */
function deliver(
  world: World,
  comment: IssueComment,
  action: string,
  by: Account,
  commentsBefore: number,
  content: Record<string, unknown> = {},
): void {
  if (!world.delivering) return;
  const { discussion } = comment;
  deliverRepositoryEvent(world, "issue_comment", discussion.repository, by, {
    action,
    issue: issueJson(world, discussion, commentsBefore),
    comment: issueCommentJson(world, comment),
    ...content,
  });
}
