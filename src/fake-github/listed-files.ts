import { filesOf, type ChangedFile, type PullRequest } from "./state.ts";

/** GitHub's limit for the files of a pull request. */
const maxFiles = 3000;

/** Returns the files of the current head that GitHub lists. */
export function listedFilesOf(pullRequest: PullRequest): ChangedFile[] {
  return filesOf(pullRequest).slice(0, maxFiles);
}
