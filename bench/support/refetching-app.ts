import { Probot } from "probot";
import type { WebhookDelivery } from "../../src/fake-github/index.ts";
import { appEnvironment } from "./credentials.ts";
import { webhookSecret } from "../../src/testing/test-config.ts";

/** Creates a Probot app that fetches the whole pull request with all pages at every webhook, which is simple and always correct. */
export async function createRefetchingApp(
  githubUrl: string,
): Promise<(delivery: WebhookDelivery) => Promise<void>> {
  const probot = new Probot({
    appId: appEnvironment.APP_ID,
    privateKey: appEnvironment.PRIVATE_KEY,
    secret: webhookSecret,
    baseUrl: githubUrl,
  });
  await probot.load((app) => {
    app.on(
      ["pull_request", "pull_request_review", "pull_request_review_comment", "issue_comment"],
      async ({ octokit, payload }) => {
        const { number } = "issue" in payload ? payload.issue : payload.pull_request;
        const repository = { owner: payload.repository.owner.login, repo: payload.repository.name };
        const pullRequest = { ...repository, pull_number: number, per_page: 100 };
        const issue = { ...repository, issue_number: number, per_page: 100 };
        await octokit.rest.pulls.get(pullRequest);
        await octokit.paginate(octokit.rest.pulls.listFiles, pullRequest);
        await octokit.paginate(octokit.rest.pulls.listReviews, pullRequest);
        await octokit.paginate(octokit.rest.pulls.listReviewComments, pullRequest);
        await octokit.paginate(octokit.rest.issues.listComments, issue);
      },
    );
  });
  return async ({ id, name, payload }) => {
    await probot.webhooks.receive({ id, name, payload } as unknown as Parameters<
      typeof probot.webhooks.receive
    >[0]);
  };
}
