import { Hono } from "hono";
import { HTTPException } from "hono/http-exception";
import { jobFilterSchema, jobsPageQuerySchema, replayManyRequestSchema } from "../api/console-contract.ts";
import { jobIdSchema } from "../api/contract.ts";
import { parseRequest, readBody } from "./api-request.ts";
import type { QueueManager } from "../lib/inngest/queue-manager.ts";

/** Jobs: to be mounted at /queue, behind the token. */
export function createJobRoutes({ queue }: { queue: QueueManager }): Hono {
  const routes = new Hono();

  routes.get("/jobs", async (context) =>
    context.json(await queue.listJobs(parseRequest(jobsPageQuerySchema, context.req.query()))),
  );

  routes.get("/jobs/count", async (context) => {
    const by_state = await queue.countJobs(parseRequest(jobFilterSchema, context.req.query()));
    return context.json({ total: by_state.total, by_state });
  });

  routes.get("/jobs/:id", async (context) => {
    const id = parseRequest(jobIdSchema, context.req.param("id"));
    const job = await queue.getJob(id);
    if (!job) throw unknownJob(id);
    return context.json(job);
  });

  routes.delete("/jobs/:id", async (context) => {
    const id = parseRequest(jobIdSchema, context.req.param("id"));
    const isCancelled = await queue.cancelJob(id);
    if (!isCancelled && !(await queue.getJob(id))) throw unknownJob(id);
    return context.json({ cancelled: isCancelled ? 1 : 0 });
  });

  routes.post("/jobs/:id/replay", async (context) => {
    const id = parseRequest(jobIdSchema, context.req.param("id"));
    return context.json({ event_id: await queue.replayJob(id) });
  });

  routes.get("/failures", async (context) => context.json(await queue.listFailures()));

  routes.post("/replay", async (context) => {
    const filter = await readBody(context.req.raw, replayManyRequestSchema);
    return context.json({ replayed: await queue.replayJobs(filter) });
  });

  return routes;
}

function unknownJob(id: number): HTTPException {
  return new HTTPException(404, { message: `There is no job ${id}.` });
}
