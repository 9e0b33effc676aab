import { Hono } from "hono";
import type { Services } from "../services.ts";
import type { Metrics, MetricsServices } from "./metrics.ts";
import { answerProblems } from "./problem.ts";
import { requireToken } from "./require-token.ts";

export type MetricsRoutesOptions = MetricsServices & Pick<Services, "isScraper" | "log">;

/** Metrics for Prometheus, to be mounted at /metrics. */
export function createMetricsRoutes(services: MetricsRoutesOptions): Hono {
  const routes = new Hono();
  let metrics: Promise<Metrics> | undefined;
  routes.use(
    requireToken(services.isScraper, "Authorization must be Bearer with METRICS_TOKEN or ADMIN_TOKEN."),
  );
  routes.get("/", async (context) => {
    const loaded = await (metrics ??= loadMetrics(services));
    return context.body(await loaded.scrape(), 200, { "content-type": loaded.contentType });
  });
  routes.onError(answerProblems(services.log));
  return routes;
}

/** Imports prom-client with the first scrape: without one, the server never loads it. */
async function loadMetrics(services: MetricsServices): Promise<Metrics> {
  const { createMetrics } = await import("./metrics.ts");
  return createMetrics(services);
}
