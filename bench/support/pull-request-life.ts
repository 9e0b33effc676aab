import type { WebhookDelivery, FakeGitHub } from "../../src/fake-github/index.ts";

/**
 * Plays one pull request with 17 webhooks: opened, three pushes, three reviews with five review comments, four issue comments, merged. The steps
 * are a minute apart, and each webhook is delivered before the next step. Returns the number of webhooks.
 */
export async function playPullRequestLife(
  github: FakeGitHub,
  deliver: (delivery: WebhookDelivery) => Promise<void>,
): Promise<number> {
  const { repository, author, reviewer } = github.quietly(() => {
    const [ada, ben] = [github.createAccount({ login: "ada" }), github.createAccount({ login: "ben" })];
    const acme = github.createOrganization({ login: "acme", members: [ada, ben] });
    github.install({ account: acme });
    return { repository: github.createRepository({ owner: acme, name: "shop" }), author: ada, reviewer: ben };
  });

  let minute = Math.floor(Date.now() / 60_000) - 60;
  let delivered = 0;
  async function step<Result>(work: () => Result): Promise<Result> {
    const result = github.at(new Date(minute++ * 60_000), work);
    for (const delivery of github.deliveries.slice(delivered)) {
      await deliver(delivery);
      delivered++;
    }
    return result;
  }

  const pullRequest = await step(() => github.openPullRequest({ repository, author, files: filesOf(1) }));
  const comment = (body: string) => github.createIssueComment({ on: pullRequest, author, body });
  const review = (state: "CHANGES_REQUESTED" | "COMMENTED" | "APPROVED", ...bodies: string[]) =>
    github.submitReview({
      pullRequest,
      author: reviewer,
      state,
      comments: bodies.map((body) => ({ body })),
    });
  await step(() => github.push(pullRequest, { files: filesOf(2) }));
  await step(() => comment("Ready for a look."));
  await step(() => review("CHANGES_REQUESTED", "Why?", "And here?"));
  await step(() => comment("Good points."));
  await step(() => github.push(pullRequest, { files: filesOf(3) }));
  await step(() => review("COMMENTED", "Better.", "One more."));
  await step(() => comment("Done."));
  await step(() => github.push(pullRequest, { files: filesOf(4) }));
  await step(() => review("APPROVED", "Nice."));
  await step(() => comment("Thanks!"));
  await step(() => github.mergePullRequest(pullRequest));
  return delivered;
}

function filesOf(version: number) {
  return Array.from({ length: 12 }, (_, index) => ({ filename: `src/part-${index}.ts`, additions: version }));
}
