import { toNodeId } from "../node-id.ts";
import type { PendingApp } from "../state.ts";
import type { World } from "../world.ts";
import { accountJsonOrNull } from "./account.ts";

/** https://docs.github.com/rest/apps/apps#get-the-authenticated-app */
export function appJson(world: World, url: URL, app = world.app) {
  const { id, slug, name, owner, clientId, createdAt, permissions, events } = app;
  return {
    id,
    client_id: clientId,
    slug,
    node_id: toNodeId("App", id),
    owner: accountJsonOrNull(world, owner),
    name,
    description: "",
    external_url: "https://example.com",
    html_url: `${toWebOrigin(world, url)}${toAppPath(world, slug)}`,
    created_at: createdAt,
    updated_at: createdAt,
    permissions,
    events,
    installations_count: [...world.state.installations.values()].filter(({ deletedAt }) => deletedAt === null)
      .length,
  };
}

/** https://docs.github.com/rest/apps/apps#create-a-github-app-from-a-manifest */
export function conversionJson(world: World, { app, pem, clientSecret }: PendingApp, url: URL) {
  const { installations_count: _, ...json } = appJson(world, url, app);
  return { ...json, client_secret: clientSecret, webhook_secret: app.webhookSecret, pem };
}

/**
 * The path of an App's page. An Enterprise Server has its Apps elsewhere.
 * https://docs.github.com/enterprise-server@latest/apps/sharing-github-apps/sharing-your-github-app
 */
export function toAppPath({ isEnterprise }: World, slug: string): string {
  return `/${isEnterprise ? "github-apps" : "apps"}/${slug}`;
}

/** A fake GitHub that is served over HTTP has its pages at the same origin. */
function toWebOrigin({ htmlUrl }: World, { hostname, origin }: URL): string {
  return hostname === "127.0.0.1" ? origin : htmlUrl;
}
