import { Hono } from "hono";
import { createApiRoutes } from "../../src/http/api-routes.ts";
import { paths } from "../../src/http/routes.ts";
import { getServices } from "../../src/serverless.ts";

/** Serves the HTTP API of the CLI and the console. */
export default async (request: Request): Promise<Response> => {
  const routes = createApiRoutes({ ...(await getServices()), live: null });
  return new Hono().route(paths.api, routes).fetch(request);
};

export const config = {
  path: [
    "/api/analyze",
    "/api/live",
    "/api/overview",
    "/api/pull-requests",
    "/api/pull-requests/*",
    "/api/queue/*",
    "/api/repositories",
    "/api/session",
    "/api/session/*",
    "/api/sql",
    "/api/sql/*",
  ],
};
