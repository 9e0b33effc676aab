import type { Delivery, GitHub, PullRequest, Repository, Account } from "../../src/demo/github/index.ts";

type Step = (pullRequest: PullRequest) => unknown;

/**
 * Many pull requests, each living through the same nine webhooks; they take turns, so that one pull request's webhooks lie seconds
 * apart, as they do in life. Each thing happens when its first webhook is asked for.
 */
export function* playBusyTeam(github: GitHub, pullRequestCount: number): Generator<Delivery> {
  const { repository, author, reviewer } = github.quietly(() => setStage(github));
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

function causedBy(github: GitHub, work: () => unknown): Delivery[] {
  const before = github.deliveries.length;
  work();
  return github.deliveries.slice(before);
}

function setStage(github: GitHub): { repository: Repository; author: Account; reviewer: Account } {
  const id = github.state.repositories.size;
  const author = github.createAccount({ login: `ada-${id}` });
  const reviewer = github.createAccount({ login: `ben-${id}` });
  const owner = github.createOrganization({ login: `acme-${id}`, members: [author, reviewer] });
  github.install({ account: owner });
  return { repository: github.createRepository({ owner, name: "shop" }), author, reviewer };
}
