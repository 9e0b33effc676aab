import { randomBytes } from "node:crypto";
import { resolve } from "node:path";
import { SmeeClient } from "smee-client";
import type { Config, ConfigBeforeSetup } from "./config.ts";
import { paths } from "./http/routes.ts";
import { serveRoutes, type OpenServer } from "./http/server.ts";
import { createSessions } from "./http/sessions.ts";
import { createSetupRoutes } from "./http/setup-routes.ts";
import { toWebUrl } from "./lib/github/web-url.ts";
import { createLogger } from "./logger.ts";
import { createRegistration } from "./setup/registration.ts";

/** Serves the setup page until an App is registered. Returns the configuration with its credentials, which `complete` adds. */
export async function setUp(
  config: ConfigBeforeSetup,
  server: OpenServer,
  complete: (credentials: Record<string, string>) => Config,
): Promise<Config> {
  const log = createLogger("info"); // LOG_LEVEL must not hide the code
  const { promise, resolve: finish } = Promise.withResolvers<Config>();
  const sessions = createSessions({
    adminToken: config.adminToken,
    privateKey: randomBytes(32).toString("hex"),
    log,
    toLine: (link, code) =>
      `Setup: ${link} (or open this server's public address and enter the code ${code})`,
  });
  const routes = createSetupRoutes({
    registration: createRegistration({
      config,
      envFile: resolve(".env"),
      hookPath: paths.webhooks,
      createChannel: () => SmeeClient.createChannel(),
      log,
    }),
    sessions,
    log,
    webUrl: toWebUrl(config.githubApiUrl),
    webhookProxyUrl: config.webhookProxyUrl,
    onRegistered: async ({ variables }) => {
      const completed = complete(variables);
      finish(completed);
      const { adminToken, app } = completed;
      return createSessions({ adminToken, privateKey: app.privateKey, log }).issue();
    },
  });
  serveRoutes(server, routes);
  log.info(`Listening on ${server.url}`);
  log.info("No GitHub App is configured yet. Open the setup page to register one:");
  sessions.startLinks(server.url);
  return promise;
}
