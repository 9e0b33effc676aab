import type { Delivery, GitHub } from "../../src/demo/github/index.ts";

/**
 * Lives through one pull request's life of 17 webhooks: opened, three pushes, three reviews with five comments on the diff, four
 * comments, merged. A minute lies between two things that happen; each webhook is delivered before the next thing happens.
 */
export async function playPullRequestLife(
  github: GitHub,
  deliver: (delivery: Delivery) => Promise<void>,
): Promise<number> {
  const { repository, author, reviewer } = github.quietly(() => {
    const [ada, ben] = [github.createAccount({ login: "ada" }), github.createAccount({ login: "ben" })];
    const acme = github.createOrganization({ login: "acme", members: [ada, ben] });
    github.install({ account: acme });
    return { repository: github.createRepository({ owner: acme, name: "shop" }), author: ada, reviewer: ben };
  });

  let minute = Math.floor(Date.now() / 60_000) - 60;
  let delivered = 0;
  async function then<Made>(work: () => Made): Promise<Made> {
    const made = github.at(new Date(minute++ * 60_000), work);
    for (const delivery of github.deliveries.slice(delivered)) {
      await deliver(delivery);
      delivered++;
    }
    return made;
  }

  const pullRequest = await then(() => github.openPullRequest({ repository, author, files: filesOf(1) }));
  const comment = (body: string) => github.createIssueComment({ on: pullRequest, author, body });
  const review = (state: "CHANGES_REQUESTED" | "COMMENTED" | "APPROVED", ...remarks: string[]) =>
    github.submitReview({
      pullRequest,
      author: reviewer,
      state,
      comments: remarks.map((body) => ({ body })),
    });
  await then(() => github.push(pullRequest, { files: filesOf(2) }));
  await then(() => comment("Ready for a look."));
  await then(() => review("CHANGES_REQUESTED", "Why?", "And here?"));
  await then(() => comment("Good points."));
  await then(() => github.push(pullRequest, { files: filesOf(3) }));
  await then(() => review("COMMENTED", "Better.", "One more."));
  await then(() => comment("Done."));
  await then(() => github.push(pullRequest, { files: filesOf(4) }));
  await then(() => review("APPROVED", "Nice."));
  await then(() => comment("Thanks!"));
  await then(() => github.mergePullRequest(pullRequest));
  return delivered;
}

function filesOf(version: number) {
  return Array.from({ length: 12 }, (_, index) => ({ filename: `src/part-${index}.ts`, additions: version }));
}
