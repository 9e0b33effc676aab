import { beforeEach, expect, test } from "vitest";
import { failures, type Repository } from "../../src/fake-github/index.ts";
import { useScene } from "../support/scene.ts";

/** One query compares 50 repositories. A repository that GitHub cannot show does not stop the comparison of the others. */

const scene = useScene();
let bad: Repository;

/** Makes fifty repositories that are in sync, except for a missed pull request in the first, in the last, and in a bad one between them. */
beforeEach(async () => {
  const { github, web, acme, ann, database } = scene;
  const others = github.quietly(() =>
    github.after(-50, () =>
      Array.from({ length: 49 }, (_, index) =>
        github.createRepository({ owner: acme, name: `repository-${index}` }),
      ),
    ),
  );
  const [, , , , , , seventh] = others;
  const last = others.at(-1);
  if (!seventh || !last) throw new Error("There are too few repositories.");
  bad = seventh;
  await scene.reconcile(); // stores the repositories
  await database.exec(`
    update github.repositories set history_since = '-infinity', synced_at = now() - interval '5 minutes', inventoried_at = now();
    truncate capture.jobs;
  `);
  github.requests.length = 0;
  github.quietly(() => {
    for (const each of [web, bad, last]) github.openPullRequest({ repository: each, author: ann });
  });
});

/** Replaces answers to queries for the newest updates. Returns the number of repositories in each query. */
function failUpdates(
  fail: (body: string) => ReturnType<typeof failures.graphqlTimeout> | undefined,
): number[] {
  const queriedCounts: number[] = [];
  scene.github.intercept(async (request, next) => {
    const body = request.url.endsWith("/graphql") ? await request.clone().text() : "";
    if (!body.includes("fragment newest")) return undefined;
    queriedCounts.push(body.match(/r\d+: repository/g)?.length ?? 0);
    return fail(body)?.(request, next);
  });
  return queriedCounts;
}

async function expectAllCaptured(): Promise<void> {
  expect(await scene.rows("github.pull_requests")).toHaveLength(3);
  const differences = await scene.differences();
  expect(differences.filter(({ table }) => table !== "repositories")).toEqual([]); // most have no pull request
  expect(await scene.openJobs()).toEqual([]);
}

test("a repository that makes every query with it answer 502 gets its own sync, and the others are compared at once", async () => {
  const queriedCounts = failUpdates((body) =>
    body.includes(`"${bad.name}"`) ? failures.graphqlTimeout() : undefined,
  );
  await scene.reconcileUpdates();
  await expectAllCaptured();
  expect(queriedCounts[0]).toBe(50);
  expect(queriedCounts.length).toBeLessThanOrEqual(13); // two for each halving
});

test.each(["NOT_FOUND", "FORBIDDEN"])(
  "a repository for which GraphQL reports %s gets its own sync, and the others are compared at once",
  async (type) => {
    const queriedCounts = failUpdates((body) => {
      const [, index] = new RegExp(`"name(\\d+)":"${bad.name}"`).exec(body) ?? [];
      return failures.graphqlPartial([`r${index}`], type);
    });
    await scene.reconcileUpdates();
    await expectAllCaptured();
    expect(queriedCounts).toEqual([50]);
  },
);
