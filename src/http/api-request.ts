import type { MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { HTTPException } from "hono/http-exception";
import type { z } from "zod";

/** Requests have a few hundred bytes. */
const maxBodyBytes = 64 * 1024;

/** Refuses bodies of more than 64 KiB. */
export function limitBody(): MiddlewareHandler {
  return bodyLimit({
    maxSize: maxBodyBytes,
    onError: () => {
      throw new HTTPException(413, { message: "The body is larger than 64 KiB." });
    },
  });
}

/** Reads a JSON body. Throws an `HTTPException` 400 that names each fault. */
export async function readBody<Body>(request: Request, schema: z.ZodType<Body>): Promise<Body> {
  const body: unknown = await request.json().catch(() => {
    throw new HTTPException(400, { message: "The body is not JSON." });
  });
  return parseRequest(schema, body);
}

/** Parses a query, a parameter or a body. Throws an `HTTPException` 400 that names each fault. */
export function parseRequest<Value>(schema: z.ZodType<Value>, value: unknown): Value {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const messages = parsed.error.issues.map(({ path, message }) => `${path.join(".") || "value"}: ${message}`);
  throw new HTTPException(400, { message: messages.join("; ") });
}
