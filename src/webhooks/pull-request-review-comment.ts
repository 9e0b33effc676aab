import type { Probot } from "probot";
import { pullRequestComments, type CaptureEvent, type SendEvents } from "../lib/inngest/events.ts";
import { toCaptureEvent, type Delivery } from "./to-capture-event.ts";

export function onPullRequestReviewComment(app: Probot, send: SendEvents): void {
  app.on(
    [
      "pull_request_review_comment.created",
      "pull_request_review_comment.edited",
      "pull_request_review_comment.deleted",
    ],
    (delivery) => send([toReviewComment(delivery)]),
  );
}

export function toReviewComment(
  delivery: Delivery<{ action: string; comment: unknown; pull_request: { number: number } }>,
): CaptureEvent {
  const { action, comment, pull_request } = delivery.payload;
  return toCaptureEvent(pullRequestComments, delivery, {
    number: pull_request?.number,
    observed: { kind: "review", deleted: action === "deleted", comment, pull_request },
  });
}
