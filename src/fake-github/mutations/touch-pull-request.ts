import { deliverRepositoryEvent } from "../delivery.ts";
import { accountJson, teamJson } from "../json/account.ts";
import { pullRequestJson } from "../json/pull-request.ts";
import type { Account, PullRequest, Team } from "../state.ts";
import { currentTimestamp } from "../world.ts";
import type { World } from "../world.ts";
import { computeMergeability } from "./mergeability.ts";

/** What the mutations of a pull request share. */

/** Sets `updatedAt` to the current time and returns it. */
export function touch(world: World, pullRequest: PullRequest): string {
  const now = currentTimestamp(world);
  if (now !== pullRequest.updatedAt) computeMergeability(world, pullRequest);
  pullRequest.updatedAt = now;
  return now;
}

export function removeReviewer(pullRequest: PullRequest, reviewer: Account | Team): void {
  pullRequest.requestedReviewers = pullRequest.requestedReviewers.filter((other) => other !== reviewer);
  pullRequest.requestedTeams = pullRequest.requestedTeams.filter((other) => other !== reviewer);
}

/** The part of a `review_requested` payload that names the reviewer. */
export function requestedJson(world: World, reviewer: Account | Team) {
  return reviewer.kind === "team"
    ? { requested_team: teamJson(world, reviewer) }
    : { requested_reviewer: accountJson(world, reviewer) };
}

export function deliverPullRequest(
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
