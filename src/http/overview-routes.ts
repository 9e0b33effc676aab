import { Hono } from "hono";
import type { Logger } from "pino";
import { overviewQuerySchema } from "../api/console-contract.ts";
import { parseRequest } from "./api-request.ts";
import { describeOverview, listRepositories, type OverviewServices } from "./overview.ts";
import { answerProblems } from "./problem.ts";
import { requireToken, type IsAuthorized } from "./require-token.ts";

export type OverviewRoutesOptions = OverviewServices & { isAuthorized: IsAuthorized; log: Logger };

/** The overview and the repositories, to be mounted at /api: /overview and /repositories. */
export function createOverviewRoutes(services: OverviewRoutesOptions): Hono {
  const routes = new Hono();
  for (const path of ["/overview", "/repositories"]) routes.use(path, requireToken(services.isAuthorized));

  routes.get("/overview", async (context) => {
    const { hours } = parseRequest(overviewQuerySchema, context.req.query());
    return context.json(await describeOverview(services, hours));
  });

  routes.get("/repositories", async (context) => context.json(await listRepositories(services)));

  routes.onError(answerProblems(services.log));
  return routes;
}
