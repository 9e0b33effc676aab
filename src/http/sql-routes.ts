import { Hono } from "hono";
import { HTTPException } from "hono/http-exception";
import type { Logger } from "pino";
import { sqlRequestSchema } from "../api/console-contract.ts";
import { describeTables, QueryError, runQuery } from "../lib/store/queries.ts";
import { StoreError, type Store } from "../lib/store/store.ts";
import { limitBody, readBody } from "./api-request.ts";
import { answerProblems } from "./problem.ts";
import { requireToken, type IsAuthorized } from "./require-token.ts";

export interface SqlRoutesOptions {
  store: Store;
  /** Where read-only queries run: the store, or a copy of it. */
  queries: Store;
  isAuthorized: IsAuthorized;
  log: Logger;
}

/** Read-only queries, to be mounted at /api: /sql and /sql/schema. */
export function createSqlRoutes({ store, queries, isAuthorized, log }: SqlRoutesOptions): Hono {
  const routes = new Hono();
  for (const path of ["/sql", "/sql/*"]) routes.use(path, requireToken(isAuthorized), limitBody());

  routes.post("/sql", async (context) => {
    const { query, limit } = await readBody(context.req.raw, sqlRequestSchema);
    try {
      return context.json(await runQuery(queries, query, limit));
    } catch (error) {
      if (error instanceof QueryError) throw new HTTPException(400, { message: error.message });
      // 0: the database did not answer at all
      if (error instanceof StoreError && (error.status === 503 || error.status === 0))
        throw new HTTPException(503, { message: error.message.replace("capture_query: ", "") });
      throw error;
    }
  });

  routes.get("/sql/schema", async (context) => context.json(await describeTables(store)));

  routes.onError(answerProblems(log));
  return routes;
}
