import { expect, test } from "vitest";
import { seedPullRequests } from "../../src/fake-github/index.ts";
import { useScene } from "../support/scene.ts";

/** On an Enterprise Server, REST is under `/api/v3` and GraphQL at `/api/graphql`. */

const scene = useScene({ basePath: "/api/v3" });

test("webhooks, a backfill and the reconcilers bring the rows in sync", async () => {
  const { github, web, ann } = scene;
  seedPullRequests(github, { repository: web, count: 30, longTails: true });
  await scene.backfill();
  expect(await scene.differences()).toEqual([]);

  const pullRequest = github.after(0, () =>
    github.openPullRequest({
      repository: web,
      author: ann,
      files: [{ filename: "b.ts", previousFilename: "a.ts" }],
    }),
  );
  github.after(5, () => github.submitReview({ pullRequest, author: ann, comments: [{ body: "Why?" }] }));
  await scene.deliver();
  expect(await scene.differences()).toEqual([]);

  github.quietly(() => github.after(10, () => github.label(pullRequest, "missed")));
  for (const thread of pullRequest.threads)
    github.quietly(() => github.after(20, () => github.resolveThread(thread)));
  github.quietly(() =>
    github.after(30, () => github.createIssueComment({ on: pullRequest, author: ann, body: "?" })),
  );
  await scene.reconcile();
  expect(await scene.differences()).toEqual([]);
  expect(await scene.openJobs()).toEqual([]);
});

test("links to the next page stay below the base path", async () => {
  const { github, web, ann } = scene;
  const pullRequest = github.after(0, () => github.openPullRequest({ repository: web, author: ann }));
  for (let index = 0; index < 150; index++)
    github.after(1 + index, () =>
      github.createIssueComment({ on: pullRequest, author: ann, body: `${index}` }),
    );
  await scene.app.services.queue.queuePullRequest("acme/web", pullRequest.number);
  await scene.idle();
  expect(await scene.rows("github.comments")).toHaveLength(150);
  expect(github.requests.filter(({ status }) => status >= 400)).toEqual([]);
});

test("a pull request that GraphQL cannot serve is read by REST", async () => {
  const [bad] = seedPullRequests(scene.github, { repository: scene.web, count: 5, reviewComments: 0 });
  if (bad) scene.github.poison(bad, { mode: "fail" });
  await scene.backfill();
  await scene.skipRetries();
  expect(await scene.differences()).toEqual([]);
  expect(await scene.gaps()).toEqual([]);
});
