import type { GitHubInstallation } from "./github-objects.ts";
import type { InstallationRow } from "./rows.ts";

export function toInstallation(installation: GitHubInstallation): InstallationRow {
  return {
    id: installation.id,
    account_id: installation.account?.id ?? null,
    repository_selection: installation.repository_selection,
    created_at: installation.created_at,
    updated_at: installation.updated_at,
    suspended_at: installation.suspended_at,
  };
}
