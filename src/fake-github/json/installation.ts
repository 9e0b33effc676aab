import type { Installation } from "../state.ts";
import type { World } from "../world.ts";
import { accountJson, accountJsonOrNull } from "./account.ts";

export function installationJson(world: World, installation: Installation) {
  const { account } = installation;
  const settings = account.type === "Organization" ? `organizations/${account.login}/settings` : "settings";
  return {
    id: installation.id,
    account: accountJson(world, account),
    repository_selection: installation.repositorySelection,
    access_tokens_url: `${world.apiUrl}/app/installations/${installation.id}/access_tokens`,
    repositories_url: `${world.apiUrl}/installation/repositories`,
    html_url: `${world.htmlUrl}/${settings}/installations/${installation.id}`,
    app_id: world.app.id,
    app_slug: world.app.slug,
    target_id: account.id,
    target_type: account.type,
    permissions: installation.permissions,
    events: installation.events,
    created_at: installation.createdAt,
    updated_at: installation.updatedAt,
    single_file_name: null,
    has_multiple_single_files: false,
    single_file_paths: [],
    suspended_by: accountJsonOrNull(world, installation.suspendedBy),
    suspended_at: installation.suspendedAt,
  };
}
