import { expect, test } from "vitest";
import type { FakeGitHub } from "../../src/fake-github/index.ts";
import { createSmallTeam } from "./small-team.ts";

function since(github: FakeGitHub, start: number): string[] {
  return github.deliveries.slice(start).map(({ name, payload }) => `${name}.${payload.action}`);
}

test("a review causes a webhook for itself and for each of its comments", () => {
  const { github, ann, ben, repository } = createSmallTeam();
  const pullRequest = github.openPullRequest({ repository, author: ann, reviewers: [ben] });
  const start = github.deliveries.length;
  github.submitReview({
    pullRequest,
    author: ben,
    state: "CHANGES_REQUESTED",
    comments: [{ body: "a" }, { body: "b" }],
  });
  expect(since(github, start)).toEqual([
    "pull_request_review.submitted",
    "pull_request_review_comment.created",
    "pull_request_review_comment.created",
  ]);
  // Lower case, null for no text, and no longer asked: only here.
  expect(github.deliveries[start]?.payload).toMatchObject({
    review: { state: "changes_requested", body: null },
    pull_request: { requested_reviewers: [] },
  });
});

test("a pending review causes no webhooks until it is submitted", () => {
  const { github, ann, ben, repository, clock } = createSmallTeam();
  const pullRequest = github.openPullRequest({ repository, author: ann });
  const start = github.deliveries.length;
  const review = github.startReview({ pullRequest, author: ben, comments: [{ body: "a draft" }] });
  expect(since(github, start)).toEqual([]);
  clock.advance(60);
  github.submitPendingReview(review, { state: "APPROVED" });
  const [, created] = github.deliveries.slice(start);
  expect(created?.payload).toMatchObject({
    comment: { created_at: "2026-03-02T09:00:00Z", updated_at: "2026-03-02T09:01:00Z" },
  });
});

test("a reply in a thread has its own review", () => {
  const { github, ann, ben, repository } = createSmallTeam();
  const pullRequest = github.openPullRequest({ repository, author: ann });
  const first = github.createReviewComment({ pullRequest, author: ben, body: "Why?" });
  const answer = github.createReviewComment({ pullRequest, author: ann, body: "Because.", inReplyTo: first });
  const again = github.createReviewComment({ pullRequest, author: ben, body: "Hm.", inReplyTo: answer });
  expect([answer.inReplyTo, again.inReplyTo]).toEqual([first, first]);
  expect(new Set([first.review, answer.review, again.review]).size).toBe(3);
  expect(pullRequest.threads).toHaveLength(1);
});

test("an issue comment's payload has the issue's id, not the pull request's", () => {
  const { github, ann, repository } = createSmallTeam();
  const pullRequest = github.openPullRequest({ repository, author: ann });
  github.createIssueComment({ on: pullRequest, author: ann, body: "Hello" });
  const payload = github.deliveries.at(-1)?.payload;
  expect(pullRequest.issueId).not.toBe(pullRequest.id);
  expect(payload).toMatchObject({
    issue: { id: pullRequest.issueId, number: 1, pull_request: { merged_at: null } },
    comment: { body: "Hello" },
  });
});

test("a push outdates or moves comments without webhooks for them", () => {
  const { github, ann, ben, repository } = createSmallTeam();
  const kept = { filename: "kept.ts", additions: 2 };
  const pullRequest = github.openPullRequest({
    repository,
    author: ann,
    files: [kept, { filename: "changed.ts", additions: 1 }],
  });
  const stays = github.createReviewComment({ pullRequest, author: ben, body: "a", path: "kept.ts" });
  const ends = github.createReviewComment({ pullRequest, author: ben, body: "b", path: "changed.ts" });
  const before = pullRequest.head.sha;
  const start = github.deliveries.length;
  github.push(pullRequest, { files: [kept, { filename: "changed.ts", additions: 9 }] });
  expect(since(github, start)).toEqual(["pull_request.synchronize"]);
  expect(github.deliveries.at(-1)?.payload).toMatchObject({ before, after: pullRequest.head.sha });
  expect(stays).toMatchObject({ position: 1, commitId: pullRequest.head.sha });
  expect(ends).toMatchObject({ position: null, line: null, commitId: before, originalCommitId: before });
});

test("there are no webhooks without an installation or while it is suspended", () => {
  const { github, ann, installation, repository } = createSmallTeam();
  const elsewhere = github.createRepository({ owner: ann, name: "mine" });
  const start = github.deliveries.length;
  github.openPullRequest({ repository: elsewhere, author: ann });
  expect(since(github, start)).toEqual([]);
  github.suspend(installation);
  github.openPullRequest({ repository, author: ann });
  expect(since(github, start)).toEqual(["installation.suspend"]);
});

test("`quietly` and `at` apply only to their work", () => {
  const { github, ann, repository } = createSmallTeam();
  const start = github.deliveries.length;
  const old = github.at(new Date("2020-01-01T00:00:00Z"), () =>
    github.quietly(() => github.openPullRequest({ repository, author: ann })),
  );
  expect([old.createdAt, since(github, start)]).toEqual(["2020-01-01T00:00:00Z", []]);
  github.label(old, "bug");
  expect([old.updatedAt, since(github, start)]).toEqual(["2026-03-02T09:00:00Z", ["pull_request.labeled"]]);
});
