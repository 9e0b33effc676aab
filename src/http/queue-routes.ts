import { createHash, timingSafeEqual } from "node:crypto";
import { Hono, type MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { HTTPException } from "hono/http-exception";
import type { Logger } from "pino";
import { z } from "zod";
import {
  GitHubNotAskedError,
  NotReplayableError,
  UnknownRepositoryError,
  type BackfillSpan,
  type QueueManager,
} from "../lib/inngest/queue-manager.ts";
import { NotAcceptedError } from "../lib/inngest/send-events.ts";

const repository = z.union([
  z.int().positive(),
  z.string().regex(/^\d{1,15}$|^[\w-][\w.-]*\/(?!\.{1,2}$)[\w.-]+$/, 'must be "owner/name" or an id'),
]);
const number = z.int32().positive();
const priority = z.enum(["critical", "high", "medium", "low"]).optional();
const jobState = z.enum(["pending", "processing", "completed", "failed", "cancelled"]);
const gapKind = z.enum(["pull_requests", "details", "files", "reviews", "comments"]);

const jobId = z.coerce.number().int().positive();

/** "queued" is what callers of the old queue say for pending. */
const jobsQuery = z.object({
  state: z.preprocess((state) => (state === "queued" ? "pending" : state), jobState.optional()),
  limit: z.coerce.number().int().min(1).max(1000).default(50),
});

const analysisQuery = z.object({
  repository: repository.optional(),
  limit: z.coerce.number().int().min(0).max(100_000).default(1000),
});

/** How far back: `days`, `all`, or what is new since the last sync. Without any of them, the days an installed repository starts with. */
const backfillBody = z
  .strictObject({
    repository,
    days: z.int().min(1).max(36_500).optional(),
    all: z.boolean().optional(),
    recent: z.boolean().optional(),
    priority,
  })
  .refine(({ days, all, recent }) => [days, all, recent].filter(Boolean).length <= 1, {
    path: ["days"],
    message: "only one of days, all and recent can be asked for",
  });

const gapsBody = z.strictObject({
  repository: repository.optional(),
  kinds: z.array(gapKind).min(1).optional(),
  limit: z.int32().positive().optional(),
  priority,
});

/** What can be asked for takes some hundred bytes. */
const maxBodyBytes = 64 * 1024;

export interface QueueRoutesOptions {
  queue: QueueManager;
  adminToken: string | null;
  log: Logger;
}

/**
 * The manual queue over HTTP, to be mounted at /api: /analyze and /queue/…, behind `Authorization: Bearer` and the admin token. Errors
 * are problem details (RFC 9457).
 */
export function createQueueRoutes({ queue, adminToken, log }: QueueRoutesOptions): Hono {
  const routes = new Hono();
  for (const path of ["/analyze", "/queue", "/queue/*"])
    routes.use(path, requireToken(adminToken), bodyLimit({ maxSize: maxBodyBytes, onError: refuseTooLarge }));

  routes.get("/analyze", async (context) => {
    const asked = parse(analysisQuery, context.req.query());
    return context.json(await queue.analyze(asked.repository, asked.limit));
  });

  routes.post("/queue/backfill", async (context) => {
    const body = await readBody(context.req.raw, backfillBody);
    if (body.recent) {
      return context.json({ queued: await queue.queueRecentPRs(body.repository, body.priority), job: null });
    }
    let span: BackfillSpan | undefined;
    if (body.all) span = { all: true };
    else if (body.days !== undefined) span = { days: body.days };
    return context.json(await queue.queueBackfill(body.repository, span, body.priority));
  });

  routes.post("/queue/gaps", async (context) => {
    return context.json({ queued: await queue.fixGaps(await readBody(context.req.raw, gapsBody)) });
  });

  routes.post("/queue/pull-request", async (context) => {
    const body = await readBody(context.req.raw, z.strictObject({ repository, number, priority }));
    return context.json({
      queued: await queue.queuePullRequest(body.repository, body.number, body.priority),
    });
  });

  routes.post("/queue/reconcile", async (context) =>
    context.json({ event_ids: await queue.reconcile() }, 202),
  );

  routes.get("/queue/stats", async (context) => context.json(await queue.getQueueStats()));

  routes.get("/queue/jobs", async (context) => {
    return context.json(await queue.listJobs(parse(jobsQuery, context.req.query())));
  });

  routes.get("/queue/jobs/:id", async (context) => {
    const id = parse(jobId, context.req.param("id"));
    const job = await queue.getJob(id);
    if (!job) throw new HTTPException(404, { message: `There is no job ${id}.` });
    return context.json(job);
  });

  routes.post("/queue/jobs/:id/replay", async (context) => {
    const id = parse(jobId, context.req.param("id"));
    return context.json({ event_id: await queue.replayJob(id) });
  });

  routes.delete("/queue/jobs", async (context) => {
    parse(z.object({ state: z.enum(["queued", "pending"]) }), context.req.query());
    return context.json({ cancelled: await queue.clearAllJobs() });
  });

  routes.onError((error, context) => {
    const problem = toProblem(error);
    if (problem.status === 500) log.error({ err: error, path: context.req.path }, "The queue's API failed");
    return problem;
  });
  return routes;
}

function refuseTooLarge(): never {
  throw new HTTPException(413, { message: "The body is larger than any request to the queue." });
}

/** Compares digests, which are of one length whatever was sent. */
function requireToken(adminToken: string | null): MiddlewareHandler {
  return async (context, next) => {
    if (!adminToken)
      throw new HTTPException(503, { message: "The queue is closed: set ADMIN_TOKEN to open it." });
    const [, given = ""] = /^Bearer (.+)$/i.exec(context.req.header("authorization") ?? "") ?? [];
    if (!timingSafeEqual(digest(given), digest(adminToken))) {
      context.header("www-authenticate", "Bearer");
      throw new HTTPException(401, {
        message: "Authorization must be: Bearer, and the server's ADMIN_TOKEN.",
      });
    }
    return next();
  };
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

async function readBody<Body>(request: Request, schema: z.ZodType<Body>): Promise<Body> {
  const body: unknown = await request.json().catch(() => {
    throw new HTTPException(400, { message: "The body is not JSON." });
  });
  return parse(schema, body);
}

function parse<Value>(schema: z.ZodType<Value>, value: unknown): Value {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) => `${path.join(".") || "value"}: ${message}`);
  throw new HTTPException(400, { message: faults.join("; ") });
}

function toProblem(error: unknown): Response {
  const { status, detail } = toStatus(error);
  return new Response(
    JSON.stringify({ type: "about:blank", title: titles[status] ?? "Error", status, detail }),
    {
      status,
      headers: { "content-type": "application/problem+json" },
    },
  );
}

function toStatus(error: unknown): { status: number; detail: string } {
  if (error instanceof HTTPException) return { status: error.status, detail: error.message };
  if (error instanceof UnknownRepositoryError) return { status: 404, detail: error.message };
  if (error instanceof NotReplayableError) return { status: 409, detail: error.message };
  if (error instanceof NotAcceptedError || error instanceof GitHubNotAskedError)
    return { status: 503, detail: error.message };
  return { status: 500, detail: "The request could not be handled; the server's log says why." };
}

const titles: Record<number, string> = {
  400: "Bad Request",
  401: "Unauthorized",
  404: "Not Found",
  409: "Conflict",
  413: "Content Too Large",
  500: "Internal Server Error",
  503: "Service Unavailable",
};
