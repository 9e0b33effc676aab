import { Hono } from "hono";
import type { Services } from "../services.ts";
import { createMetrics, type MetricsServices } from "./metrics.ts";
import { answerProblems } from "./problem.ts";
import { requireToken } from "./require-token.ts";

export type MetricsRoutesOptions = MetricsServices & Pick<Services, "isScraper" | "log">;

/** Metrics for Prometheus, to be mounted at /metrics. */
export function createMetricsRoutes(services: MetricsRoutesOptions): Hono {
  const routes = new Hono();
  const metrics = createMetrics(services);
  routes.use(
    requireToken(services.isScraper, "Authorization must be Bearer with METRICS_TOKEN or ADMIN_TOKEN."),
  );
  routes.get("/", async (context) =>
    context.body(await metrics.scrape(), 200, { "content-type": metrics.contentType }),
  );
  routes.onError(answerProblems(services.log));
  return routes;
}
