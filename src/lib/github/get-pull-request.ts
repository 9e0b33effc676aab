import { pullRequest, type GitHubPullRequest } from "../records/github-objects.ts";
import type { GitHubClient } from "./client.ts";
import { GoneError } from "./errors.ts";
import { toDate, type Answer, type PullRequestRef } from "./get-page.ts";

/**
 * One request. A renamed repository's old name still leads there, unless another repository has taken it: then, as for a pull
 * request that does not exist, throws a `GoneError`.
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
  const data = pullRequest.parse(response.data);
  if (data.base.repo.id !== repository.id) {
    throw new GoneError(
      `${repository.owner}/${repository.name} is another repository now, with the id ${data.base.repo.id}.`,
    );
  }
  return { data, date: toDate(response.headers.date) };
}
