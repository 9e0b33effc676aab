import { fullName } from "../state.ts";
import type { ChangedFile, PullRequest } from "../state.ts";
import type { World } from "../world.ts";
import { repositoryUrl } from "./repository.ts";

/** Only `contents_url` names the head. For a removed file it names the base, which still has the file. */
export function fileJson(world: World, pullRequest: PullRequest, file: ChangedFile) {
  const { head, repository } = pullRequest;
  const path = file.filename.split("/").map(encodeURIComponent).join("/");
  const ref = file.status === "removed" ? pullRequest.base.sha : head.sha;
  const html = `${world.htmlUrl}/${fullName(repository)}`;
  return {
    sha: file.sha,
    filename: file.filename,
    status: file.status,
    additions: file.additions,
    deletions: file.deletions,
    changes: file.additions + file.deletions,
    blob_url: `${html}/blob/${head.sha}/${path}`,
    raw_url: `${html}/raw/${head.sha}/${path}`,
    contents_url: `${repositoryUrl(world, repository)}/contents/${path}?ref=${ref}`,
    ...(file.patch !== null && { patch: file.patch }),
    ...(file.previousFilename !== null && { previous_filename: file.previousFilename }),
  };
}
