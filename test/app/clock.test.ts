import { beforeEach, describe, expect, test } from "vitest";
import { failures, type PullRequest } from "../../src/fake-github/index.ts";
import type { TestGitHub } from "../support/open-github.ts";
import { useScene } from "../support/scene.ts";

/** A local clock that is wrong. The test moves GitHub's clock instead. */

describe.each([
  ["10 minutes fast", -600],
  ["10 minutes slow", 600],
])("with a local clock that is %s", (_, clockSkew) => {
  const scene = useScene({ clockSkew, installation: "delivered" });
  const { deliver, differences, reconcile, rows, takeDeliveries } = scene;

  let github: TestGitHub;
  let pullRequest: PullRequest;

  beforeEach(async () => {
    ({ github } = scene);
    const { ann, web } = scene;
    pullRequest = github.openPullRequest({ repository: web, author: ann, files: [{ filename: "a.ts" }] });
    await deliver();
  });

  test("captures and tombstones follow GitHub's clock", async () => {
    const comment = github.createIssueComment({ on: pullRequest, author: scene.ann, body: "first" });
    github.createIssueComment({ on: pullRequest, author: scene.ann, body: "second" });
    const created = [...github.deliveries];
    await deliver();
    github.deleteIssueComment(comment);
    await deliver();
    await deliver(created); // late copies
    expect(await differences()).toEqual([]);
    expect(await rows("github.comments where deleted_at is not null")).toHaveLength(1);
  });

  test("the reconciler finds the deliveries that failed since its last run, and no others", async () => {
    expect(await reconcile()).toBe(0);
    github.createIssueComment({ on: pullRequest, author: scene.ann, body: "missed" });
    for (const delivery of takeDeliveries()) github.recordAttempt(delivery, 0);
    expect(await reconcile()).toBe(1);
    expect(await differences()).toEqual([]);
    expect(await reconcile()).toBe(0);
  });

  test("a rate limit ends by GitHub's clock", async () => {
    const reset = new Date(Date.now() + clockSkew * 1000 + 90_000);
    github.intercept(failures.matching(/\/files/, failures.rateLimited(reset)));
    github.push(pullRequest, { files: [{ filename: "b.ts" }] });
    await deliver();
    const [job] = await rows("capture.jobs where state = 'retrying'");
    const waitMs = Number(job?.["next_attempt_at"]) - Date.now();
    expect(waitMs).toBeGreaterThan(80_000);
    expect(waitMs).toBeLessThan(95_000);
  });
});
