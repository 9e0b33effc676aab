import type { ErrorHandler, NotFoundHandler } from "hono";
import { HTTPException } from "hono/http-exception";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { Logger } from "pino";
import type { Problem } from "../api/contract.ts";
import {
  GitHubNotAskedError,
  NotReplayableError,
  UnknownRepositoryError,
} from "../lib/inngest/queue-manager.ts";
import { StoreError } from "../lib/store/store.ts";
import { NotAcceptedError } from "../lib/inngest/send-events.ts";

/** Answers errors of the API as problem details (RFC 9457), and logs those that have no answer of their own. */
export function answerProblems(log: Logger): ErrorHandler {
  return (error, context) => {
    const { status, detail } = toStatus(error);
    if (status === 500) log.error({ err: error, path: context.req.path }, "A request to the API failed");
    const problem: Problem = { type: "about:blank", title: titles[status] ?? "Error", status, detail };
    return context.body(JSON.stringify(problem), status, { "content-type": "application/problem+json" });
  };
}

/** Hono calls it where no route matches. */
export const refuseUnknownPath: NotFoundHandler = ({ req }) => {
  throw new HTTPException(404, { message: `There is no ${req.method} ${req.path}.` });
};

function toStatus(error: unknown): { status: ContentfulStatusCode; detail: string } {
  if (error instanceof HTTPException) return { status: error.status, detail: error.message };
  if (error instanceof UnknownRepositoryError) return { status: 404, detail: error.message };
  if (error instanceof NotReplayableError) return { status: 409, detail: error.message };
  if (error instanceof NotAcceptedError || error instanceof GitHubNotAskedError)
    return { status: 503, detail: error.message };
  if (error instanceof StoreError && (error.status === 0 || error.status === 503))
    return { status: 503, detail: "The database does not answer." };
  return { status: 500, detail: "The request could not be handled. See the server's log." };
}

const titles: Record<number, string> = {
  400: "Bad Request",
  401: "Unauthorized",
  404: "Not Found",
  409: "Conflict",
  413: "Content Too Large",
  429: "Too Many Requests",
  500: "Internal Server Error",
  503: "Service Unavailable",
};
