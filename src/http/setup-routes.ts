import { Hono } from "hono";
import { HTTPException } from "hono/http-exception";
import type { SessionAnswer } from "../api/console-contract.ts";
import {
  finishRequestSchema,
  registerRequestSchema,
  type RegisteredAnswer,
  type RegisterAnswer,
  type SetupAnswer,
} from "../api/setup-contract.ts";
import { toEnvLines } from "../setup/env-file.ts";
import { isLoopback } from "../setup/reachable.ts";
import { RegistrationError, type FinishedRegistration, type Registration } from "../setup/registration.ts";
import type { Logger } from "pino";
import { limitBody, readBody } from "./api-request.ts";
import { createConsolePage } from "./console-page.ts";
import { answerProblems, refuseUnknownPath } from "./problem.ts";
import { requireToken } from "./require-token.ts";
import { createSessionRoutes } from "./session-routes.ts";
import { paths } from "./routes.ts";
import type { Sessions } from "./sessions.ts";

export interface SetupRoutesOptions {
  registration: Registration;
  sessions: Sessions;
  log: Logger;
  /** The base URL of GitHub's pages. */
  webUrl: string;
  /** The value of WEBHOOK_PROXY_URL. */
  webhookProxyUrl: string | null;
  /** Called once, before the answer. Returns a session of the console. */
  onRegistered: (registered: FinishedRegistration) => Promise<SessionAnswer>;
  consoleFolder?: string;
}

const noApp = "This server has no GitHub App yet. Open its page to register one.";

/** Every route of a server without an App: the setup page, which a one-time code in the log opens, and refusals. */
export function createSetupRoutes({
  registration,
  sessions,
  log,
  webUrl,
  webhookProxyUrl,
  onRegistered,
  consoleFolder,
}: SetupRoutesOptions): Hono {
  const routes = new Hono();
  let status: "setup" | "starting" = "setup";

  // 200, because a host that takes an unhealthy server out of service would take its setup page, too
  routes.get(paths.health, (context) =>
    context.json({ status, ...(status === "setup" && { problems: [noApp] }) }),
  );

  // GitHub's delivery log shows them as failed, so they are redelivered.
  routes.all(paths.webhooks, (context) => context.text(`${noApp}\n`, 503));

  routes.route(paths.api, createSessionRoutes({ sessions, log }));
  for (const path of ["/api/setup", "/api/setup/*"])
    routes.use(path, requireToken(sessions.isValid), limitBody());

  routes.get("/api/setup", (context) =>
    context.json({
      github: webUrl,
      is_github_local: isLoopback(new URL(webUrl).hostname),
      webhook_proxy_url: webhookProxyUrl,
    } satisfies SetupAnswer),
  );

  routes.post("/api/setup/manifest", async (context) => {
    const { organization, public_url, page_url } = await readBody(context.req.raw, registerRequestSchema);
    const form = await registration.begin({ organization, publicUrl: public_url, pageUrl: page_url });
    return context.json(form satisfies RegisterAnswer);
  });

  routes.post("/api/setup/app", async (context) => {
    const { code, state } = await readBody(context.req.raw, finishRequestSchema);
    const registered = await registration.finish(code, state);
    status = "starting";
    const { name, installUrl, variables, envFile } = registered;
    context.header("cache-control", "no-store");
    return context.json({
      name,
      install_url: installUrl,
      env_file: envFile,
      variables: envFile === null ? toEnvLines(variables) : null,
      session: await onRegistered(registered),
    } satisfies RegisteredAnswer);
  });

  routes.all("/api/*", () => {
    throw new HTTPException(503, { message: noApp });
  });

  routes.route("/", createConsolePage(consoleFolder, { page: "setup.html", formAction: webUrl }));
  routes.notFound(refuseUnknownPath);
  routes.onError((error, context) =>
    answerProblems(log)(
      error instanceof RegistrationError
        ? new HTTPException(error.status, { message: error.message })
        : error,
      context,
    ),
  );
  return routes;
}
