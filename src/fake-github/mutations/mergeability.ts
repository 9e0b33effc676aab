import type { PullRequest } from "../state.ts";
import { newSha } from "../world.ts";
import type { World } from "../world.ts";

/** Tests the merge. GitHub does so after a moment, or when a client reads the pull request; it sends no webhook and changes no clock. */
export function computeMergeability(world: World, pullRequest: PullRequest): void {
  if (pullRequest.state === "closed" || pullRequest.mergeable !== null) return;
  pullRequest.mergeable = true;
  pullRequest.mergeCommitSha = newSha(world);
}
