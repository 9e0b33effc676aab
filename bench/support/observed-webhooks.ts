import type { Account, FakeGitHub, WebhookDelivery } from "../../src/fake-github/index.ts";

const pullRequestCount = 100;

interface ObservedWebhooks {
  /** The opened pull requests, whose captures ask GitHub for the files. */
  opened: WebhookDelivery[];
  /** Issue comments, reviews and labels, which carry all that is stored. */
  observed: WebhookDelivery[];
}

/** Plays 100 pull requests, a second apart. Each gets a comment, a review and a label in turn. */
export function playObservedWebhooks(github: FakeGitHub, count: number): ObservedWebhooks {
  let time = Date.now() - 24 * 60 * 60 * 1000;
  const aSecondLater = <Result>(work: () => Result) => github.at(new Date((time += 1000)), work);
  const [ada, ben] = ["ada", "ben"].map((login) => github.createAccount({ login })) as [Account, Account];
  const acme = github.createOrganization({ login: "acme", members: [ada, ben] });
  const repository = github.quietly(() => {
    github.install({ account: acme });
    return github.createRepository({ owner: acme, name: "shop" });
  });
  const pullRequests = Array.from({ length: pullRequestCount }, () =>
    aSecondLater(() => github.openPullRequest({ repository, author: ada })),
  );
  const opened = github.deliveries.splice(0);
  for (let round = 0; github.deliveries.length < count; round++) {
    for (const pullRequest of pullRequests) {
      const body = `Comment ${round}`;
      aSecondLater(() => github.createIssueComment({ on: pullRequest, author: ben, body }));
      aSecondLater(() => github.submitReview({ pullRequest, author: ben, comments: [] }));
      aSecondLater(() => github.label(pullRequest, `label ${round}`));
    }
  }
  return { opened, observed: github.deliveries.splice(0, count) };
}
