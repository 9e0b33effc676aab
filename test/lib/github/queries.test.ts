import { schema } from "@octokit/graphql-schema";
import { buildSchema, parse, validate } from "graphql";
import { expect, test } from "vitest";
import { pointsOf } from "../../../src/demo/github/index.ts";
import { newestUpdatesQuery } from "../../../src/lib/github/list-newest-updates.ts";
import { reviewThreadsQuery } from "../../../src/lib/github/list-review-threads.ts";
import { pullRequestsQuery, toListsQuery } from "../../../src/lib/github/sync-queries.ts";

const github = buildSchema(schema.idl, { assumeValidSDL: true, assumeValid: true });

/** Every query there is, and what GitHub charges for it at its full size. */
test.each<[string, string, Record<string, unknown>, number]>([
  ["of one pull request's threads", reviewThreadsQuery, {}, 1],
  ["of a sync's first page", pullRequestsQuery, { first: 50, reviewers: true }, 10],
  ["of a sync's largest page", pullRequestsQuery, { first: 100, reviewers: true }, 19],
  ["of twenty lists of files that go on", toListsQuery(Array(20).fill("files")), {}, 1],
  ["of twenty lists of threads that go on", toListsQuery(Array(20).fill("reviewThreads")), {}, 20],
  ["of fifty repositories' newest updates", newestUpdatesQuery(50), {}, 1],
])(
  "the query %s is valid against GitHub's public schema, and costs no more",
  (_, query, variables, points) => {
    expect(validate(github, parse(query))).toEqual([]);
    expect(pointsOf(query, variables)).toBe(points);
  },
);
