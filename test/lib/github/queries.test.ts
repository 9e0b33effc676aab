import { parse, validate } from "graphql";
import { expect, test } from "vitest";
import { pointsOf } from "../../../src/fake-github/index.ts";
import { githubSchema } from "../../../src/fake-github/graphql/schema.ts";
import { inventoryQuery } from "../../../src/lib/github/list-inventory.ts";
import { newestUpdatesQuery } from "../../../src/lib/github/list-newest-updates.ts";
import { repositoriesQuery } from "../../../src/lib/github/list-shown-repositories.ts";
import { nextTitlesQuery, nodesQuery, titlesQuery } from "../../../src/lib/github/list-titles.ts";
import { reviewThreadsQuery } from "../../../src/lib/github/list-review-threads.ts";
import { toListsQuery, toPullRequestsQuery } from "../../../src/lib/github/sync-queries.ts";

const everyone = toPullRequestsQuery({ assignedActors: true });
const usersAlone = toPullRequestsQuery({ assignedActors: false });

/** Every query, and the points it costs at its full size. */
test.each<[string, string, Record<string, unknown>, number]>([
  ["of one pull request's threads", reviewThreadsQuery, {}, 1],
  ["of an inventory's page", inventoryQuery, { first: 100 }, 2],
  ["of a sync's first batch", everyone, { ids: Array(50).fill("PR_1"), reviewers: true }, 10],
  [
    "of a batch on a server without assignedActors",
    usersAlone,
    { ids: Array(50).fill("PR_1"), reviewers: true },
    10,
  ],
  ["of a sync's largest batch", everyone, { ids: Array(100).fill("PR_1"), reviewers: true }, 19],
  ["of twenty lists of files that go on", toListsQuery(Array(20).fill("files")), {}, 1],
  ["of twenty lists of threads that go on", toListsQuery(Array(20).fill("reviewThreads")), {}, 20],
  ["of fifty repositories' newest updates", newestUpdatesQuery(50), {}, 1],
  ["of fifty repositories' names", repositoriesQuery(50), {}, 1],
  ["of fifty repositories' labels and milestones", titlesQuery(50), {}, 1],
  ["of a repository's further labels and milestones", nextTitlesQuery, {}, 1],
  ["of a hundred labels by their ids", nodesQuery, { ids: Array(100).fill("LA_1") }, 1],
])(
  "the query %s is valid in GitHub's schema and costs the expected points",
  (_, query, variables, points) => {
    expect(validate(githubSchema({ assignedActors: query !== usersAlone }), parse(query))).toEqual([]);
    expect(pointsOf(query, variables)).toBe(points);
  },
);
