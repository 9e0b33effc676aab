import { pullRequestDetails } from "../lib/inngest/events.ts";
import { pullRequestSchema } from "../lib/records/pull-request.ts";
import { repositoryPayload, toTarget } from "./repository-payload.ts";
import { createWebhookEvent, defineWebhook } from "./webhook.ts";

export const pullRequestWebhook = defineWebhook({
  /** Every action that may change a captured column. `enqueued` and `dequeued` come with a change of `auto_merge`. */
  events: [
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
  ],
  payload: repositoryPayload.extend({ pull_request: pullRequestSchema }),
  translate: ({ pull_request, ...payload }, { id }) => [
    createWebhookEvent(pullRequestDetails, id, {
      ...toTarget(payload),
      number: pull_request.number,
      observed: { pull_request },
    }),
  ],
});
