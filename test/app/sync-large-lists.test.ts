import { describe, expect, test } from "vitest";
import { failures, seedPullRequests } from "../../src/fake-github/index.ts";
import { useScene } from "../support/scene.ts";

/** GitHub answers 502 to large pages of a repository's review comments, or to pages of any size. */

const scene = useScene();
const listOfRepository = /\/web\/pulls\/comments$/;

const requestedPages = () =>
  scene.github.requests.flatMap(({ path, status }) => {
    const url = new URL(path, scene.github.url);
    return listOfRepository.test(url.pathname) && status === 200 ? [url.searchParams.get("per_page")] : [];
  });

async function backfillWithRetries(): Promise<void> {
  await scene.backfill();
  await scene.skipRetries();
}

async function expectComplete(): Promise<void> {
  expect(await scene.openJobs()).toEqual([]);
  expect(await scene.differences()).toEqual([]);
  expect(await scene.gaps()).toEqual([]);
}

describe("a list of review comments", () => {
  test("a list that GitHub serves in pages of at most 50 is captured whole", async () => {
    seedPullRequests(scene.github, { repository: scene.web, count: 12, reviewComments: 12 });
    expect(scene.github.state.reviewComments.size).toBeGreaterThan(50);
    scene.github.intercept(failures.tooLarge(listOfRepository, 50));
    await backfillWithRetries();
    await expectComplete();
    expect(new Set(requestedPages())).toEqual(new Set(["50"]));
  });

  test("a list that GitHub serves one comment at a time is captured whole", async () => {
    seedPullRequests(scene.github, { repository: scene.web, count: 2, reviewComments: 2 });
    scene.github.intercept(failures.tooLarge(listOfRepository, 1));
    await backfillWithRetries();
    await expectComplete();
    expect(new Set(requestedPages())).toEqual(new Set(["1"]));
  });

  test("a list that GitHub never serves is captured from each pull request's own list", async () => {
    seedPullRequests(scene.github, { repository: scene.web, count: 4, reviewComments: 2 });
    scene.github.intercept(failures.tooLarge(listOfRepository, 0));
    await backfillWithRetries();
    await expectComplete();
    expect(requestedPages()).toEqual([]);
  });
});

test("review comments that GitHub serves in no list are gaps until it serves them", async () => {
  const [pullRequest] = seedPullRequests(scene.github, {
    repository: scene.web,
    count: 2,
    reviewComments: 0,
  });
  if (!pullRequest) throw new Error("There is no pull request.");
  scene.github.quietly(() =>
    scene.github.after(0, () =>
      scene.github.submitReview({ pullRequest, author: scene.ann, comments: [{ body: "Why?" }] }),
    ),
  );
  const heal = scene.github.intercept(failures.tooLarge(/\/pulls\/(\d+\/)?comments$/, 0));
  await backfillWithRetries();
  expect(await scene.gaps()).toEqual([expect.stringMatching(`^comments ${pullRequest.number} `)]);
  expect((await scene.analyze()).total.comments.percent).toBeLessThan(100);
  expect((await scene.differences()).map(({ table }) => table)).toEqual(["comments"]);
  expect(await scene.openJobs()).toMatchObject([
    { event_name: "capture/pr.comments", number: pullRequest.number, state: "failed" },
  ]);

  heal();
  await scene.reconcile();
  await scene.skipRetries();
  expect(await scene.differences()).toEqual([]);
  expect(await scene.gaps()).toEqual([]);
});
