import { Hono } from "hono";
import { HTTPException } from "hono/http-exception";
import type { Logger } from "pino";
import { sessionRequestSchema, type SessionAnswer } from "../api/console-contract.ts";
import { limitBody, readBody } from "./api-request.ts";
import { answerProblems } from "./problem.ts";
import type { Sessions } from "./sessions.ts";

export interface SessionRoutesOptions {
  sessions: Sessions;
  log: Logger;
}

/** Sign-in to the console, to be mounted at /api. These requests need no token. */
export function createSessionRoutes({ sessions, log }: SessionRoutesOptions): Hono {
  const routes = new Hono();
  routes.use("/session", limitBody());

  routes.post("/session", async (context) => {
    const { code } = await readBody(context.req.raw, sessionRequestSchema);
    const session: SessionAnswer | null = await sessions.redeem(code);
    if (!session) throw new HTTPException(401, { message: "This code is wrong, was used, or has expired." });
    context.header("cache-control", "no-store");
    return context.json(session);
  });

  routes.post("/session/link", (context) => {
    switch (sessions.logLink()) {
      case "logged":
        return context.json({}, 202);
      case "too soon":
        throw new HTTPException(429, {
          message: "The server's log has a link that is a few seconds old. Use that one.",
        });
      case "no links":
        throw new HTTPException(404, { message: "This host logs no links. Sign in with ADMIN_TOKEN." });
    }
  });

  routes.onError(answerProblems(log));
  return routes;
}
