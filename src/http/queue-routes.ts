import { Hono } from "hono";
import type { Logger } from "pino";
import {
  analyzeQuerySchema,
  backfillRequestSchema,
  cancelJobsQuerySchema,
  fixGapsRequestSchema,
  pullRequestRequestSchema,
} from "../api/contract.ts";
import type { QueueManager } from "../lib/inngest/queue-manager.ts";
import { limitBody, parseRequest, readBody } from "./api-request.ts";
import { createJobRoutes } from "./job-routes.ts";
import { answerProblems } from "./problem.ts";
import { requireToken, type IsAuthorized } from "./require-token.ts";

export interface QueueRoutesOptions {
  queue: QueueManager;
  isAuthorized: IsAuthorized;
  log: Logger;
}

/**
 * The queue's HTTP API, to be mounted at /api: /analyze and /queue/…. Requests need `Authorization: Bearer` with the admin token. Errors are
 * problem details (RFC 9457).
 */
export function createQueueRoutes({ queue, isAuthorized, log }: QueueRoutesOptions): Hono {
  const routes = new Hono();
  for (const path of ["/analyze", "/queue", "/queue/*"])
    routes.use(path, requireToken(isAuthorized), limitBody());

  routes.get("/analyze", async (context) => {
    const { repository, limit } = parseRequest(analyzeQuerySchema, context.req.query());
    return context.json(await queue.analyze(repository, limit));
  });

  routes.post("/queue/backfill", async (context) => {
    const { repository, recent, priority, ...span } = await readBody(context.req.raw, backfillRequestSchema);
    const answer = recent
      ? { queued: await queue.queueRecentPRs(repository, priority), job: null }
      : await queue.queueBackfill(repository, span, priority);
    return context.json(answer);
  });

  routes.post("/queue/gaps", async (context) => {
    const request = await readBody(context.req.raw, fixGapsRequestSchema);
    return context.json({ queued: await queue.fixGaps(request) });
  });

  routes.post("/queue/pull-request", async (context) => {
    const { repository, number, priority } = await readBody(context.req.raw, pullRequestRequestSchema);
    return context.json({ queued: await queue.queuePullRequest(repository, number, priority) });
  });

  routes.post("/queue/reconcile", async (context) =>
    context.json({ event_ids: await queue.reconcile() }, 202),
  );

  routes.get("/queue/stats", async (context) => context.json(await queue.getQueueStats()));

  routes.delete("/queue/jobs", async (context) => {
    parseRequest(cancelJobsQuerySchema, context.req.query());
    return context.json({ cancelled: await queue.clearAllJobs() });
  });

  routes.route("/queue", createJobRoutes({ queue }));

  routes.onError(answerProblems(log));
  return routes;
}
