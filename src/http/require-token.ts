import type { MiddlewareHandler } from "hono";
import { HTTPException } from "hono/http-exception";

/** True if a request with that bearer token may use the API. */
export type IsAuthorized = (token: string) => Promise<boolean>;

/** Requires `Authorization: Bearer` with an authorized token. */
export function requireToken(
  isAuthorized: IsAuthorized,
  message = "Authorization must be Bearer with the server's ADMIN_TOKEN, or with a session from the link in its log.",
): MiddlewareHandler {
  return async (context, next) => {
    const [, given] = /^Bearer (.+)$/i.exec(context.req.header("authorization") ?? "") ?? [];
    if (given === undefined || !(await isAuthorized(given))) {
      context.header("www-authenticate", "Bearer");
      throw new HTTPException(401, { message });
    }
    return next();
  };
}
