import { z } from "zod";
import { pullRequestReviews } from "../lib/inngest/events.ts";
import { partialPullRequestSchema } from "../lib/records/pull-request.ts";
import { reviewSchema } from "../lib/records/review.ts";
import { timestamp } from "../lib/records/values.ts";
import { repositoryPayload, toTarget } from "./repository-payload.ts";
import { createWebhookEvent, defineWebhook } from "./webhook.ts";

export const pullRequestReviewWebhook = defineWebhook({
  events: ["pull_request_review.submitted", "pull_request_review.edited", "pull_request_review.dismissed"],
  payload: repositoryPayload.extend({
    action: z.string(),
    review: reviewSchema.extend({ updated_at: timestamp.nullish() }),
    pull_request: partialPullRequestSchema,
  }),
  translate: ({ action, review: { updated_at, ...review }, pull_request, ...payload }, { id }) => {
    const changedAt = updated_at ?? (action === "submitted" ? review.submitted_at : null);
    return [
      createWebhookEvent(pullRequestReviews, id, {
        ...toTarget(payload),
        number: pull_request.number,
        observed: { review, pull_request, ...(changedAt && { changedAt }) },
      }),
    ];
  },
});
