import { z } from "zod";
import { pullRequestComments } from "../lib/inngest/events.ts";
import { reviewCommentSchema } from "../lib/records/comment.ts";
import { partialPullRequestSchema } from "../lib/records/pull-request.ts";
import { repositoryPayload, toTarget } from "./repository-payload.ts";
import { createWebhookEvent, defineWebhook } from "./webhook.ts";

export const pullRequestReviewCommentWebhook = defineWebhook({
  events: [
    "pull_request_review_comment.created",
    "pull_request_review_comment.edited",
    "pull_request_review_comment.deleted",
  ],
  payload: repositoryPayload.extend({
    action: z.string(),
    comment: reviewCommentSchema,
    pull_request: partialPullRequestSchema,
  }),
  translate: ({ action, comment, pull_request, ...payload }, { id, receivedAt }) => [
    createWebhookEvent(pullRequestComments, id, {
      ...toTarget(payload),
      number: pull_request.number,
      observed: {
        kind: "review",
        deletedAt: action === "deleted" ? receivedAt.toISOString() : null,
        comment,
        pull_request,
      },
    }),
  ],
});
