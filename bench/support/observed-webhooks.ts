import type { FakeGitHub, WebhookDelivery } from "../../src/fake-github/index.ts";

const pullRequestCount = 100;

/** Issue comments, reviews and labels of 100 pull requests in turn, a second apart. Their webhooks carry all that is stored. */
export function playObservedWebhooks(github: FakeGitHub, count: number): WebhookDelivery[] {
  const ada = github.createAccount({ login: "ada" });
  const ben = github.createAccount({ login: "ben" });
  const acme = github.createOrganization({ login: "acme", members: [ada, ben] });
  const repository = github.createRepository({ owner: acme, name: "shop" });
  const pullRequests = github.quietly(() => {
    github.install({ account: acme });
    return Array.from({ length: pullRequestCount }, () =>
      github.openPullRequest({ repository, author: ada }),
    );
  });
  github.deliveries.length = 0;
  let time = Date.now() - 24 * 60 * 60 * 1000;
  const aSecondLater = (work: () => unknown) => github.at(new Date((time += 1000)), work);
  for (let round = 0; github.deliveries.length < count; round++) {
    for (const pullRequest of pullRequests) {
      const body = `Comment ${round}`;
      aSecondLater(() => github.createIssueComment({ on: pullRequest, author: ben, body }));
      aSecondLater(() => github.submitReview({ pullRequest, author: ben, comments: [] }));
      aSecondLater(() => github.label(pullRequest, `label ${round}`));
    }
  }
  return github.deliveries.splice(0, count);
}
