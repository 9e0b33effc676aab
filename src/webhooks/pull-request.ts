import type { Probot } from "probot";
import { pullRequestDetails, type CaptureEvent, type SendEvents } from "../lib/inngest/events.ts";
import { toCaptureEvent, type Delivery } from "./to-capture-event.ts";

/** Every action after which a captured column may differ. `enqueued` and `dequeued` come with a change of `auto_merge`. */
const actions = [
  "pull_request.opened",
  "pull_request.edited",
  "pull_request.closed",
  "pull_request.reopened",
  "pull_request.synchronize",
  "pull_request.converted_to_draft",
  "pull_request.ready_for_review",
  "pull_request.labeled",
  "pull_request.unlabeled",
  "pull_request.assigned",
  "pull_request.unassigned",
  "pull_request.review_requested",
  "pull_request.review_request_removed",
  "pull_request.milestoned",
  "pull_request.demilestoned",
  "pull_request.locked",
  "pull_request.unlocked",
  "pull_request.auto_merge_enabled",
  "pull_request.auto_merge_disabled",
  "pull_request.enqueued",
  "pull_request.dequeued",
] as const;

export function onPullRequest(app: Probot, send: SendEvents): void {
  app.on([...actions], (delivery) => send([toPullRequestDetails(delivery)]));
}

export function toPullRequestDetails(delivery: Delivery<{ pull_request: { number: number } }>): CaptureEvent {
  const { pull_request } = delivery.payload;
  return toCaptureEvent(pullRequestDetails, delivery, {
    number: pull_request?.number,
    observed: { pull_request },
  });
}
