import { deliverRepositoryEvent } from "../delivery.ts";
import { issueCommentJson } from "../json/comment.ts";
import { issueJson } from "../json/issue.ts";
import type { Account, Issue, IssueComment, PullRequest, Repository } from "../state.ts";
import { nextId, timestamp } from "../world.ts";
import type { World } from "../world.ts";
import { touch } from "./pull-requests.ts";

/** A plain issue: it takes a number, and its comments come by the same events as a pull request's. */
export function createIssue(
  world: World,
  {
    repository,
    author,
    title,
    body = null,
  }: { repository: Repository; author: Account; title?: string; body?: string | null },
): Issue {
  const now = timestamp(world);
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
  const now = timestamp(world);
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
  comment.updatedAt = timestamp(world);
  comment.lastEditedAt = comment.updatedAt;
  deliver(world, comment, "edited", by, comment.discussion.comments.length, { changes: { body: { from } } });
}

export function deleteIssueComment(world: World, comment: IssueComment, by: Account = comment.author): void {
  const { discussion } = comment;
  const before = discussion.comments.length;
  discussion.comments = discussion.comments.filter((other) => other !== comment);
  world.state.issueComments.delete(comment.id);
  deliver(world, comment, "deleted", by, before);
}

/** The issue's count of comments lags in the payload: as the published examples show, it is the one from before the event. */
function deliver(
  world: World,
  comment: IssueComment,
  action: string,
  by: Account,
  commentsBefore: number,
  content: Record<string, unknown> = {},
): void {
  const { discussion } = comment;
  if (discussion.kind === "pull_request") touch(world, discussion);
  else discussion.updatedAt = timestamp(world);
  if (!world.delivering) return;
  deliverRepositoryEvent(world, "issue_comment", discussion.repository, by, {
    action,
    issue: issueJson(world, discussion, commentsBefore),
    comment: issueCommentJson(world, comment),
    ...content,
  });
}
