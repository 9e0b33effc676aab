import { Hono } from "hono";
import { HTTPException } from "hono/http-exception";
import { streamSSE } from "hono/streaming";
import type { Logger } from "pino";
import type { LiveChange } from "../api/console-contract.ts";
import type { LiveFeed } from "./live-feed.ts";
import { answerProblems } from "./problem.ts";
import { requireToken, type IsAuthorized } from "./require-token.ts";

export interface LiveRoutesOptions {
  /** Null on hosts without streams. */
  live: LiveFeed | null;
  isAuthorized: IsAuthorized;
  log: Logger;
  heartbeatMs?: number;
}

/** The maximum number of jobs in one change. */
const maxJobs = 200;

/** Server-sent events: /live. */
export function createLiveRoutes({ live, isAuthorized, log, heartbeatMs = 15_000 }: LiveRoutesOptions): Hono {
  const routes = new Hono();
  routes.use("/live", requireToken(isAuthorized));

  routes.get("/live", (context) => {
    if (!live) throw new HTTPException(404, { message: "This host has no streams. Poll the API instead." });
    const pending = createPending();
    const unsubscribe = live.subscribe({
      onChange: (change) => pending.add(change),
      onClose: () => pending.end(),
    });
    if (!unsubscribe)
      throw new HTTPException(503, { message: "Too many pages are connected. Poll the API instead." });
    context.header("cache-control", "no-store");
    context.header("x-accel-buffering", "no");
    return streamSSE(context, async (stream) => {
      stream.onAbort(() => pending.end());
      const heartbeat = setInterval(() => void stream.write(": open\n\n"), heartbeatMs);
      try {
        for await (const change of pending.changes())
          await stream.writeSSE({ event: "change", data: JSON.stringify(change) });
      } finally {
        clearInterval(heartbeat);
        unsubscribe();
      }
    });
  });

  routes.onError(answerProblems(log));
  return routes;
}

/** Changes that a connection has not read yet. A slow reader gets one change with the newest state of each job. */
function createPending() {
  let change: LiveChange | null = null;
  let isEnded = false;
  let wake = Promise.withResolvers<void>();

  return {
    add(next: LiveChange) {
      const newer = new Set(next.jobs.map(({ id }) => id));
      const older = change?.jobs.filter(({ id }) => !newer.has(id)) ?? [];
      change = { ...next, jobs: [...next.jobs, ...older].slice(0, maxJobs) };
      wake.resolve();
    },
    end() {
      isEnded = true;
      wake.resolve();
    },
    async *changes(): AsyncGenerator<LiveChange, void> {
      for (;;) {
        await wake.promise;
        wake = Promise.withResolvers();
        const next = change;
        change = null;
        if (isEnded) return;
        if (next) yield next;
      }
    },
  };
}
