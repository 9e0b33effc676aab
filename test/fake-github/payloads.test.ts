import { Webhooks } from "@octokit/webhooks";
import examples from "@octokit/webhooks-examples/api.github.com/index.json" with { type: "json" };
import { describe, expect, test } from "vitest";
import { signDelivery, type WebhookDelivery, type FakeGitHubOptions } from "../../src/fake-github/index.ts";
import { createSmallTeam } from "./small-team.ts";

type Json = Record<string, unknown>;

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null;
}

/** One delivery of each event and action that has a published example. */
function everything(options: FakeGitHubOptions): WebhookDelivery[] {
  const { github, clock, ann, ben, org, installation, repository } = createSmallTeam({
    payloads: "2019",
    ...options,
  });
  const next = () => clock.advance(1);
  const milestone = github.createMilestone(repository, "v1.0");
  const pullRequest = github.openPullRequest({
    repository,
    author: ann,
    labels: ["bug"],
    assignees: [ann],
    reviewers: [ben],
    milestone,
  });
  next();
  github.unassign(pullRequest, ann);
  github.unlabel(pullRequest, "bug");
  github.lock(pullRequest, "off-topic");
  github.unlock(pullRequest);
  github.convertToDraft(pullRequest);
  github.readyForReview(pullRequest);
  github.removeReviewRequest(pullRequest, ben);
  github.push(pullRequest);
  github.closePullRequest(pullRequest);
  github.reopenPullRequest(pullRequest);
  next();
  const review = github.submitReview({ pullRequest, author: ben, comments: [{ body: "Why?" }] });
  const [comment] = review.comments;
  if (!comment) throw new Error("no comment");
  github.editReviewComment(comment, "Why so?");
  github.resolveThread(comment.thread);
  github.unresolveThread(comment.thread);
  github.deleteReviewComment(comment);
  github.dismissReview(review);
  const issue = github.createIssue({ repository, author: ben });
  issue.milestone = milestone;
  const word = github.createIssueComment({ on: issue, author: ann, body: "Yes" });
  github.editIssueComment(word, "Yes!");
  github.deleteIssueComment(word);
  const label = github.createLabel(repository, "docs");
  github.recolorLabel(label, "cceeaa");
  github.deleteLabel(label);
  github.editMilestone(milestone, { description: "The first" });
  github.closeMilestone(milestone);
  github.reopenMilestone(milestone);
  github.deleteMilestone(milestone);
  github.editRepository(repository, { defaultBranch: "trunk" });
  github.publicizeRepository(repository);
  github.privatizeRepository(repository);
  github.renameRepository(repository, "site");
  const other = github.createRepository({ owner: ann, name: "spare" });
  github.install({ account: ann, repositories: [] });
  github.transferRepository(other, org);
  github.acceptNewPermissions(installation, { checks: "read" });
  github.addToInstallation(installation, [repository]);
  github.removeFromInstallation(installation, [repository]);
  github.suspend(installation);
  github.unsuspend(installation);
  github.uninstall(installation);
  return github.deliveries;
}

const events = [
  "installation",
  "installation_repositories",
  "issue_comment",
  "label",
  "milestone",
  "pull_request",
  "pull_request_review",
  "pull_request_review_comment",
  "pull_request_review_thread",
  "repository",
];

/** The keys that our payloads have beyond an example. GitHub added them later. */
const newer = [
  "app_slug",
  "has_multiple_single_files",
  "single_file_paths",
  "draft",
  "auto_merge",
  "requester",
];

describe.each(events)("%s payloads", (name) => {
  const deliveries = everything({ deletedAccounts: "null" }).filter((delivery) => delivery.name === name);
  const published: Json[] = (examples.find((event) => event.name === name)?.examples ?? []).map(
    (example) => ({ ...example }),
  );
  const actions = [...new Set(published.map((example) => example["action"]))];

  test.each(actions)("the payload has the shape of the published example: %s", (action) => {
    const ours = deliveries.find(({ payload }) => payload.action === action)?.payload;
    const theirs = published.findLast((example) => example["action"] === action);
    expect(ours).toBeDefined();
    expect(differences(ours, theirs)).toEqual([]);
  });
});

/** The paths with a missing key, an extra key or another type. Null matches anything, and only the first item of a list is compared. */
function differences(ours: unknown, theirs: unknown, path = ""): string[] {
  if (ours === null || theirs === null) return [];
  if (Array.isArray(ours) && Array.isArray(theirs)) {
    const [a, b] = [ours[0] as unknown, theirs[0] as unknown];
    return a === undefined || b === undefined ? [] : differences(a, b, `${path}[]`);
  }
  if (!isObject(ours) || !isObject(theirs)) {
    const sameType = typeof ours === typeof theirs || /(created|updated)_at$/.test(path);
    return sameType ? [] : [`${path}: ${typeof ours}, not ${typeof theirs}`];
  }
  if (path.endsWith(".permissions")) return [];
  const [a, b] = [ours, theirs];
  const optional = path === "" ? ["organization", "installation", "requester"] : [];
  const missing = Object.keys(b).filter((key) => !(key in a) && !optional.includes(key));
  const tooMany = Object.keys(a).filter(
    (key) => !(key in b) && !optional.includes(key) && !newer.includes(key),
  );
  return [
    ...missing.map((key) => `${path}.${key} is missing`),
    ...tooMany.map((key) => `${path}.${key} is too many`),
    ...Object.keys(a).flatMap((key) => (key in b ? differences(a[key], b[key], `${path}.${key}`) : [])),
  ];
}

test("payloads have the fields that GitHub has added since its examples", () => {
  const { github, ann, ben, repository } = createSmallTeam();
  const pullRequest = github.openPullRequest({ repository, author: ann });
  const review = github.submitReview({ pullRequest, author: ben, comments: [{ body: "Why?" }] });
  for (const { thread } of review.comments) github.resolveThread(thread);
  const [submitted, created, resolved] = github.deliveries.slice(-3).map(({ payload }) => payload);
  expect(submitted).toMatchObject({
    review: { updated_at: "2026-03-02T09:00:00Z", user: { user_view_type: "public" } },
  });
  expect(created).toMatchObject({ comment: { subject_type: "line" } });
  expect(resolved).toMatchObject({ updated_at: "2026-03-02T09:00:00Z" });
});

test("a delivery is signed over its body", async () => {
  const { github, ann, repository } = createSmallTeam();
  github.openPullRequest({ repository, author: ann, title: "Größe ✓" });
  const delivery = github.deliveries.at(-1);
  if (!delivery) throw new Error("no delivery");
  const { body, headers } = signDelivery("a secret", delivery);
  const signature = headers["x-hub-signature-256"] ?? "";
  expect(await new Webhooks({ secret: "a secret" }).verify(body, signature)).toBe(true);
  expect(await new Webhooks({ secret: "another" }).verify(body, signature)).toBe(false);
  expect(headers).toMatchObject({
    "x-github-event": "pull_request",
    "x-github-delivery": delivery.id,
    "x-github-hook-installation-target-id": "7",
  });
});
