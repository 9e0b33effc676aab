import nock from "nock";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { SqlDatabase } from "../../src/lib/embedded/sql-database.ts";
import { openTestDatabase, resetDatabase } from "../support/database.ts";
import {
  issueCommentRow,
  partialPullRequestRow,
  pullRequestRow,
  reviewCommentRow,
  reviewRow,
} from "../support/payload-rows.ts";
import { startApp, type TestApp } from "../support/start-app.ts";
import { examplesOf, type ExamplePayload } from "../support/webhook-examples.ts";

/** GitHub's example payloads, each delivered to an empty database. */

let database: SqlDatabase;
let app: TestApp;
let github: nock.Scope;

beforeAll(async () => {
  database = await openTestDatabase();
  app = await startApp(database, { GITHUB_TOKEN: "reads-public-repositories" });
  nock.disableNetConnect();
  nock.enableNetConnect(/^127\.0\.0\.1|^localhost/);
});
beforeEach(() => {
  github = nock("https://api.github.com");
  github
    .post(/^\/app\/installations\/\d+\/access_tokens$/)
    .optionally()
    .reply(201, {
      token: "installation token",
      expires_at: "2099-01-01T00:00:00Z",
      permissions: {},
    });
});
afterEach(async () => {
  await resetDatabase(database);
  expect(nock.pendingMocks().filter((mock) => !mock.includes("access_tokens"))).toEqual([]);
  nock.cleanAll();
});
afterAll(async () => {
  nock.restore();
  await app.close();
  await database.close();
});

const title = (payload: ExamplePayload, index: number) =>
  [`${payload.action}, example ${index + 1}`, payload] as const;

describe("pull_request", () => {
  test.each(examplesOf("pull_request").map(title))("the payload is stored: %s", async (_, payload) => {
    const { number, head } = payload["pull_request"];
    github.get(/^\/repos\/[\w-]+\/[\w-]+\/pulls\/\d+\/files\?per_page=100&page=1$/).reply(200, [
      {
        filename: "README.md",
        status: "modified",
        additions: 1,
        deletions: 1,
        changes: 2,
        contents_url: `https://api.github.com/repos/o/r/contents/README.md?ref=${head.sha}`,
      },
    ]);

    expect(await app.deliver({ name: "pull_request", payload })).toBe(200);
    await app.idle();

    const expected = pullRequestRow(payload);
    expect(await app.rows("github.pull_requests")).toEqual([
      expect.objectContaining({
        ...expected,
        files_head_sha: head.sha,
        details_clock: expected["updated_at"],
      }),
    ]);
    expect(await app.rows("github.pull_request_files")).toMatchObject([
      {
        repository_id: expected["repository_id"],
        pull_request_number: number,
        filename: "README.md",
        status: "modified",
        additions: 1,
        deletions: 1,
        changes: 2,
        previous_filename: null,
      },
    ]);
    expect(await app.rows("capture.jobs")).toMatchObject([
      { state: "completed", requests: 1, number, reason: "webhook" },
    ]);
  });
});

/** Answers 404 to the request for details, which the payload of an unknown pull request causes. */
function refuseDetails() {
  github.get(/^\/repos\/[\w-]+\/[\w-]+\/pulls\/\d+$/).reply(404, { message: "Not Found" });
}

describe("pull_request_review", () => {
  test.each(examplesOf("pull_request_review").map(title))("the payload is stored: %s", async (_, payload) => {
    refuseDetails();
    expect(await app.deliver({ name: "pull_request_review", payload })).toBe(200);
    await app.idle();
    expect(await app.rows("github.reviews")).toEqual([expect.objectContaining(reviewRow(payload))]);
    expect(await app.rows("github.pull_requests")).toEqual([
      expect.objectContaining({ ...partialPullRequestRow(payload), details_clock: null }),
    ]);
  });
});

describe("pull_request_review_comment", () => {
  test.each(examplesOf("pull_request_review_comment").map(title))(
    "the payload is stored: %s",
    async (_, payload) => {
      refuseDetails();
      expect(await app.deliver({ name: "pull_request_review_comment", payload })).toBe(200);
      await app.idle();
      const { comment } = payload;
      expect(await app.rows("github.comments")).toEqual([
        expect.objectContaining({
          ...reviewCommentRow(comment, payload),
          deleted_at: payload.action === "deleted" ? expect.any(Date) : null,
        }),
      ]);
    },
  );
});

describe("pull_request_review_thread", () => {
  test.each(examplesOf("pull_request_review_thread").map(title))(
    "the payload is stored: %s",
    async (_, payload) => {
      refuseDetails();
      expect(await app.deliver({ name: "pull_request_review_thread", payload })).toBe(200);
      await app.idle();
      expect(await app.rows("github.comments")).toEqual(
        payload["thread"].comments.map((comment: object, index: number) =>
          expect.objectContaining({
            ...reviewCommentRow(comment, payload),
            resolved: index === 0 ? payload.action === "resolved" : null,
          }),
        ),
      );
    },
  );
});

describe("issue_comment", () => {
  test.each(examplesOf("issue_comment").map(title))(
    "a comment on a pull request is stored: %s",
    async (_, payload) => {
      refuseDetails();
      const { issue } = payload;
      const onPullRequest = {
        ...payload,
        issue: { ...issue, pull_request: { url: "https://api.github.com/x", merged_at: null } },
      };
      expect(await app.deliver({ name: "issue_comment", payload: onPullRequest })).toBe(200);
      await app.idle();
      expect(await app.rows("github.comments")).toEqual([
        expect.objectContaining({
          ...issueCommentRow(payload),
          deleted_at: payload.action === "deleted" ? expect.any(Date) : null,
        }),
      ]);
      expect(await app.rows("github.pull_requests")).toMatchObject([
        { id: null, title: issue.title, details_clock: null },
      ]);
    },
  );

  test.each(examplesOf("issue_comment").map(title))(
    "a comment on an issue is not stored: %s",
    async (_, payload) => {
      expect(await app.deliver({ name: "issue_comment", payload })).toBe(200);
      await app.idle();
      expect(await app.rows("github.comments")).toEqual([]);
    },
  );
});
