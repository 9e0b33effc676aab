import { expect, test } from "vitest";
import { createReader, createSmallTeam, tokenFor } from "./small-team.ts";

async function createDiscussion() {
  const team = createSmallTeam();
  const { github, ann, ben, repository, installation, clock } = team;
  const pullRequest = github.openPullRequest({ repository, author: ann });
  const remarks = ["a", "b"].map((body) => github.createReviewComment({ pullRequest, author: ben, body }));
  const comments = ["c", "d", "e"].map((body) =>
    github.createIssueComment({ on: pullRequest, author: ben, body }),
  );
  clock.advance(60);
  const reader = createReader(github, await tokenFor(github, installation.id, clock.now()));
  return { ...team, reader, pullRequest, remarks, comments };
}

test("deleting a comment changes the pull request's counts but not its updated_at", async () => {
  const { github, reader, pullRequest, remarks, comments } = await createDiscussion();
  const [remark] = remarks;
  const [comment] = comments;
  if (!remark || !comment) throw new Error("There are comments.");
  const before = pullRequest.updatedAt;
  github.deleteReviewComment(remark);
  github.deleteIssueComment(comment);
  expect(pullRequest.updatedAt).toBe(before);
  expect(github.deliveries.slice(-2).map(({ name, payload }) => `${name}.${payload.action}`)).toEqual([
    "pull_request_review_comment.deleted",
    "issue_comment.deleted",
  ]);
  expect(await (await reader.get("/repos/acme/web/pulls/1")).json()).toMatchObject({
    updated_at: before,
    comments: 2,
    review_comments: 1,
  });
  const { data } = await reader.query(
    `{ repository(owner: "acme", name: "web") { pullRequest(number: 1) { updatedAt totalCommentsCount comments { totalCount } reviews { totalCount } isCrossRepository } } }`,
  );
  expect(data.repository.pullRequest).toEqual({
    updatedAt: before,
    totalCommentsCount: 3,
    comments: { totalCount: 2 },
    reviews: { totalCount: 2 },
    isCrossRepository: false,
  });
});

// https://docs.github.com/repositories/creating-and-managing-repositories/restoring-a-deleted-repository
test("a restored repository has its id and pull requests, but no labels, and sends no webhook", async () => {
  const { github, reader, repository, pullRequest } = await createDiscussion();
  github.label(pullRequest, "bug");
  github.deleteRepository(repository);
  const caused = github.deliveries.length;
  expect((await reader.get("/repos/acme/web")).status).toBe(404);
  github.restoreRepository(repository);
  expect(github.deliveries).toHaveLength(caused);
  expect(await (await reader.get("/repos/acme/web")).json()).toMatchObject({ id: repository.id });
  expect(await (await reader.get("/repos/acme/web/pulls/1")).json()).toMatchObject({ number: 1, labels: [] });
});

test("a deletion can happen without any webhook", async () => {
  const { github, reader, remarks, comments } = await createDiscussion();
  const caused = github.deliveries.length;
  github.quietly(() => {
    for (const remark of remarks) github.deleteReviewComment(remark);
    for (const comment of comments) github.deleteIssueComment(comment);
  });
  expect(github.deliveries).toHaveLength(caused);
  expect(await reader.list("/repos/acme/web/pulls/1/comments")).toEqual([]);
  expect(await reader.list("/repos/acme/web/issues/comments")).toEqual([]);
});

test("deleting a comment between two pages shifts a later one out of the next page", async () => {
  const { github, reader, comments } = await createDiscussion();
  const bodies = async (page: number) => {
    const found = await reader.list<{ body: string }>(
      `/repos/acme/web/issues/comments?per_page=2&page=${page}`,
    );
    return found.map(({ body }) => body);
  };
  expect(await bodies(1)).toEqual(["c", "d"]);
  const [first] = comments;
  if (first) github.deleteIssueComment(first);
  expect(await bodies(2)).toEqual([]); // "e" is on the first page now
  expect(await bodies(1)).toEqual(["d", "e"]);
});

test("pull requests are listed by created_at or updated_at in both directions, without their details", async () => {
  const { github, ann, repository, reader, pullRequest, clock } = await createDiscussion();
  const second = github.openPullRequest({ repository, author: ann });
  clock.advance(60);
  github.editPullRequest(pullRequest, { title: "Newer" });
  github.closePullRequest(second);
  const numbers = async (query: string) =>
    (await reader.list<{ number: number }>(`/repos/acme/web/pulls?${query}`)).map(({ number }) => number);
  expect(await numbers("state=all&sort=created&direction=asc")).toEqual([1, 2]);
  expect(await numbers("state=all&sort=created")).toEqual([2, 1]);
  expect(await numbers("state=all&sort=updated&direction=desc&per_page=1&page=2")).toEqual([1]);
  expect(await numbers("state=closed")).toEqual([2]);
  const [item] = await reader.list<object>("/repos/acme/web/pulls");
  for (const absent of [
    "merged",
    "merged_by",
    "comments",
    "review_comments",
    "commits",
    "additions",
    "changed_files",
  ])
    expect(item).not.toHaveProperty(absent);
});

test("pages by creation do not shift when pull requests are updated", async () => {
  const { github, ann, repository, reader, clock } = await createDiscussion();
  for (let count = 0; count < 3; count++) {
    clock.advance(1);
    github.openPullRequest({ repository, author: ann });
  }
  for (const [direction, expected] of [
    [
      "ASC",
      [
        [1, 2],
        [3, 4],
      ],
    ],
    [
      "DESC",
      [
        [4, 3],
        [2, 1],
      ],
    ],
  ] as const) {
    const page = async (after: string | null) => {
      const { data } = await reader.query(
        `query ($after: String) { repository(owner: "acme", name: "web") { pullRequests(first: 2, after: $after, orderBy: { field: CREATED_AT, direction: ${direction} }) { pageInfo { endCursor } nodes { number } } } }`,
        { after },
      );
      const { nodes, pageInfo } = data.repository.pullRequests;
      return { numbers: nodes.map(({ number }: { number: number }) => number), end: pageInfo.endCursor };
    };
    const first = await page(null);
    clock.advance(1);
    for (const pullRequest of repository.pullRequests.values())
      github.label(pullRequest, `moved ${direction}`);
    const second = await page(first.end);
    expect([first.numbers, second.numbers]).toEqual(expected);
  }
});
