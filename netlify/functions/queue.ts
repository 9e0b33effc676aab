import { Hono } from "hono";
import { createQueueRoutes } from "../../src/http/queue-routes.ts";
import { paths } from "../../src/http/routes.ts";
import { getServices } from "../../src/serverless.ts";

/** The manual queue's HTTP API. */
export default async (request: Request): Promise<Response> => {
  const routes = createQueueRoutes(await getServices());
  return new Hono().route(paths.queue, routes).fetch(request);
};

export const config = { path: ["/api/analyze", "/api/queue/*"] };
