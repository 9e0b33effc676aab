import { pullRequestSchema, type GitHubPullRequest } from "../records/pull-request.ts";
import type { GitHubClient } from "./github-client.ts";
import { refuseAnother } from "./confirm-name.ts";
import { parseAnswer } from "./parse-answer.ts";
import { toDate, type Answer, type PullRequestRef } from "./get-page.ts";

/**
 * Reads one pull request. GitHub redirects a renamed repository's old name. Throws a `GoneError` when another repository has taken
 * the name.
 */
export async function getPullRequest(
  client: GitHubClient,
  { repository, number }: PullRequestRef,
): Promise<Answer<GitHubPullRequest>> {
  const response = await client.request("GET /repos/{owner}/{repo}/pulls/{pull_number}", {
    owner: repository.owner,
    repo: repository.name,
    pull_number: number,
  });
  const data = parseAnswer(pullRequestSchema, response.data, "pull request");
  refuseAnother(repository, data.base?.repo?.id);
  return { data, date: toDate(response.headers.date) };
}
