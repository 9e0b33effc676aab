import { beforeEach, describe, expect, test } from "vitest";
import type { GitHubClient } from "../../../src/lib/github/client.ts";
import { GoneError } from "../../../src/lib/github/errors.ts";
import { getPullRequest } from "../../../src/lib/github/get-pull-request.ts";
import { listIssueComments, listReviewComments } from "../../../src/lib/github/list-comments.ts";
import { listFiles } from "../../../src/lib/github/list-files.ts";
import { listReviews } from "../../../src/lib/github/list-reviews.ts";
import { exampleOf } from "../../support/webhook-examples.ts";
import { createTestGitHub, interceptGitHub, personalToken, ref, withToken } from "./intercept.ts";

interceptGitHub();

let client: GitHubClient;

beforeEach(async () => {
  client = await createTestGitHub().forInstallation(null);
});

const date = "Mon, 23 Nov 2026 20:00:05 GMT";
const dateAsIso = "2026-11-23T20:00:05.000Z";

const { pull_request: pullRequest } = exampleOf("pull_request", "opened");
const { review } = exampleOf("pull_request_review", "submitted");
const { comment: reviewComment } = exampleOf("pull_request_review_comment", "created");
const { comment: issueComment } = exampleOf("issue_comment", "created");
const file = {
  sha: "bbcd538c8e72b8c175046e27cc8f907076331401",
  filename: "file1.txt",
  status: "added",
  additions: 103,
  deletions: 21,
  changes: 124,
  contents_url: "https://api.github.com/repos/Codertocat/Hello-World/contents/file1.txt?ref=ec26c3e57",
  patch: "@@ -132,7 +132,7 @@",
};

const lists = [
  { name: "files", path: "pulls/2/files", item: file, list: listFiles },
  { name: "reviews", path: "pulls/2/reviews", item: review, list: listReviews },
  { name: "review comments", path: "pulls/2/comments", item: reviewComment, list: listReviewComments },
  { name: "issue comments", path: "issues/2/comments", item: issueComment, list: listIssueComments },
];

describe.each(lists)("a page of $name", ({ path, item, list }) => {
  const { id, owner, name } = ref.repository;
  /** By its name or by its id. */
  const asked = new RegExp(`^/(repos/${owner}/${name}|repositories/${id})/${path}\\?per_page=100&page=\\d$`);

  test("is one request for a hundred, with GitHub's time of the answer", async () => {
    withToken(personalToken)
      .get((uri) => asked.test(uri) && uri.endsWith("&page=3"))
      .reply(200, [item, item], { date });
    const page = await list(client, ref, 3);
    expect(page).toMatchObject({ date: dateAsIso, hasMore: false });
    expect(page.data).toHaveLength(2);
    expect(Object.keys(page.data[0] ?? {})).not.toContain("url");
  });

  test.each([
    [
      "another page",
      '<https://api.github.com/x?page=2>; rel="next", <https://api.github.com/x?page=9>; rel="last"',
      true,
    ],
    [
      "the last page",
      '<https://api.github.com/x?page=1>; rel="prev", <https://api.github.com/x?page=1>; rel="first"',
      false,
    ],
  ])("knows from the link header of %s", async (_, link, hasMore) => {
    withToken(personalToken).get(asked).reply(200, [item], { date, link });
    expect(await list(client, ref, 1)).toMatchObject({ hasMore });
  });

  test("may be empty", async () => {
    withToken(personalToken).get(asked).reply(200, [], { date });
    expect(await list(client, ref, 1)).toEqual({ data: [], date: dateAsIso, hasMore: false, budget: null });
  });

  test("that is not what GitHub documents is an error, not an empty page", async () => {
    withToken(personalToken).get(asked).reply(200, { message: "Server is having a bad day" });
    await expect(list(client, ref, 1)).rejects.toThrow("expected array");
  });
});

describe("a pull request", () => {
  const path = `/repos/${ref.repository.owner}/${ref.repository.name}/pulls/${ref.number}`;

  test("is one request, reduced to what is captured, with GitHub's time of the answer", async () => {
    withToken(personalToken).get(path).reply(200, pullRequest, { date });
    const answer = await getPullRequest(client, ref);
    expect(answer).toMatchObject({
      date: dateAsIso,
      data: { id: pullRequest.id, title: pullRequest.title, additions: pullRequest.additions },
    });
    for (const dropped of ["_links", "url", "diff_url", "mergeable", "node_id"]) {
      expect(answer.data).not.toHaveProperty(dropped);
    }
  });

  test("of a renamed repository is found under the old name, with the new one in it", async () => {
    const { repo } = pullRequest.base;
    const renamed = { ...pullRequest, base: { ...pullRequest.base, repo: { ...repo, name: "Hello-Moon" } } };
    withToken(personalToken)
      .get(path)
      .reply(
        301,
        { message: "Moved Permanently" },
        { location: "https://api.github.com/repositories/186853002/pulls/2" },
      );
    withToken(personalToken).get("/repositories/186853002/pulls/2").reply(200, renamed, { date });
    const { data } = await getPullRequest(client, ref);
    expect(data.base.repo).toEqual({ id: 186853002, name: "Hello-Moon", owner: { login: "Codertocat" } });
  });

  test("of another repository that has the name by now is gone", async () => {
    withToken(personalToken).get(path).reply(200, pullRequest, { date });
    const other = getPullRequest(client, { ...ref, repository: { ...ref.repository, id: 1 } });
    await expect(other).rejects.toThrow(GoneError);
  });

  test("without a date header is dated now", async () => {
    withToken(personalToken).get(path).reply(200, pullRequest);
    const before = Date.now();
    const { date: dated } = await getPullRequest(client, ref);
    expect(Date.parse(dated)).toBeGreaterThanOrEqual(before);
  });
});
