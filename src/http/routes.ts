import { Hono, type Handler } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { Services } from "../services.ts";
import { createApiRoutes } from "./api-routes.ts";
import { createConsolePage } from "./console-page.ts";
import { checkHealth } from "./health.ts";
import { createMetricsRoutes } from "./metrics-routes.ts";
import { answerProblems, refuseUnknownPath } from "./problem.ts";
import { toPublicRequest } from "./public-request.ts";

export const paths = {
  webhooks: "/api/github/webhooks",
  inngest: "/api/inngest",
  health: "/healthz",
  metrics: "/metrics",
  /** The API of the CLI and the console. */
  api: "/api",
} as const;

/** A run's events and steps have at most 32 MB in all: https://www.inngest.com/docs/usage-limits/inngest */
const maxInngestBytes = 64 * 1024 * 1024;

/** Every route except the webhooks, which node:http serves directly. */
export function createRoutes(services: Services): Hono {
  const routes = new Hono();

  routes.get(paths.health, async (context) => {
    const health = await checkHealth(services);
    return context.json(health, health.status === "ok" ? 200 : 503);
  });

  if (services.engine) {
    // The embedded engine calls the functions in this process. Requests from outside are unsigned, so they are refused.
    routes.all(paths.inngest, (context) =>
      context.json({ message: "Functions run on the embedded queue in this process." }, 403),
    );
  } else {
    const serve: Handler = ({ req }) => services.serveInngest(toPublicRequest(req.raw));
    // Measuring a body reads it, so what will be refused anyway comes first.
    routes.use(paths.inngest, (context, next) =>
      services.isFromInngest(context.req.raw) ? next() : serve(context, next),
    );
    routes.on(["GET", "POST", "PUT"], paths.inngest, bodyLimit({ maxSize: maxInngestBytes }), serve);
  }

  routes.route(paths.metrics, createMetricsRoutes(services));
  routes.route(paths.api, createApiRoutes(services));
  routes.route("/", createConsolePage());

  routes.notFound(refuseUnknownPath);
  routes.onError(answerProblems(services.log));
  return routes;
}
