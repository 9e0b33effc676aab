import { accountJson } from "../json/account.ts";
import { labelJson, milestoneJson } from "../json/label.ts";
import { filesOf, reviewCommentsOf } from "../state.ts";
import type { Account, AutoMerge, ChangedFile, Milestone, PullRequest, Repository, Team } from "../state.ts";
import { newSha, nextId, currentTimestamp } from "../world.ts";
import type { World } from "../world.ts";
import { ensureLabel } from "./ensure-label.ts";
import { toChangedFile } from "./files.ts";
import type { FileOptions } from "./files.ts";
import { deliverPullRequest, requestedJson, touch } from "./touch-pull-request.ts";

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

/** Opens a pull request. Labels, assignees and reviewers are already in the `opened` payload, and each causes another webhook after it. */
export function openPullRequest(world: World, options: OpenOptions): PullRequest {
  const { repository, author } = options;
  const now = currentTimestamp(world);
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
    labels: (options.labels ?? []).map((name) => ensureLabel(world, repository, name)),
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
  deliverPullRequest(world, pullRequest, "opened", author);
  for (const added of pullRequest.labels)
    deliverPullRequest(world, pullRequest, "labeled", author, { label: labelJson(world, added) });
  for (const assignee of pullRequest.assignees)
    deliverPullRequest(world, pullRequest, "assigned", author, { assignee: accountJson(world, assignee) });
  for (const reviewer of reviewers)
    deliverPullRequest(world, pullRequest, "review_requested", author, requestedJson(world, reviewer));
  if (pullRequest.milestone)
    deliverPullRequest(world, pullRequest, "milestoned", author, {
      milestone: milestoneJson(world, pullRequest.milestone),
    });
  return pullRequest;
}

export interface PushOptions {
  /** All files that the pull request now changes. Left out: the files stay. */
  files?: FileOptions[];
  commits?: number;
  sha?: string;
  by?: Account;
}

/** Pushes commits. Review comments on unchanged files move to the new head, the others become outdated, without a webhook. */
export function push(world: World, pullRequest: PullRequest, options: PushOptions = {}): void {
  const before = pullRequest.head.sha;
  const after = options.sha ?? newSha(world);
  const last = pullRequest.heads.at(-1);
  const files = options.files ? toFiles(options.files) : filesOf(pullRequest);
  pullRequest.heads.push({
    sha: after,
    files,
    commits: (last?.commits ?? 0) + (options.commits ?? 1),
    pushedAt: currentTimestamp(world),
  });
  pullRequest.head.sha = after;
  pullRequest.repository.pushedAt = currentTimestamp(world);
  for (const comment of reviewCommentsOf(pullRequest)) {
    if (comment.position === null || comment.commitId !== before) continue;
    const file = files.find(({ filename }) => filename === comment.path);
    if (file && file.sha === last?.files.find(({ filename }) => filename === comment.path)?.sha)
      comment.commitId = after;
    else Object.assign(comment, { position: null, line: null, startLine: null });
  }
  touch(world, pullRequest);
  forgetMergeability(pullRequest);
  deliverPullRequest(world, pullRequest, "synchronize", options.by, { before, after });
}

export interface EditOptions {
  title?: string;
  body?: string | null;
  base?: { ref: string; sha?: string; files?: FileOptions[] };
  by?: Account;
}

/** Edits a pull request, with one webhook for all changes and none without a change. */
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
    pullRequest.lastEditedAt = currentTimestamp(world);
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
  deliverPullRequest(world, pullRequest, "edited", by, { changes });
}

export function closePullRequest(world: World, pullRequest: PullRequest, by?: Account): void {
  pullRequest.closedAt = touch(world, pullRequest);
  pullRequest.state = "closed";
  pullRequest.queued = false;
  deliverPullRequest(world, pullRequest, "closed", by);
}

export function reopenPullRequest(world: World, pullRequest: PullRequest, by?: Account): void {
  touch(world, pullRequest);
  pullRequest.state = "open";
  pullRequest.closedAt = null;
  forgetMergeability(pullRequest);
  deliverPullRequest(world, pullRequest, "reopened", by);
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
  deliverPullRequest(world, pullRequest, "closed", by);
}

export function convertToDraft(world: World, pullRequest: PullRequest, by?: Account): void {
  touch(world, pullRequest);
  pullRequest.draft = true;
  deliverPullRequest(world, pullRequest, "converted_to_draft", by);
}

export function readyForReview(world: World, pullRequest: PullRequest, by?: Account): void {
  touch(world, pullRequest);
  pullRequest.draft = false;
  deliverPullRequest(world, pullRequest, "ready_for_review", by);
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
  deliverPullRequest(world, pullRequest, "auto_merge_enabled", by);
}

export function disableAutoMerge(world: World, pullRequest: PullRequest, by?: Account): void {
  touch(world, pullRequest);
  pullRequest.autoMerge = null;
  deliverPullRequest(world, pullRequest, "auto_merge_disabled", by, {
    reason: "Auto-merge was disabled manually",
  });
}

export function enqueue(world: World, pullRequest: PullRequest, by?: Account): void {
  touch(world, pullRequest);
  pullRequest.queued = true;
  deliverPullRequest(world, pullRequest, "enqueued", by);
}

export function dequeue(world: World, pullRequest: PullRequest, by?: Account): void {
  touch(world, pullRequest);
  pullRequest.queued = false;
  deliverPullRequest(world, pullRequest, "dequeued", by, { reason: "MANUAL" });
}

/** Deletes the fork with its branch. The pull request stays. */
export function deleteHeadRepository(_world: World, pullRequest: PullRequest): void {
  pullRequest.head.repository = null;
}

function forgetMergeability(pullRequest: PullRequest): void {
  pullRequest.mergeable = null;
  pullRequest.mergeCommitSha = null;
}

function toFiles(files: FileOptions[] | undefined): ChangedFile[] {
  return (files ?? [{ filename: "README.md" }]).map(toChangedFile);
}
