import { Hono } from "hono";
import { createMetricsRoutes } from "../../src/http/metrics-routes.ts";
import { paths } from "../../src/http/routes.ts";
import { getServices } from "../../src/serverless.ts";

/** Serves the metrics for Prometheus. */
export default async (request: Request): Promise<Response> => {
  const routes = createMetricsRoutes(await getServices());
  return new Hono().route(paths.metrics, routes).fetch(request);
};

export const config = { path: "/metrics" };
