import type { RepositoryId } from "../../../api/contract.ts";

/** Neither the database nor GitHub shows the repository, or it was deleted. */
export class UnknownRepositoryError extends Error {
  override readonly name = "UnknownRepositoryError";

  constructor(repository: RepositoryId) {
    super(
      `pr-capture has not seen the repository ${repository}, and cannot see it on GitHub. Install the App on it, or set GITHUB_TOKEN to read a public one.`,
    );
  }
}

/** The database does not have the repository, and GitHub could not be asked. */
export class GitHubNotAskedError extends Error {
  override readonly name = "GitHubNotAskedError";
}

/** The job does not exist, or did not fail. */
export class NotReplayableError extends Error {
  override readonly name = "NotReplayableError";
}
