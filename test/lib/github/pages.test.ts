import nock from "nock";
import { beforeEach, describe, expect, test } from "vitest";
import type { GitHubClient } from "../../../src/lib/github/github-client.ts";
import { listDeliveryAttempts } from "../../../src/lib/github/delivery-log.ts";
import { GoneError } from "../../../src/lib/github/errors.ts";
import { getPullRequest } from "../../../src/lib/github/get-pull-request.ts";
import { issueCommentsListing, reviewCommentsListing } from "../../../src/lib/github/list-comments.ts";
import { filesListing } from "../../../src/lib/github/list-files.ts";
import { reviewsOf } from "../../../src/lib/github/list-reviews.ts";
import { listStart, readPage, type Listing } from "../../../src/lib/github/read-page.ts";
import { exampleOf } from "../../support/webhook-examples.ts";
import { api, createTestGitHub, interceptGitHub, personalToken, ref, withToken } from "./intercept.ts";

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

const lists: { name: string; path: string; item: object; of: (of: typeof ref) => Listing<object> }[] = [
  { name: "files", path: "pulls/2/files", item: file, of: filesListing },
  { name: "reviews", path: "pulls/2/reviews", item: review, of: reviewsOf },
  { name: "review comments", path: "pulls/2/comments", item: reviewComment, of: reviewCommentsListing },
  { name: "issue comments", path: "issues/2/comments", item: issueComment, of: issueCommentsListing },
];

describe.each(lists)("a page of $name", ({ path, item, of }) => {
  const list = (page: number) => readPage(client, of(ref), { ...listStart, offset: (page - 1) * 100 }, 0);
  const { id, owner, name } = ref.repository;
  /** By its name or by its id. */
  const asked = new RegExp(`^/(repos/${owner}/${name}|repositories/${id})/${path}\\?per_page=100&page=\\d$`);

  test("a page is one request for a hundred items, and has the time of the answer", async () => {
    withToken(personalToken)
      .get((uri) => asked.test(uri) && uri.endsWith("&page=3"))
      .reply(200, [item, item], { date });
    const page = await list(3);
    expect(page).toMatchObject({ date: dateAsIso, next: null });
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
    expect(await list(1)).toMatchObject({ next: hasMore ? { offset: 100 } : null });
  });

  test("a page can be empty", async () => {
    withToken(personalToken).get(asked).reply(200, [], { date });
    expect(await list(1)).toMatchObject({ data: [], date: dateAsIso, next: null });
  });

  test("an undocumented answer throws instead of returning an empty page", async () => {
    withToken(personalToken).get(asked).reply(200, { message: "Server is having a bad day" });
    await expect(list(1)).rejects.toThrow("expected array");
  });
});

describe("a pull request", () => {
  const path = `/repos/${ref.repository.owner}/${ref.repository.name}/pulls/${ref.number}`;

  test("a pull request is one request, and has the captured fields and the time of the answer", async () => {
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

  test("a pull request is found by its repository's old name, and has the new one", async () => {
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
    expect(data.base?.repo).toEqual({ id: 186853002, name: "Hello-Moon", owner: { login: "Codertocat" } });
  });

  test("a pull request of another repository with the same name is not returned", async () => {
    withToken(personalToken).get(path).reply(200, pullRequest, { date });
    const other = getPullRequest(client, { ...ref, repository: { ...ref.repository, id: 1 } });
    await expect(other).rejects.toThrow(GoneError);
  });

  test("an answer without a date header is dated now", async () => {
    withToken(personalToken).get(path).reply(200, pullRequest);
    const before = Date.now();
    const { date: dated } = await getPullRequest(client, ref);
    expect(Date.parse(dated)).toBeGreaterThanOrEqual(before);
  });
});

test("the delivery log's next page is found by a relative link, whatever its form", async () => {
  nock(api)
    .get("/app/hook/deliveries?per_page=100")
    .reply(200, [], { link: "</app/hook/deliveries?per_page=100&cursor=v1_42>;rel=next", date: "soon" });
  const app = await createTestGitHub().forApp();
  const page = await listDeliveryAttempts(app, { cursor: null, pageSize: 100 });
  expect(page.cursor).toBe("v1_42");
  expect(Date.parse(page.date)).not.toBeNaN(); // the local time, since GitHub's cannot be read
});
