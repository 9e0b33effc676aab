import type { Probot } from "probot";
import { pullRequestComments, type CaptureEvent, type SendEvents } from "../lib/inngest/events.ts";
import { toCaptureEvent, type Delivery } from "./to-capture-event.ts";

export function onIssueComment(app: Probot, send: SendEvents): void {
  app.on(["issue_comment.created", "issue_comment.edited", "issue_comment.deleted"], async (delivery) => {
    const event = toIssueComment(delivery);
    if (event) await send([event]);
  });
}

/** Null for a comment on an issue: GitHub sends one event for issues and pull requests alike. */
export function toIssueComment(
  delivery: Delivery<{ action: string; comment: unknown; issue: { number: number; pull_request?: unknown } }>,
): CaptureEvent | null {
  const { action, comment, issue } = delivery.payload;
  if (issue && !issue.pull_request) return null;
  return toCaptureEvent(pullRequestComments, delivery, {
    number: issue?.number,
    observed: { kind: "issue", deleted: action === "deleted", comment, issue },
  });
}
