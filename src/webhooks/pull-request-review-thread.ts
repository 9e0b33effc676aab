import { z } from "zod";
import { pullRequestComments } from "../lib/inngest/events.ts";
import { reviewCommentSchema, type GitHubReviewComment } from "../lib/records/comment.ts";
import { partialPullRequestSchema } from "../lib/records/pull-request.ts";
import { timestamp } from "../lib/records/values.ts";
import { repositoryPayload, toTarget } from "./repository-payload.ts";
import { createWebhookEvent, defineWebhook } from "./webhook.ts";

/** A thread is identified by its first comment. If the payload lacks a comment, the capture asks GitHub. */
export const pullRequestReviewThreadWebhook = defineWebhook({
  events: ["pull_request_review_thread.resolved", "pull_request_review_thread.unresolved"],
  payload: repositoryPayload.extend({
    action: z.string(),
    thread: z.object({ comments: z.array(reviewCommentSchema.nullable()).nullish() }).nullish(),
    pull_request: partialPullRequestSchema,
    updated_at: timestamp.nullish(),
  }),
  translate: ({ action, thread, pull_request, updated_at, ...payload }, { id }) => {
    const comments = thread?.comments;
    return [
      createWebhookEvent(pullRequestComments, id, {
        ...toTarget(payload),
        number: pull_request.number,
        ...(comments &&
          isComplete(comments) && {
            observed: {
              kind: "thread",
              thread: {
                resolved: action === "resolved",
                ...(updated_at ? { updated_at } : { updated_at: pull_request.updated_at, undated: true }),
                comments,
              },
              pull_request,
            },
          }),
      }),
    ];
  },
});

function isComplete(comments: (GitHubReviewComment | null)[]): comments is GitHubReviewComment[] {
  return !comments.includes(null);
}
