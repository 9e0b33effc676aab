import { deliverRepositoryEvent } from "../delivery.ts";
import { accountJson, teamJson } from "../json/account.ts";
import { labelJson, milestoneJson } from "../json/label.ts";
import { pullRequestJson } from "../json/pull-request.ts";
import { filesOf, reviewCommentsOf } from "../state.ts";
import type {
  Account,
  AutoMerge,
  ChangedFile,
  LockReason,
  Milestone,
  PullRequest,
  Repository,
  Team,
} from "../state.ts";
import { newSha, nextId, timestamp } from "../world.ts";
import type { World } from "../world.ts";
import { toChangedFile } from "./files.ts";
import type { FileOptions } from "./files.ts";
import { labelNamed } from "./repositories.ts";

export interface OpenOptions {
  repository: Repository;
  author: Account;
  title?: string;
  body?: string | null;
  draft?: boolean;
  files?: FileOptions[];
  commits?: number;
  head?: { ref?: string; repository?: Repository; sha?: string };
  base?: { ref?: string; sha?: string };
  labels?: string[];
  assignees?: Account[];
  reviewers?: (Account | Team)[];
  milestone?: Milestone;
}

/** Labels, assignees and requested reviewers show in `opened` already, and each causes an event of its own after it. */
export function openPullRequest(world: World, options: OpenOptions): PullRequest {
  const { repository, author } = options;
  const now = timestamp(world);
  const number = repository.nextNumber++;
  const reviewers = options.reviewers ?? [];
  const headRepository = options.head?.repository ?? repository;
  const sha = options.head?.sha ?? newSha(world);
  const pullRequest: PullRequest = {
    kind: "pull_request",
    id: nextId(world, "pull_request"),
    issueId: nextId(world, "issue"),
    number,
    repository,
    author,
    title: options.title ?? `Change number ${number}`,
    body: options.body ?? null,
    state: "open",
    draft: options.draft ?? false,
    locked: false,
    lockReason: null,
    labels: (options.labels ?? []).map((name) => labelNamed(world, repository, name)),
    assignees: [...(options.assignees ?? [])],
    milestone: options.milestone ?? null,
    comments: [],
    createdAt: now,
    updatedAt: now,
    closedAt: null,
    lastEditedAt: null,
    mergedAt: null,
    mergedBy: null,
    mergeCommitSha: null,
    mergeable: null,
    head: {
      ref: options.head?.ref ?? `change-${number}`,
      sha,
      owner: headRepository.owner,
      repository: headRepository,
    },
    base: { ref: options.base?.ref ?? repository.defaultBranch, sha: options.base?.sha ?? newSha(world) },
    heads: [{ sha, files: toFiles(options.files), commits: options.commits ?? 1, pushedAt: now }],
    requestedReviewers: reviewers.filter((reviewer) => reviewer.kind === "account"),
    requestedTeams: reviewers.filter((reviewer) => reviewer.kind === "team"),
    reviews: [],
    threads: [],
    autoMerge: null,
    queued: false,
    maintainerCanModify: false,
  };
  repository.pullRequests.set(number, pullRequest);
  world.state.pullRequests.set(pullRequest.id, pullRequest);
  deliver(world, pullRequest, "opened", author);
  for (const added of pullRequest.labels)
    deliver(world, pullRequest, "labeled", author, { label: labelJson(world, added) });
  for (const assignee of pullRequest.assignees)
    deliver(world, pullRequest, "assigned", author, { assignee: accountJson(world, assignee) });
  for (const reviewer of reviewers)
    deliver(world, pullRequest, "review_requested", author, requested(world, reviewer));
  if (pullRequest.milestone)
    deliver(world, pullRequest, "milestoned", author, {
      milestone: milestoneJson(world, pullRequest.milestone),
    });
  return pullRequest;
}

export interface PushOptions {
  /** All that the pull request changes from now on. Left out: the files stay. */
  files?: FileOptions[];
  commits?: number;
  sha?: string;
  by?: Account;
}

/** Review comments on files that are as before move to the new head; the others are outdated. Neither causes an event. */
export function push(world: World, pullRequest: PullRequest, options: PushOptions = {}): void {
  const before = pullRequest.head.sha;
  const after = options.sha ?? newSha(world);
  const last = pullRequest.heads.at(-1);
  const files = options.files ? toFiles(options.files) : filesOf(pullRequest);
  pullRequest.heads.push({
    sha: after,
    files,
    commits: (last?.commits ?? 0) + (options.commits ?? 1),
    pushedAt: timestamp(world),
  });
  pullRequest.head.sha = after;
  pullRequest.repository.pushedAt = timestamp(world);
  for (const comment of reviewCommentsOf(pullRequest)) {
    if (comment.position === null || comment.commitId !== before) continue;
    const file = files.find(({ filename }) => filename === comment.path);
    if (file && file.sha === last?.files.find(({ filename }) => filename === comment.path)?.sha)
      comment.commitId = after;
    else Object.assign(comment, { position: null, line: null, startLine: null });
  }
  touch(world, pullRequest);
  forgetMergeability(pullRequest);
  deliver(world, pullRequest, "synchronize", options.by, { before, after });
}

export interface EditOptions {
  title?: string;
  body?: string | null;
  base?: { ref: string; sha?: string; files?: FileOptions[] };
  by?: Account;
}

/** One event for all that changed, none where nothing did. */
export function editPullRequest(
  world: World,
  pullRequest: PullRequest,
  { title, body, base, by }: EditOptions,
): void {
  const changes: Record<string, unknown> = {};
  if (title !== undefined && title !== pullRequest.title) {
    changes["title"] = { from: pullRequest.title };
    pullRequest.title = title;
  }
  if (body !== undefined && body !== pullRequest.body) {
    changes["body"] = { from: pullRequest.body };
    pullRequest.body = body;
    pullRequest.lastEditedAt = timestamp(world);
  }
  if (base !== undefined && base.ref !== pullRequest.base.ref) {
    changes["base"] = { ref: { from: pullRequest.base.ref }, sha: { from: pullRequest.base.sha } };
    pullRequest.base = { ref: base.ref, sha: base.sha ?? newSha(world) };
    const head = pullRequest.heads.at(-1);
    if (base.files && head) head.files = toFiles(base.files);
    forgetMergeability(pullRequest);
  }
  if (Object.keys(changes).length === 0) return;
  touch(world, pullRequest);
  deliver(world, pullRequest, "edited", by, { changes });
}

export function closePullRequest(world: World, pullRequest: PullRequest, by?: Account): void {
  pullRequest.closedAt = touch(world, pullRequest);
  pullRequest.state = "closed";
  pullRequest.queued = false;
  deliver(world, pullRequest, "closed", by);
}

export function reopenPullRequest(world: World, pullRequest: PullRequest, by?: Account): void {
  touch(world, pullRequest);
  pullRequest.state = "open";
  pullRequest.closedAt = null;
  forgetMergeability(pullRequest);
  deliver(world, pullRequest, "reopened", by);
}

export function mergePullRequest(
  world: World,
  pullRequest: PullRequest,
  { by, sha }: { by?: Account; sha?: string } = {},
): void {
  const now = touch(world, pullRequest);
  Object.assign(pullRequest, {
    state: "closed",
    closedAt: now,
    mergedAt: now,
    queued: false,
    mergeable: null,
  });
  pullRequest.mergedBy = by ?? pullRequest.author;
  pullRequest.mergeCommitSha = sha ?? newSha(world);
  deliver(world, pullRequest, "closed", by);
}

export function convertToDraft(world: World, pullRequest: PullRequest, by?: Account): void {
  touch(world, pullRequest);
  pullRequest.draft = true;
  deliver(world, pullRequest, "converted_to_draft", by);
}

export function readyForReview(world: World, pullRequest: PullRequest, by?: Account): void {
  touch(world, pullRequest);
  pullRequest.draft = false;
  deliver(world, pullRequest, "ready_for_review", by);
}

export function label(world: World, pullRequest: PullRequest, name: string, by?: Account): void {
  touch(world, pullRequest);
  const added = labelNamed(world, pullRequest.repository, name);
  if (!pullRequest.labels.includes(added)) pullRequest.labels.push(added);
  deliver(world, pullRequest, "labeled", by, { label: labelJson(world, added) });
}

export function unlabel(world: World, pullRequest: PullRequest, name: string, by?: Account): void {
  touch(world, pullRequest);
  const removed = labelNamed(world, pullRequest.repository, name);
  pullRequest.labels = pullRequest.labels.filter((other) => other !== removed);
  deliver(world, pullRequest, "unlabeled", by, { label: labelJson(world, removed) });
}

export function assign(world: World, pullRequest: PullRequest, assignee: Account, by?: Account): void {
  touch(world, pullRequest);
  if (!pullRequest.assignees.includes(assignee)) pullRequest.assignees.push(assignee);
  deliver(world, pullRequest, "assigned", by, { assignee: accountJson(world, assignee) });
}

export function unassign(world: World, pullRequest: PullRequest, assignee: Account, by?: Account): void {
  touch(world, pullRequest);
  pullRequest.assignees = pullRequest.assignees.filter((other) => other !== assignee);
  deliver(world, pullRequest, "unassigned", by, { assignee: accountJson(world, assignee) });
}

export function requestReview(
  world: World,
  pullRequest: PullRequest,
  reviewer: Account | Team,
  by?: Account,
): void {
  touch(world, pullRequest);
  removeReviewer(pullRequest, reviewer);
  if (reviewer.kind === "team") pullRequest.requestedTeams.push(reviewer);
  else pullRequest.requestedReviewers.push(reviewer);
  deliver(world, pullRequest, "review_requested", by, requested(world, reviewer));
}

export function removeReviewRequest(
  world: World,
  pullRequest: PullRequest,
  reviewer: Account | Team,
  by?: Account,
): void {
  touch(world, pullRequest);
  removeReviewer(pullRequest, reviewer);
  deliver(world, pullRequest, "review_request_removed", by, requested(world, reviewer));
}

export function setMilestone(
  world: World,
  pullRequest: PullRequest,
  milestone: Milestone,
  by?: Account,
): void {
  touch(world, pullRequest);
  pullRequest.milestone = milestone;
  deliver(world, pullRequest, "milestoned", by, { milestone: milestoneJson(world, milestone) });
}

export function removeMilestone(world: World, pullRequest: PullRequest, by?: Account): void {
  const { milestone } = pullRequest;
  if (milestone === null) return;
  touch(world, pullRequest);
  pullRequest.milestone = null;
  deliver(world, pullRequest, "demilestoned", by, { milestone: milestoneJson(world, milestone) });
}

export function lock(
  world: World,
  pullRequest: PullRequest,
  reason: LockReason | null = null,
  by?: Account,
): void {
  touch(world, pullRequest);
  Object.assign(pullRequest, { locked: true, lockReason: reason });
  deliver(world, pullRequest, "locked", by);
}

export function unlock(world: World, pullRequest: PullRequest, by?: Account): void {
  touch(world, pullRequest);
  Object.assign(pullRequest, { locked: false, lockReason: null });
  deliver(world, pullRequest, "unlocked", by);
}

export function enableAutoMerge(
  world: World,
  pullRequest: PullRequest,
  { by, ...settings }: Partial<AutoMerge> & { by?: Account } = {},
): void {
  const enabledAt = touch(world, pullRequest);
  pullRequest.autoMerge = {
    enabledBy: by ?? pullRequest.author,
    enabledAt,
    mergeMethod: "squash",
    commitTitle: null,
    commitMessage: null,
    ...settings,
  };
  deliver(world, pullRequest, "auto_merge_enabled", by);
}

export function disableAutoMerge(world: World, pullRequest: PullRequest, by?: Account): void {
  touch(world, pullRequest);
  pullRequest.autoMerge = null;
  deliver(world, pullRequest, "auto_merge_disabled", by, { reason: "Auto-merge was disabled manually" });
}

export function enqueue(world: World, pullRequest: PullRequest, by?: Account): void {
  touch(world, pullRequest);
  pullRequest.queued = true;
  deliver(world, pullRequest, "enqueued", by);
}

export function dequeue(world: World, pullRequest: PullRequest, by?: Account): void {
  touch(world, pullRequest);
  pullRequest.queued = false;
  deliver(world, pullRequest, "dequeued", by, { reason: "MANUAL" });
}

/** The fork is gone, its branch with it; the pull request stays. */
export function deleteHeadRepository(_world: World, pullRequest: PullRequest): void {
  pullRequest.head.repository = null;
}

/** GitHub tries the merge after a moment, or when somebody looks. The trial shows in no event and moves no clock. */
export function settleMergeability(world: World, pullRequest: PullRequest): void {
  if (pullRequest.state === "closed" || pullRequest.mergeable !== null) return;
  pullRequest.mergeable = true;
  pullRequest.mergeCommitSha = newSha(world);
}

function forgetMergeability(pullRequest: PullRequest): void {
  pullRequest.mergeable = null;
  pullRequest.mergeCommitSha = null;
}

/** Returns the new `updatedAt`. */
export function touch(world: World, pullRequest: PullRequest): string {
  const now = timestamp(world);
  if (now !== pullRequest.updatedAt) settleMergeability(world, pullRequest);
  pullRequest.updatedAt = now;
  return now;
}

export function removeReviewer(pullRequest: PullRequest, reviewer: Account | Team): void {
  pullRequest.requestedReviewers = pullRequest.requestedReviewers.filter((other) => other !== reviewer);
  pullRequest.requestedTeams = pullRequest.requestedTeams.filter((other) => other !== reviewer);
}

function requested(world: World, reviewer: Account | Team) {
  return reviewer.kind === "team"
    ? { requested_team: teamJson(world, reviewer) }
    : { requested_reviewer: accountJson(world, reviewer) };
}

function toFiles(files: FileOptions[] | undefined): ChangedFile[] {
  return (files ?? [{ filename: "README.md" }]).map(toChangedFile);
}

function deliver(
  world: World,
  pullRequest: PullRequest,
  action: string,
  by?: Account,
  content: Record<string, unknown> = {},
): void {
  if (!world.delivering) return;
  deliverRepositoryEvent(world, "pull_request", pullRequest.repository, by ?? pullRequest.author, {
    action,
    number: pullRequest.number,
    pull_request: pullRequestJson(world, pullRequest),
    ...content,
  });
}
