import { beforeEach, expect, test } from "vitest";
import type { GitHubClient } from "../../../src/lib/github/github-client.ts";
import { GraphqlError } from "../../../src/lib/github/errors.ts";
import { listReviewThreads, reviewThreadsQuery } from "../../../src/lib/github/list-review-threads.ts";
import { createTestGitHub, interceptGitHub, personalToken, ref, withToken } from "./intercept.ts";

interceptGitHub();

let client: GitHubClient;

beforeEach(async () => {
  client = await createTestGitHub().forInstallation(null);
});

const date = "Mon, 23 Nov 2026 20:00:05 GMT";

function answer(reviewThreads: unknown, rest: Record<string, unknown> = {}) {
  const repository = { databaseId: ref.repository.id, pullRequest: { reviewThreads } };
  return { data: { rateLimit: { cost: 1 }, repository }, ...rest };
}

const threads = (hasNextPage: boolean) => ({
  pageInfo: { hasNextPage, endCursor: "cursor" },
  nodes: [
    { isResolved: true, comments: { nodes: [{ fullDatabaseId: "2954182357" }] } },
    { isResolved: false, comments: { nodes: [{ fullDatabaseId: "12" }] } },
    { isResolved: false, comments: { nodes: [] } },
  ],
});

test("a page has each thread's first comment, its cost and the cursor of the next page", async () => {
  withToken(personalToken)
    .post("/graphql", (body: { query: string; variables: unknown }) => {
      expect(body.query).toBe(reviewThreadsQuery);
      expect(body.variables).toEqual({
        owner: "Codertocat",
        name: "Hello-World",
        number: 2,
        first: 100,
        after: "previous",
      });
      return true;
    })
    .reply(200, answer(threads(true)), { date });
  expect(await listReviewThreads(client, ref, "previous", 0)).toEqual({
    date: "2026-11-23T20:00:05.000Z",
    threads: [
      { comment_id: 2954182357, resolved: true },
      { comment_id: 12, resolved: false },
    ],
    after: "cursor",
    unreadable: [],
    points: 1,
  });
});

test("the last page has no next page, although it has a cursor", async () => {
  withToken(personalToken)
    .post("/graphql")
    .reply(200, answer(threads(false)), { date });
  expect(await listReviewThreads(client, ref, null, 0)).toMatchObject({ after: null });
});

test("an answer with errors throws, even with data, and keeps GitHub's types and headers", async () => {
  const errors = [
    { type: "RATE_LIMITED", message: "API rate limit exceeded" },
    { message: "Something went wrong" },
  ];
  withToken(personalToken)
    .post("/graphql")
    .reply(200, answer(threads(false), { errors }), { date, "x-ratelimit-remaining": "0" });
  const failed = await listReviewThreads(client, ref, null, 0).catch((error: unknown) => error);
  expect(failed).toBeInstanceOf(GraphqlError);
  expect(failed).toMatchObject({
    message: "API rate limit exceeded; Something went wrong",
    types: ["RATE_LIMITED", "UNKNOWN"],
    headers: { "x-ratelimit-remaining": "0" },
  });
});

test("threads of another repository with the same name are not returned", async () => {
  const { data } = answer(threads(false));
  const repository = { ...data.repository, databaseId: 1 };
  withToken(personalToken)
    .post("/graphql")
    .reply(200, { data: { ...data, repository } }, { date });
  const page = await listReviewThreads(client, ref, null, 0).catch(() => ({ threads: [] }));
  expect(page.threads).toEqual([]);
});
