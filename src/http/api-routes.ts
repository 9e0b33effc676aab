import { Hono } from "hono";
import { createLiveRoutes, type LiveRoutesOptions } from "./live-routes.ts";
import { createOverviewRoutes, type OverviewRoutesOptions } from "./overview-routes.ts";
import { createPullRequestRoutes, type PullRequestRoutesOptions } from "./pull-request-routes.ts";
import { createQueueRoutes, type QueueRoutesOptions } from "./queue-routes.ts";
import { createSqlRoutes, type SqlRoutesOptions } from "./sql-routes.ts";
import { createSessionRoutes, type SessionRoutesOptions } from "./session-routes.ts";

type ApiServices = QueueRoutesOptions &
  OverviewRoutesOptions &
  LiveRoutesOptions &
  PullRequestRoutesOptions &
  SessionRoutesOptions &
  SqlRoutesOptions;

/** The HTTP API of the CLI and the console, to be mounted at /api. Errors are problem details (RFC 9457). */
export function createApiRoutes(services: ApiServices): Hono {
  const routes = new Hono();
  routes.route("/", createPullRequestRoutes(services));
  routes.route("/", createQueueRoutes(services));
  routes.route("/", createOverviewRoutes(services));
  routes.route("/", createLiveRoutes(services));
  routes.route("/", createSessionRoutes(services));
  routes.route("/", createSqlRoutes(services));
  return routes;
}
