import { file, type GitHubFile } from "../records/github-objects.ts";
import type { GitHubClient } from "./client.ts";
import { getPage, type Page, type PullRequestRef } from "./get-page.ts";

/** GitHub lists no more of a pull request's files. https://docs.github.com/rest/pulls/pulls#list-pull-requests-files */
export const maxListedFiles = 3000;

export async function listFiles(
  client: GitHubClient,
  ref: PullRequestRef,
  page: number,
): Promise<Page<GitHubFile>> {
  return getPage(client, file, "pulls/{number}/files", ref, page);
}
