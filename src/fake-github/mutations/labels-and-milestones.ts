/**
 * Changes of a repository's labels and milestones. They appear in every pull request that has the label or milestone, and do not change
 * its `updatedAt`.
 *
 * GitHub sends `label` and `milestone` for them. For a deleted label it also sends `pull_request.unlabeled`, without `label`, for each
 * pull request that had it, which is not documented:
 * https://github.com/octokit/webhooks/issues/639, https://github.com/python/bedevere/pull/37
 */
import { deliverRepositoryEvent } from "../delivery.ts";
import { labelJson, milestoneJson } from "../json/label.ts";
import { pullRequestJson } from "../json/pull-request.ts";
import type { Account, Label, Milestone, PullRequest, Repository } from "../state.ts";
import { currentTimestamp, nextId } from "../world.ts";
import type { World } from "../world.ts";
import { ensureLabel } from "./ensure-label.ts";

interface Deletion {
  by?: Account;
  /** False: the pull requests that had it cause no webhooks. Left out: true. */
  announcedByPullRequests?: boolean;
}

/** Throws when the repository has a label with this name. Case does not distinguish labels. */
export function createLabel(world: World, repository: Repository, name: string, by?: Account): Label {
  if (repository.labels.has(name.toLowerCase())) throw new Error(`The label ${name} exists.`);
  const label = ensureLabel(world, repository, name);
  deliverLabel(world, label, "created", by);
  return label;
}

/** Renames a label, which stays on its issues and pull requests. */
export function renameLabel(world: World, label: Label, name: string, by?: Account): void {
  const { repository, name: from } = label;
  if (name === from) return;
  const holder = repository.labels.get(name.toLowerCase());
  if (holder && holder !== label) throw new Error(`The label ${name} exists.`);
  repository.labels.delete(from.toLowerCase());
  repository.labels.set(name.toLowerCase(), label);
  label.name = name;
  label.updatedAt = currentTimestamp(world);
  deliverLabel(world, label, "edited", by, { changes: { name: { from } } });
}

/** Changes a label without its name. */
export function recolorLabel(world: World, label: Label, color: string, by?: Account): void {
  const from = label.color;
  label.color = color;
  label.updatedAt = currentTimestamp(world);
  deliverLabel(world, label, "edited", by, { changes: { color: { from } } });
}

export function deleteLabel(world: World, label: Label, options: Deletion = {}): void {
  const { repository } = label;
  repository.labels.delete(label.name.toLowerCase());
  for (const issue of repository.issues.values())
    issue.labels = issue.labels.filter((other) => other !== label);
  const labeled = [...repository.pullRequests.values()].filter(({ labels }) => labels.includes(label));
  for (const pullRequest of labeled)
    pullRequest.labels = pullRequest.labels.filter((other) => other !== label);
  deliverLabel(world, label, "deleted", options.by);
  announce(world, labeled, "unlabeled", options);
}

export function createMilestone(
  world: World,
  repository: Repository,
  title: string,
  creator: Account = repository.owner,
): Milestone {
  const now = currentTimestamp(world);
  const milestone: Milestone = {
    kind: "milestone",
    id: nextId(world, "milestone"),
    repository,
    number: repository.nextMilestoneNumber++,
    title,
    description: null,
    creator,
    state: "open",
    createdAt: now,
    updatedAt: now,
    closedAt: null,
    dueOn: null,
  };
  repository.milestones.push(milestone);
  if (world.delivering) {
    const content = { action: "created", milestone: milestoneJson(world, milestone) };
    deliverRepositoryEvent(world, "milestone", repository, creator, content);
  }
  return milestone;
}

/** Edits a milestone. Titles need not be unique. */
export function editMilestone(
  world: World,
  milestone: Milestone,
  { title, description }: { title?: string; description?: string | null },
  by?: Account,
): void {
  const changes: Record<string, { from: string | null }> = {};
  if (title !== undefined && title !== milestone.title) {
    changes["title"] = { from: milestone.title };
    milestone.title = title;
  }
  if (description !== undefined && description !== milestone.description) {
    changes["description"] = { from: milestone.description };
    milestone.description = description;
  }
  if (Object.keys(changes).length === 0) return;
  milestone.updatedAt = currentTimestamp(world);
  deliverMilestone(world, milestone, "edited", by, { changes });
}

export function closeMilestone(world: World, milestone: Milestone, by?: Account): void {
  milestone.updatedAt = currentTimestamp(world);
  Object.assign(milestone, { state: "closed", closedAt: milestone.updatedAt });
  deliverMilestone(world, milestone, "closed", by);
}

export function reopenMilestone(world: World, milestone: Milestone, by?: Account): void {
  milestone.updatedAt = currentTimestamp(world);
  Object.assign(milestone, { state: "open", closedAt: null });
  deliverMilestone(world, milestone, "opened", by);
}

/** Deletes a milestone. Its number is never used again, and the payload has its last `updated_at`. */
export function deleteMilestone(world: World, milestone: Milestone, options: Deletion = {}): void {
  const { repository } = milestone;
  repository.milestones = repository.milestones.filter((other) => other !== milestone);
  for (const issue of repository.issues.values()) if (issue.milestone === milestone) issue.milestone = null;
  const members = [...repository.pullRequests.values()].filter((each) => each.milestone === milestone);
  for (const pullRequest of members) pullRequest.milestone = null;
  deliverMilestone(world, milestone, "deleted", options.by);
  announce(world, members, "demilestoned", options, { milestone: milestoneJson(world, milestone) });
}

function announce(
  world: World,
  pullRequests: readonly PullRequest[],
  action: string,
  { by, announcedByPullRequests = true }: Deletion,
  content: Record<string, unknown> = {},
): void {
  if (!announcedByPullRequests || !world.delivering) return;
  for (const pullRequest of pullRequests) {
    const { number, repository, author } = pullRequest;
    deliverRepositoryEvent(world, "pull_request", repository, by ?? author, {
      action,
      number,
      pull_request: pullRequestJson(world, pullRequest),
      ...content,
    });
  }
}

function deliverLabel(
  world: World,
  label: Label,
  action: string,
  by: Account = label.repository.owner,
  content: Record<string, unknown> = {},
): void {
  deliverRepositoryEvent(world, "label", label.repository, by, {
    action,
    label: labelJson(world, label),
    ...content,
  });
}

function deliverMilestone(
  world: World,
  milestone: Milestone,
  action: string,
  by: Account = milestone.creator,
  content: Record<string, unknown> = {},
): void {
  deliverRepositoryEvent(world, "milestone", milestone.repository, by, {
    action,
    milestone: milestoneJson(world, milestone),
    ...content,
  });
}
