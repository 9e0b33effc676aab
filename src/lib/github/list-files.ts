import { fileSchema, type GitHubFile } from "../records/file.ts";
import type { PullRequestRef } from "./get-page.ts";
import { ofPullRequest, type Listing } from "./read-page.ts";

/** GitHub's limit for the files of a pull request. https://docs.github.com/rest/pulls/pulls#list-pull-requests-files */
export const maxListedFiles = 3000;

export function filesListing(ref: PullRequestRef): Listing<GitHubFile> {
  return ofPullRequest(ref, "pulls/{number}/files", "file", fileSchema);
}
