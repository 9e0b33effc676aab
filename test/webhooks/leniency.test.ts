import { expect, test } from "vitest";
import { installationRepositoriesWebhook } from "../../src/webhooks/installation-repositories.ts";
import { installationTargetWebhook } from "../../src/webhooks/installation-target.ts";
import { installationWebhook } from "../../src/webhooks/installation.ts";
import { issueCommentWebhook } from "../../src/webhooks/issue-comment.ts";
import { labelWebhook } from "../../src/webhooks/label.ts";
import { milestoneWebhook } from "../../src/webhooks/milestone.ts";
import { pullRequestReviewCommentWebhook } from "../../src/webhooks/pull-request-review-comment.ts";
import { pullRequestReviewThreadWebhook } from "../../src/webhooks/pull-request-review-thread.ts";
import { pullRequestReviewWebhook } from "../../src/webhooks/pull-request-review.ts";
import { pullRequestWebhook } from "../../src/webhooks/pull-request.ts";
import { repositoryWebhook } from "../../src/webhooks/repository.ts";
import type { Webhook } from "../../src/webhooks/webhook.ts";
import { optionalPaths, webhookExamples, withoutField } from "../support/optional-fields.ts";

const webhooks: Record<string, Webhook> = {
  pull_request: pullRequestWebhook,
  pull_request_review: pullRequestReviewWebhook,
  pull_request_review_comment: pullRequestReviewCommentWebhook,
  pull_request_review_thread: pullRequestReviewThreadWebhook,
  issue_comment: issueCommentWebhook,
  installation: installationWebhook,
  installation_repositories: installationRepositoriesWebhook,
  repository: repositoryWebhook,
  label: labelWebhook,
  milestone: milestoneWebhook,
  installation_target: installationTargetWebhook,
};

test.each(webhookExamples)(
  "a %s delivery may lack any field that is no id and no clock, or have null there",
  (name, examples) => {
    const webhook = webhooks[name];
    const tried = new Set<string>();
    for (const payload of examples) {
      for (const path of optionalPaths(payload)) {
        if (tried.has(path.join("."))) continue;
        tried.add(path.join("."));
        for (const asNull of [true, false]) {
          const delivery = {
            id: "guid",
            payload: withoutField(payload, path, asNull),
            receivedAt: new Date(),
          };
          expect(
            () => webhook?.translate(delivery),
            `${path.join(".")} is ${asNull ? "null" : "absent"}`,
          ).not.toThrow();
        }
      }
    }
  },
);
