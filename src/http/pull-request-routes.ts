import { Hono } from "hono";
import { HTTPException } from "hono/http-exception";
import type { Logger } from "pino";
import { z } from "zod";
import {
  compareRequestSchema,
  pullRequestsQuerySchema,
  type PullRequestView,
} from "../api/console-contract.ts";
import { findRepository } from "../lib/store/repositories.ts";
import { listPullRequests, viewPullRequest } from "../lib/store/pull-request-view.ts";
import type { Store } from "../lib/store/store.ts";
import type { StoredView } from "../lib/store/view-types.ts";
import type { GitHub } from "../lib/github/client.ts";
import { UnknownRepositoryError } from "../lib/inngest/queue-manager.ts";
import { comparePullRequest, NotComparedError } from "../lib/compare/compare-pull-request.ts";
import { limitBody, parseRequest, readBody } from "./api-request.ts";
import { answerProblems } from "./problem.ts";
import { requireToken, type IsAuthorized } from "./require-token.ts";

export interface PullRequestRoutesOptions {
  store: Store;
  github: GitHub;
  /** The base URL of GitHub's pages. */
  webUrl: string;
  isAuthorized: IsAuthorized;
  log: Logger;
}

const pathSchema = z.object({
  owner: z.string().regex(/^[\w-]{1,100}$/),
  name: z.string().regex(/^[\w.-]{1,100}$/),
  number: z.coerce.number().int().min(1).max(2_147_483_647),
});

/** Captured pull requests, to be mounted at /api: /pull-requests and below it. */
export function createPullRequestRoutes({
  store,
  github,
  webUrl,
  isAuthorized,
  log,
}: PullRequestRoutesOptions): Hono {
  const routes = new Hono();
  for (const path of ["/pull-requests", "/pull-requests/*"])
    routes.use(path, requireToken(isAuthorized), limitBody());

  routes.get("/pull-requests", async (context) => {
    const { repository, text, limit } = parseRequest(pullRequestsQuerySchema, context.req.query());
    const found = repository === undefined ? null : await findRepository(store, String(repository));
    if (repository !== undefined && !found) return context.json([]);
    const search = text?.replaceAll("\0", "").trim() || null;
    return context.json(await listPullRequests(store, { repositoryId: found?.id ?? null, search, limit }));
  });

  routes.post("/pull-requests/compare", async (context) => {
    const { repository, number } = await readBody(context.req.raw, compareRequestSchema);
    const found = await findRepository(store, String(repository));
    if (!found) throw new UnknownRepositoryError(repository);
    try {
      return context.json(await comparePullRequest({ store, github }, found, number));
    } catch (error) {
      if (!(error instanceof NotComparedError)) throw error;
      if (error.until) context.header("retry-after", toSeconds(error.until));
      throw new HTTPException(503, { message: error.message });
    }
  });

  routes.get("/pull-requests/:owner/:name/:number", async (context) => {
    const pullRequest = parseRequest(pathSchema, context.req.param());
    const view = await viewPullRequest(store, pullRequest);
    if (!view) {
      const { owner, name, number } = pullRequest;
      throw new HTTPException(404, { message: `${owner}/${name}#${number} is not captured.` });
    }
    return context.json(withLinks(view, webUrl));
  });

  routes.onError(answerProblems(log));
  return routes;
}

function toSeconds(until: Date): string {
  return String(Math.max(1, Math.ceil((until.getTime() - Date.now()) / 1000)));
}

/** Adds the addresses of GitHub's pages. Without the repository's name they are unknown. */
function withLinks(view: StoredView, webUrl: string): PullRequestView {
  const url = view.repository === null ? null : `${webUrl}/${view.repository}/pull/${view.number}`;
  const timeline = view.timeline.map((item) => ({
    ...item,
    url: url && `${url}#${anchors[item.kind]}${item.id}`,
  }));
  return { ...view, url, timeline };
}

const anchors: Record<StoredView["timeline"][number]["kind"], string> = {
  review: "pullrequestreview-",
  issue_comment: "issuecomment-",
  review_comment: "discussion_r",
};
