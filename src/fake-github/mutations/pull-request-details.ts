import { accountJson } from "../json/account.ts";
import { labelJson, milestoneJson } from "../json/label.ts";
import type { Account, LockReason, Milestone, PullRequest, Team } from "../state.ts";
import type { World } from "../world.ts";
import { ensureLabel } from "./ensure-label.ts";
import { deliverPullRequest, removeReviewer, requestedJson, touch } from "./touch-pull-request.ts";

/** Labels, assignees, requested reviewers, the milestone and the lock of a pull request. */

export function label(world: World, pullRequest: PullRequest, name: string, by?: Account): void {
  touch(world, pullRequest);
  const added = ensureLabel(world, pullRequest.repository, name);
  if (!pullRequest.labels.includes(added)) pullRequest.labels.push(added);
  deliverPullRequest(world, pullRequest, "labeled", by, { label: labelJson(world, added) });
}

export function unlabel(world: World, pullRequest: PullRequest, name: string, by?: Account): void {
  touch(world, pullRequest);
  const removed = ensureLabel(world, pullRequest.repository, name);
  pullRequest.labels = pullRequest.labels.filter((other) => other !== removed);
  deliverPullRequest(world, pullRequest, "unlabeled", by, { label: labelJson(world, removed) });
}

export function assign(world: World, pullRequest: PullRequest, assignee: Account, by?: Account): void {
  touch(world, pullRequest);
  if (!pullRequest.assignees.includes(assignee)) pullRequest.assignees.push(assignee);
  deliverPullRequest(world, pullRequest, "assigned", by, { assignee: accountJson(world, assignee) });
}

export function unassign(world: World, pullRequest: PullRequest, assignee: Account, by?: Account): void {
  touch(world, pullRequest);
  pullRequest.assignees = pullRequest.assignees.filter((other) => other !== assignee);
  deliverPullRequest(world, pullRequest, "unassigned", by, { assignee: accountJson(world, assignee) });
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
  deliverPullRequest(world, pullRequest, "review_requested", by, requestedJson(world, reviewer));
}

export function removeReviewRequest(
  world: World,
  pullRequest: PullRequest,
  reviewer: Account | Team,
  by?: Account,
): void {
  touch(world, pullRequest);
  removeReviewer(pullRequest, reviewer);
  deliverPullRequest(world, pullRequest, "review_request_removed", by, requestedJson(world, reviewer));
}

export function setMilestone(
  world: World,
  pullRequest: PullRequest,
  milestone: Milestone,
  by?: Account,
): void {
  touch(world, pullRequest);
  pullRequest.milestone = milestone;
  deliverPullRequest(world, pullRequest, "milestoned", by, { milestone: milestoneJson(world, milestone) });
}

export function removeMilestone(world: World, pullRequest: PullRequest, by?: Account): void {
  const { milestone } = pullRequest;
  if (milestone === null) return;
  touch(world, pullRequest);
  pullRequest.milestone = null;
  deliverPullRequest(world, pullRequest, "demilestoned", by, { milestone: milestoneJson(world, milestone) });
}

export function lock(
  world: World,
  pullRequest: PullRequest,
  reason: LockReason | null = null,
  by?: Account,
): void {
  touch(world, pullRequest);
  Object.assign(pullRequest, { locked: true, lockReason: reason });
  deliverPullRequest(world, pullRequest, "locked", by);
}

export function unlock(world: World, pullRequest: PullRequest, by?: Account): void {
  touch(world, pullRequest);
  Object.assign(pullRequest, { locked: false, lockReason: null });
  deliverPullRequest(world, pullRequest, "unlocked", by);
}
