import { existsSync } from "node:fs";
import { join } from "node:path";
import { serveStatic } from "@hono/node-server/serve-static";
import { Hono, type MiddlewareHandler } from "hono";
import { compress } from "hono/compress";
import { secureHeaders } from "hono/secure-headers";

/** Where `npm run build` puts the page. */
const consoleFolder = join(import.meta.dirname, "../../dist/console");

/** The content security policy: the page's own files and the API, and nothing inline. netlify.toml repeats it. */
const protect = (formAction: string) =>
  secureHeaders({
    contentSecurityPolicy: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'"],
      styleSrc: ["'self'"],
      imgSrc: ["'self'", "data:"],
      connectSrc: ["'self'"],
      baseUri: ["'none'"],
      formAction: [formAction],
      frameAncestors: ["'none'"],
    },
    referrerPolicy: "no-referrer",
    xContentTypeOptions: true,
    xFrameOptions: "DENY",
    strictTransportSecurity: false, // the operator of the host name decides
  });

/** Assets never change, because their names contain a hash of their contents. */
const cache: MiddlewareHandler = async (context, next) => {
  await next();
  if (!context.res.ok) return;
  const isAsset = context.req.path !== "/";
  context.header("cache-control", isAsset ? "public, max-age=31536000, immutable" : "no-cache");
};

const missing =
  "The console is not built, because its build tools were not installed. Run: npm ci --include=dev && npm run build\n";

export interface ConsolePageOptions {
  page?: "index.html" | "setup.html";
  /** Where the page may post a form: an origin, or nowhere. */
  formAction?: string;
}

/** Serves the console, or the setup page, at `/`. */
export function createConsolePage(
  folder: string = consoleFolder,
  { page = "index.html", formAction = "'none'" }: ConsolePageOptions = {},
): Hono {
  const routes = new Hono();
  let serve: MiddlewareHandler | null = null;

  routes.on("GET", ["/", "/assets/*"], compress(), protect(formAction), cache, async (context, next) => {
    if (!existsSync(join(folder, page))) return context.text(missing, 503);
    serve ??= serveStatic({
      root: folder,
      rewriteRequestPath: (path) => (path === "/" ? `/${page}` : path),
    });
    return serve(context, next);
  });
  return routes;
}
