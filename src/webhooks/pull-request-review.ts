import type { Probot } from "probot";
import { pullRequestReviews, type CaptureEvent, type SendEvents } from "../lib/inngest/events.ts";
import { toCaptureEvent, type Delivery } from "./to-capture-event.ts";

export function onPullRequestReview(app: Probot, send: SendEvents): void {
  app.on(
    ["pull_request_review.submitted", "pull_request_review.edited", "pull_request_review.dismissed"],
    (delivery) => send([toPullRequestReview(delivery)]),
  );
}

export function toPullRequestReview(
  delivery: Delivery<{ review: unknown; pull_request: { number: number } }>,
): CaptureEvent {
  const { review, pull_request } = delivery.payload;
  return toCaptureEvent(pullRequestReviews, delivery, {
    number: pull_request?.number,
    observed: { review, pull_request },
  });
}
