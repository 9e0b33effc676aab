import type {
  WebhookDelivery,
  FakeGitHub,
  PullRequest,
  Repository,
  Account,
} from "../../src/fake-github/index.ts";

export interface BusyTeam {
  repository: Repository;
  author: Account;
  reviewer: Account;
}

type Step = (pullRequest: PullRequest) => unknown;

/**
 * Plays many pull requests with the same nine webhooks each. They take turns, so that the webhooks of one pull request are seconds apart. A
 * step happens when its first webhook is requested.
 */
export function* playBusyTeam(
  github: FakeGitHub,
  { repository, author, reviewer }: BusyTeam,
  pullRequestCount: number,
): Generator<WebhookDelivery> {
  const steps: Step[] = [
    (pullRequest) => github.createIssueComment({ on: pullRequest, author: reviewer, body: "On it." }),
    (pullRequest) => github.submitReview({ pullRequest, author: reviewer, comments: [{ body: "Why?" }] }),
    (pullRequest) => github.push(pullRequest, { files: [{ filename: "a.ts" }, { filename: "b.ts" }] }),
    (pullRequest) => github.createReviewComment({ pullRequest, author, body: "So that it works." }),
    (pullRequest) => github.label(pullRequest, "reviewed"),
    (pullRequest) => github.mergePullRequest(pullRequest),
  ];

  const pullRequests: PullRequest[] = [];
  for (let index = 0; index < pullRequestCount; index++) {
    yield* causedBy(github, () => pullRequests.push(github.openPullRequest({ repository, author })));
  }
  for (const step of steps) {
    for (const pullRequest of pullRequests) yield* causedBy(github, () => step(pullRequest));
  }
}

function causedBy(github: FakeGitHub, work: () => unknown): WebhookDelivery[] {
  const before = github.deliveries.length;
  work();
  return github.deliveries.slice(before);
}

/** Creates a team with a repository of its own and the App, without webhooks. */
export function createBusyTeam(github: FakeGitHub): BusyTeam {
  return github.quietly(() => {
    const id = github.state.repositories.size;
    const author = github.createAccount({ login: `ada-${id}` });
    const reviewer = github.createAccount({ login: `ben-${id}` });
    const owner = github.createOrganization({ login: `acme-${id}`, members: [author, reviewer] });
    github.install({ account: owner });
    return { repository: github.createRepository({ owner, name: "shop" }), author, reviewer };
  });
}
