import { expect, test } from "vitest";
import { failures, type PullRequest } from "../../src/fake-github/index.ts";
import { useScene } from "../support/scene.ts";

/** A sync infers a deletion only from a list that is provably complete, or from a 404 for the item. */

const scene = useScene();

/** Opens a pull request with two comments, and two reviews with one review comment each. */
function openDiscussion(): PullRequest {
  const { github, web, ann } = scene;
  const pullRequest = github.after(0, () => github.openPullRequest({ repository: web, author: ann }));
  for (const second of [10, 20]) {
    github.after(second, () =>
      github.createIssueComment({ on: pullRequest, author: ann, body: `${second}` }),
    );
    github.after(second + 1, () =>
      github.submitReview({ pullRequest, author: ann, body: "Hm", comments: [{ body: `${second}` }] }),
    );
  }
  return pullRequest;
}

/** Backfills, and dates the rows a minute back, since nothing within one second can be ordered. */
async function backfillMinuteAgo(): Promise<void> {
  await scene.backfill();
  await scene.database.exec(`
    update github.comments set listed_at = listed_at - interval '1 minute';
    update github.reviews set listed_at = listed_at - interval '1 minute', clock = clock - interval '1 minute';
    update github.pull_requests set comments_counted_at = comments_counted_at - interval '1 minute',
      review_comments_counted_at = review_comments_counted_at - interval '1 minute', reviews_counted_at = reviews_counted_at - interval '1 minute';
  `);
}

const deleted = async () => [
  ...(await scene.rows("github.comments where deleted_at is not null")),
  ...(await scene.rows("github.reviews where deleted_at is not null")),
];

/** Removes the first item of every such list from GraphQL's answers, but not from their counts. */
function withoutFirst(list: "comments" | "reviews"): () => void {
  return scene.github.intercept(async (request, next) => {
    if (!request.url.endsWith("/graphql")) return undefined;
    const response = await next();
    const answer: unknown = JSON.parse(await response.text(), (key: string, value: unknown) => {
      if (key !== list || typeof value !== "object" || value === null || !("nodes" in value)) return value;
      return { ...value, nodes: Array.isArray(value.nodes) ? value.nodes.slice(1) : value.nodes };
    });
    return Response.json(answer, { headers: Object.fromEntries(response.headers) });
  });
}

test.each(["comments", "reviews"] as const)(
  "a list of %s that is shorter than GitHub's count marks nothing as deleted",
  async (list) => {
    openDiscussion();
    await backfillMinuteAgo();
    withoutFirst(list);
    await scene.backfill();
    expect(await deleted()).toEqual([]);
    expect(await scene.differences()).toEqual([]);
    expect(await scene.gaps()).toEqual([]);
  },
);

test.each(["comments", "reviews"] as const)(
  "a list of %s that is shorter than GitHub's count is read again by REST",
  async (list) => {
    openDiscussion();
    withoutFirst(list);
    await scene.backfill();
    expect(await scene.differences()).toEqual([]);
    expect(await scene.gaps()).toEqual([]);
  },
);

test.each(["comments", "reviews"])(
  "a list of %s from which GitHub withholds an item marks nothing as deleted",
  async (list) => {
    openDiscussion();
    await backfillMinuteAgo();
    const partial = failures.graphqlPartial(["nodes", 0, list, "nodes", 0], "RESOURCE_LIMITS_EXCEEDED");
    scene.github.intercept(async (request, next) => {
      const isRead =
        request.url.endsWith("/graphql") && (await request.clone().text()).includes("nodes(ids:");
      return isRead ? partial(request, next) : undefined;
    });
    await scene.backfill();
    expect(await deleted()).toEqual([]);
    expect(await scene.differences()).toEqual([]);
  },
);

test("a repository's list of review comments that lacks an existing comment marks nothing as deleted", async () => {
  openDiscussion();
  await backfillMinuteAgo();
  scene.github.intercept(
    failures.matching(/^GET .*\/web\/pulls\/comments/, async (_, next) => {
      const response = await next();
      const [, ...others] = (await response.json()) as unknown[];
      return Response.json(others, { headers: Object.fromEntries(response.headers) });
    }),
  );
  await scene.backfill();
  expect(await deleted()).toEqual([]);
  expect(await scene.differences()).toEqual([]);
  expect(await scene.gaps()).toEqual([]);
});

test("a comment that a complete list lacks is marked as deleted without another request", async () => {
  const pullRequest = openDiscussion();
  await backfillMinuteAgo();
  const [comment] = pullRequest.comments;
  scene.github.quietly(() => comment && scene.github.deleteIssueComment(comment));
  await scene.backfill();
  expect((await deleted()).map(({ id }) => id)).toEqual([comment?.id]);
  expect(await scene.differences()).toEqual([]);
  expect(await scene.jobs("event_name <> 'capture/repository.sync'")).toEqual([]);
});

test("a review comment that the repository's list lacks is marked as deleted after GitHub answers 404 for it", async () => {
  const pullRequest = openDiscussion();
  await backfillMinuteAgo();
  const [comment] = pullRequest.threads[0]?.comments ?? [];
  scene.github.quietly(() => comment && scene.github.deleteReviewComment(comment));
  scene.github.requests.length = 0;
  await scene.backfill();
  expect((await deleted()).map(({ id }) => id)).toEqual([comment?.id]);
  expect(await scene.differences()).toEqual([]);
  expect(await scene.gaps()).toEqual([]);
  expect(scene.github.requests.filter(({ status }) => status === 404).map(({ path }) => path)).toEqual([
    expect.stringContaining(`/pulls/comments/${comment?.id}`),
  ]);
});
