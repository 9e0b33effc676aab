import { expect, test } from "vitest";
import { failures, seedPullRequests } from "../../src/fake-github/index.ts";
import { useScene } from "../support/scene.ts";

/** GitHub does not answer a request. The request times out, and the app requests smaller parts. */

/** Long enough for an answer on a busy machine. */
const requestTimeoutMs = 1_000;

const scene = useScene({ requestTimeoutMs });

test("a pull request on which GraphQL hangs is read by REST, and the others by GraphQL", async () => {
  const [bad] = seedPullRequests(scene.github, {
    repository: scene.web,
    count: 3,
    reviewComments: 0, // only GraphQL has the state of their threads
  });
  if (bad) scene.github.poison(bad, { mode: "hang" });
  await scene.backfill();
  await scene.skipRetries();
  expect(await scene.jobs("event_name = 'capture/repository.sync'")).toMatchObject([
    { state: "completed", left_behind: [bad?.number] },
  ]);
  expect(await scene.differences()).toEqual([]);
  expect(await scene.gaps()).toEqual([]);
});

test("a REST list that hangs for large pages is read in smaller pages", async () => {
  seedPullRequests(scene.github, { repository: scene.web, count: 3, reviewComments: 2 });
  const sizes: (string | null)[] = [];
  scene.github.intercept((request, next) => {
    const { pathname, searchParams } = new URL(request.url);
    if (!pathname.endsWith("/web/pulls/comments")) return undefined;
    sizes.push(searchParams.get("per_page"));
    return searchParams.get("per_page") === "100" ? failures.hanging()(request, next) : undefined;
  });
  await scene.backfill();
  expect(sizes.slice(0, 2)).toEqual(["100", "50"]);
  expect(await scene.openJobs()).toEqual([]);
  expect(await scene.differences()).toEqual([]);
});
