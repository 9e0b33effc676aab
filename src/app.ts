import type { ApplicationFunction } from "probot";
import type { SendEvents } from "./lib/inngest/events.ts";
import { installationWebhook } from "./webhooks/installation.ts";
import { installationRepositoriesWebhook } from "./webhooks/installation-repositories.ts";
import { installationTargetWebhook } from "./webhooks/installation-target.ts";
import { issueCommentWebhook } from "./webhooks/issue-comment.ts";
import { labelWebhook } from "./webhooks/label.ts";
import { milestoneWebhook } from "./webhooks/milestone.ts";
import { pullRequestWebhook } from "./webhooks/pull-request.ts";
import { pullRequestReviewWebhook } from "./webhooks/pull-request-review.ts";
import { pullRequestReviewCommentWebhook } from "./webhooks/pull-request-review-comment.ts";
import { pullRequestReviewThreadWebhook } from "./webhooks/pull-request-review-thread.ts";
import { repositoryWebhook } from "./webhooks/repository.ts";
import type { Webhook } from "./webhooks/webhook.ts";

const webhooks: readonly Webhook[] = [
  pullRequestWebhook,
  pullRequestReviewWebhook,
  pullRequestReviewCommentWebhook,
  pullRequestReviewThreadWebhook,
  issueCommentWebhook,
  installationWebhook,
  installationRepositoriesWebhook,
  installationTargetWebhook,
  repositoryWebhook,
  labelWebhook,
  milestoneWebhook,
];

/**
 * The Probot app. It translates each delivery to Inngest events and sends them; a delivery fails when its events are not accepted. `now` is
 * GitHub's time.
 */
export function createApp(send: SendEvents, now: () => number): ApplicationFunction {
  return (app) => {
    for (const { events, translate } of webhooks)
      app.on([...events], async ({ id, payload }) => {
        const translated = translate({ id, payload, receivedAt: new Date(now()) });
        if (translated.length > 0) await send(translated);
      });
  };
}

/** The webhooks that are handled, each as `pull_request` and `pull_request.opened`. */
export function listWebhooks(): ReadonlySet<string> {
  const names = webhooks.flatMap(({ events }) => events);
  return new Set(names.flatMap((name) => [name, name.split(".", 1).join()]));
}
