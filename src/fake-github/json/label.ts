import { toNodeId } from "../node-id.ts";
import type { Label, Milestone } from "../state.ts";
import type { World } from "../world.ts";
import { accountJsonOrNull } from "./account.ts";
import { repositoryUrl } from "./repository.ts";

export function labelJson(world: World, label: Label) {
  return {
    id: label.id,
    node_id: toNodeId("Label", label.id),
    url: `${repositoryUrl(world, label.repository)}/labels/${encodeURIComponent(label.name)}`,
    name: label.name,
    color: label.color,
    default: label.default,
    description: label.description,
  };
}

export function milestoneJson(world: World, milestone: Milestone) {
  const { repository } = milestone;
  const url = `${repositoryUrl(world, repository)}/milestones/${milestone.number}`;
  const members = [...repository.pullRequests.values(), ...repository.issues.values()].filter(
    (issue) => issue.milestone === milestone,
  );
  return {
    url,
    html_url: `${world.htmlUrl}/${repository.owner.login}/${repository.name}/milestone/${milestone.number}`,
    labels_url: `${url}/labels`,
    id: milestone.id,
    node_id: toNodeId("Milestone", milestone.id),
    number: milestone.number,
    title: milestone.title,
    description: milestone.description,
    creator: accountJsonOrNull(world, milestone.creator),
    open_issues: members.filter(({ state }) => state === "open").length,
    closed_issues: members.filter(({ state }) => state === "closed").length,
    state: milestone.state,
    created_at: milestone.createdAt,
    updated_at: milestone.updatedAt,
    due_on: milestone.dueOn,
    closed_at: milestone.closedAt,
  };
}
