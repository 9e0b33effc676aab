import type { GitHubRepository } from "./github-objects.ts";
import type { RepositoryRow } from "./rows.ts";

export function toRepository(repository: GitHubRepository): RepositoryRow {
  return {
    private: repository.private,
    archived: repository.archived,
    default_branch: repository.default_branch,
    updated_at: repository.updated_at,
  };
}
