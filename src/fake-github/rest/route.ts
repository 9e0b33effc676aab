import type { Credential, Credentials } from "../credentials.ts";
import type { DeliveryLog } from "../delivery-log.ts";
import type { Reply } from "../reply.ts";
import type { World } from "../world.ts";

/** The input of a route's handler. */
export interface Context {
  world: World;
  credentials: Credentials;
  credential: Credential;
  log: DeliveryLog;
  url: URL;
  /** The variable parts of the path by name. */
  params: Record<string, string>;
}

/** Handlers by route, such as `GET pulls/:number/files`. A part with a colon matches digits, one with a star matches any text. */
export type Routes<C extends Context> = Record<string, (context: C) => Reply>;

/** Returns null when no route matches. */
export function findRoute<C extends Context>(
  routes: Routes<C>,
  method: string,
  path: string,
): { handler: (context: C) => Reply; params: Record<string, string> } | null {
  for (const [route, handler] of Object.entries(routes)) {
    const [wanted, shape = ""] = route.split(" ");
    const params = wanted === method ? match(shape, path) : null;
    if (params) return { handler, params };
  }
  return null;
}

function match(shape: string, path: string): Record<string, string> | null {
  const wanted = shape.split("/");
  const given = path.split("/");
  if (wanted.length !== given.length) return null;
  const params: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const value = decodeURIComponent(given[index] ?? "");
    if (part.startsWith("*")) params[part.slice(1)] = value;
    else if (part.startsWith(":") && /^\d+$/.test(value)) params[part.slice(1)] = value;
    else if (part !== value) return null;
  }
  return params;
}
