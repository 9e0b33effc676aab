import type { ApplicationFunction, Probot } from "probot";
import { onInstallation } from "./webhooks/installation.ts";
import { onInstallationRepositories } from "./webhooks/installation-repositories.ts";
import { onIssueComment } from "./webhooks/issue-comment.ts";
import { onPullRequest } from "./webhooks/pull-request.ts";
import { onPullRequestReview } from "./webhooks/pull-request-review.ts";
import { onPullRequestReviewComment } from "./webhooks/pull-request-review-comment.ts";
import { onPullRequestReviewThread } from "./webhooks/pull-request-review-thread.ts";
import { onRepository } from "./webhooks/repository.ts";
import type { SendEvents } from "./lib/inngest/events.ts";

/** The Probot app: every webhook it reacts to. Each listener ends when Inngest has accepted its events, and fails when it has not. */
export function createApp(send: SendEvents): ApplicationFunction {
  return (app) => {
    onPullRequest(app, send);
    onPullRequestReview(app, send);
    onPullRequestReviewComment(app, send);
    onPullRequestReviewThread(app, send);
    onIssueComment(app, send);
    onInstallation(app, send);
    onInstallationRepositories(app, send);
    onRepository(app, send);
  };
}

/** What the app listens to, as `pull_request` and `pull_request.opened`. */
export function listWebhooks(): ReadonlySet<string> {
  const names = new Set<string>();
  const listener = {
    on: (webhooks: string | string[]) => {
      for (const webhook of [webhooks].flat()) names.add(webhook).add(webhook.split(".", 1).join());
    },
  };
  void createApp(async () => {})(listener as unknown as Probot, {} as never);
  return names;
}
