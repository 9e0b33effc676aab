import { describe, expect, test } from "vitest";
import { failures, seedPullRequests, type PullRequest } from "../../src/fake-github/index.ts";
import { useScene } from "../support/scene.ts";

/** A pull request that GitHub cannot serve costs only that pull request. */

const scene = useScene();

/** Without review comments by default, since only GraphQL has the state of their threads. */
const seed = ({ count = 12, reviewComments = 0 } = {}) =>
  seedPullRequests(scene.github, { repository: scene.web, count, reviewComments });

/** The store-level test tries all places and numbers: test/lib/inngest/sync-position.test.ts. */
const chosen: [string, (all: PullRequest[]) => (PullRequest | undefined)[]][] = [
  ["the newest", (all) => [newestOf(all)]],
  ["two far apart", (all) => [all[0], all.at(-1)]],
];

function poison(bad: (PullRequest | undefined)[], rest: boolean): (() => void)[] {
  return bad.flatMap((each) => (each ? [scene.github.poison(each, { mode: "fail", rest })] : []));
}

const numbersOf = (bad: (PullRequest | undefined)[]) =>
  bad.flatMap((each) => (each ? [each.number] : [])).toSorted((a, b) => a - b);

describe("a pull request on which every GraphQL query fails", () => {
  test.each(chosen)("bad pull requests are read by REST: %s", async (_, choose) => {
    const bad = choose(seed());
    poison(bad, false);
    await scene.backfill();
    await scene.skipRetries();
    expect(await scene.differences()).toEqual([]);
    expect(await scene.jobs("event_name = 'capture/repository.sync'")).toMatchObject([
      { state: "completed", left_behind: numbersOf(bad) },
    ]);
    expect(await scene.openJobs()).toEqual([]);
    expect(await scene.gaps()).toEqual([]);
  });

  test("a pull request that REST cannot read either is a gap until GitHub recovers", async () => {
    const bad = seed().slice(4, 6);
    const heal = poison(bad, true);
    const numbers = numbersOf(bad);
    await scene.backfill();
    await scene.skipRetries();
    const others = (await scene.differences()).filter(({ table }) => table === "pull_requests");
    expect(others.map(({ key }) => Number(key.split(" ")[1]))).toEqual(numbers);
    expect(await scene.jobs("event_name = 'capture/repository.sync'")).toMatchObject([
      { state: "completed", left_behind: numbers },
    ]);
    expect((await scene.jobs("state = 'failed'")).length).toBe(3 * numbers.length);
    const { total, gaps } = await scene.analyze();
    expect(total.pull_requests.percent).toBeLessThan(100);
    expect(new Set(gaps.map(({ number }) => number))).toEqual(new Set(numbers));

    for (const each of heal) each();
    await scene.reconcile();
    await scene.skipRetries();
    expect(await scene.differences()).toEqual([]);
    expect(await scene.gaps()).toEqual([]);
  });
});

test("without GraphQL, everything but the state of review threads is captured, and a failed job says so", async () => {
  const [bad] = seed({ count: 3, reviewComments: 5 });
  const heal = bad ? poison([bad], false) : [];
  await scene.backfill();
  await scene.skipRetries();
  expect(await scene.differences()).toEqual([]);
  expect(await scene.openJobs()).toMatchObject([
    {
      event_name: "capture/pr.comments",
      state: "failed",
      error: { message: expect.stringContaining("GitHub's review threads cannot be read: ") },
    },
  ]);
  expect(await scene.gaps()).toMatchObject([expect.stringContaining("comments 1 ")]);

  for (const each of heal) each();
  const [thread] = bad?.threads ?? [];
  if (thread) scene.github.quietly(() => scene.github.resolveThread(thread));
  await scene.reconcile();
  await scene.skipRetries();
  expect(await scene.differences()).toEqual([]);
  expect(await scene.gaps()).toEqual([]);
});

test("a pull request on which GraphQL times out is read by REST", async () => {
  const [bad] = seed({ count: 3 });
  if (bad) scene.github.poison(bad, { mode: "fail", status: 504 });
  await scene.backfill();
  await scene.skipRetries();
  expect(await scene.differences()).toEqual([]);
});

test("a sync resumes after an outage of GitHub, and captures everything", async () => {
  seed();
  await scene.app.services.queue.queueBackfill("acme/web", { all: true });
  const stop = scene.github.intercept(failures.serverError(502));
  await scene.idle();
  stop();
  await scene.skipRetries();
  expect(await scene.differences()).toEqual([]);
  expect(await scene.jobs()).toMatchObject([{ state: "completed", left_behind: [] }]);
});

/** The pull request that was updated last. A sync reads it first. */
function newestOf(pullRequests: readonly PullRequest[]): PullRequest {
  const [newest] = pullRequests.toSorted((a, b) => b.updatedAt.localeCompare(a.updatedAt));
  if (!newest) throw new Error("There is no pull request.");
  return newest;
}
