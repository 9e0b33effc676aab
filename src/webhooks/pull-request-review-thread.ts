import type { Probot } from "probot";
import { pullRequestComments, type CaptureEvent, type SendEvents } from "../lib/inngest/events.ts";
import { toCaptureEvent, type Delivery } from "./to-capture-event.ts";

export function onPullRequestReviewThread(app: Probot, send: SendEvents): void {
  app.on(["pull_request_review_thread.resolved", "pull_request_review_thread.unresolved"], (delivery) =>
    send([toReviewThread(delivery)]),
  );
}

export function toReviewThread(
  delivery: Delivery<{
    action: string;
    thread: { comments: unknown };
    pull_request: { number: number; updated_at: string };
    updated_at?: string | null;
  }>,
): CaptureEvent {
  const { action, thread, pull_request, updated_at } = delivery.payload;
  return toCaptureEvent(pullRequestComments, delivery, {
    number: pull_request?.number,
    observed: {
      kind: "thread",
      thread: {
        resolved: action === "resolved",
        updated_at: updated_at ?? pull_request?.updated_at, // GitHub did not always send the thread's own
        comments: thread?.comments,
      },
      pull_request,
    },
  });
}
