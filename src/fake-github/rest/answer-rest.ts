import { canSee } from "../credentials.ts";
import { badCredentials, movedPermanently, notFound, refusal } from "../reply.ts";
import type { Reply } from "../reply.ts";
import { fullName } from "../state.ts";
import { appRoutes } from "./app-routes.ts";
import { repositoryRoutes } from "./repository-routes.ts";
import { findRoute } from "./route.ts";
import type { Context } from "./route.ts";

/** Returns null for a route that the fake GitHub lacks, which differs from GitHub's 404. */
export function answerRest(context: Omit<Context, "params">, method: string): Reply | null {
  const path = context.url.pathname.replaceAll(/^\/|\/$/g, "");
  const byName = /^repos\/([^/]+)\/([^/]+)(?:\/(.*))?$/.exec(path);
  const byId = /^repositories\/(\d+)(?:\/(.*))?$/.exec(path);
  if (!byName && !byId) {
    const route = findRoute(appRoutes, method, path);
    return route && route.handler({ ...context, params: route.params });
  }
  const rest = byName?.[3] ?? byId?.[2] ?? "";
  const route = findRoute(repositoryRoutes, method, rest);
  if (!route) return null;

  const { world, url, credential } = context;
  const name = `${byName?.[1]}/${byName?.[2]}`.toLowerCase();
  const repository = byName
    ? world.state.names.get(decodeURIComponent(name))
    : world.state.repositories.get(Number(byId?.[1]));
  // With its JWT, the App can read only the installation of a repository.
  if (credential.kind === "app" && rest !== "installation") return badCredentials();
  if (!repository || (credential.kind !== "app" && !canSee(credential, repository))) return notFound();
  const base = [`${url.origin}/repositories/${repository.id}`, ...(rest === "" ? [] : [rest])].join("/");
  if (byName && fullName(repository).toLowerCase() !== name) return movedPermanently(`${base}${url.search}`);
  const pullRequest = repository.pullRequests.get(Number(route.params["number"]));
  if (pullRequest && world.itemFaults.poisons.get(pullRequest)?.rest) return refusal(502, "Server Error");
  return route.handler({ ...context, params: route.params, repository, base });
}
