import { Hono } from "hono";
import type { Services } from "../services.ts";
import { checkHealth } from "./health.ts";
import { createQueueRoutes } from "./queue-routes.ts";

export const paths = {
  webhooks: "/api/github/webhooks",
  inngest: "/api/inngest",
  health: "/healthz",
  /** /api/analyze and /api/queue/… */
  queue: "/api",
} as const;

/** Every route but the webhooks', which node:http serves itself. */
export function createRoutes(services: Services): Hono {
  const routes = new Hono();

  routes.get(paths.health, async (context) => {
    const health = await checkHealth(services);
    return context.json(health, health.status === "ok" ? 200 : 503);
  });

  if (services.engine) {
    // The embedded engine calls the functions in this process. Unsigned calls from outside would be anyone's.
    routes.all(paths.inngest, (context) =>
      context.json({ message: "Functions run on the embedded engine in this process." }, 403),
    );
  } else {
    routes.on(["GET", "POST", "PUT"], paths.inngest, (context) => services.serveInngest(context.req.raw));
  }

  routes.route(paths.queue, createQueueRoutes(services));

  routes.notFound((context) => context.json({ message: `There is nothing at ${context.req.path}.` }, 404));
  return routes;
}
