import { z } from "zod";
import { pullRequestComments } from "../lib/inngest/events.ts";
import { issueCommentSchema } from "../lib/records/comment.ts";
import { pullRequestIssueSchema } from "../lib/records/pull-request.ts";
import { repositoryPayload, toTarget } from "./repository-payload.ts";
import { createWebhookEvent, defineWebhook } from "./webhook.ts";

export const issueCommentWebhook = defineWebhook({
  events: ["issue_comment.created", "issue_comment.edited", "issue_comment.deleted"],
  payload: repositoryPayload.extend({
    action: z.string(),
    comment: issueCommentSchema,
    issue: pullRequestIssueSchema,
  }),
  ignores: isOnIssue,
  translate: ({ action, comment, issue, ...payload }, { id, receivedAt }) => [
    createWebhookEvent(pullRequestComments, id, {
      ...toTarget(payload),
      number: issue.number,
      observed: {
        kind: "issue",
        deletedAt: action === "deleted" ? receivedAt.toISOString() : null,
        comment,
        issue,
      },
    }),
  ],
});

/** GitHub sends the same webhook for issues and pull requests. */
function isOnIssue(payload: unknown): boolean {
  const { issue } = Object(payload);
  return Boolean(issue) && !issue.pull_request;
}
