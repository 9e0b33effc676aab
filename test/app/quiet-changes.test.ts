import { expect, test } from "vitest";
import { useScene, type SceneOptions } from "../support/scene.ts";

/** Changes that leave their pull request's `updated_at` as it was, after GitHub's lists were read: only their payloads show them. */

const scene = useScene();

/** A pull request with a review and a comment on its file, captured by webhooks and, later, by a backfill. */
async function captureReview(options: SceneOptions) {
  await scene.reopen(options);
  const { github, ann, web } = scene;
  const pullRequest = github.openPullRequest({ repository: web, author: ann, files: [{ filename: "a.ts" }] });
  scene.pass(5);
  const review = github.submitReview({
    pullRequest,
    author: ann,
    body: "First",
    comments: [{ body: "Why?" }],
  });
  await scene.deliver();
  scene.pass(100);
  await scene.backfill();
  scene.pass(100);
  const asked = github.requests.length;
  return { review, askedSince: () => github.requests.length - asked };
}

test("an edited review is captured from its payload", async () => {
  const { review, askedSince } = await captureReview({ reviewEdits: "quiet" });
  scene.github.editReview(review, "Second");
  const [first] = scene.takeDeliveries();
  scene.pass(1);
  scene.github.editReview(review, "Third");
  const [second] = scene.takeDeliveries();
  if (!first || !second) throw new Error("GitHub sent no webhook.");
  await scene.deliver([second, first]);
  expect(await scene.rows("github.reviews")).toMatchObject([{ body: "Third" }]);
  expect(askedSince()).toBe(0);
});

test("an edited review whose payload lacks its time is captured from GitHub", async () => {
  const { review } = await captureReview({ reviewEdits: "quiet", payloads: "2019" });
  scene.github.editReview(review, "Second");
  await scene.deliver();
  expect(await scene.rows("github.reviews")).toMatchObject([{ body: "Second" }]);
  expect(await scene.openJobs()).toEqual([]);
});

test.each(["current", "2019"] as const)(
  "a resolved thread is captured with %s payloads",
  async (payloads) => {
    const { review, askedSince } = await captureReview({ payloads });
    const [comment] = review.comments;
    if (!comment) throw new Error("The review has no comment.");
    scene.github.resolveThread(comment.thread);
    await scene.deliver();
    expect(await scene.rows("github.comments")).toMatchObject([{ resolved: true }]);
    expect(await scene.openJobs()).toEqual([]);
    if (payloads === "current") expect(askedSince()).toBe(0);
  },
);

test("a backfill keeps the request of an enterprise's team, whose name GraphQL does not show", async () => {
  await scene.reopen({});
  const { github, ann, acme, web } = scene;
  const team = github.createTeam({ organization: acme, name: "Security", type: "enterprise" });
  const pullRequest = github.openPullRequest({ repository: web, author: ann });
  scene.pass(5);
  github.requestReview(pullRequest, team);
  await scene.deliver();
  scene.pass(60);
  await scene.backfill();
  expect(await scene.rows("github.pull_requests")).toMatchObject([{ requested_teams: ["security"] }]);
  expect(await scene.differences()).toEqual([]);
});
