import { Probot, ProbotOctokit } from "probot";
import type { Config } from "./config.ts";
import type { Logger } from "./logger.ts";

/** The Probot that verifies deliveries and calls the listeners. Its Octokit sends no requests; only captures do. */
export function createProbot({ app, webhookSecret, githubApiUrl }: Config, log: Logger): Probot {
  return new Probot({
    appId: app.id,
    privateKey: app.privateKey,
    secret: webhookSecret,
    baseUrl: githubApiUrl,
    log,
    Octokit: SharedOctokit,
  });
}

/**
 * Shared by all deliveries, since no listener uses it. Probot would create an authenticated Octokit for each, which takes longer than the rest of
 * handling a delivery.
 */
const SharedOctokit = ProbotOctokit.defaults((options: object) => ({
  ...options,
  throttle: { enabled: false },
  retry: { enabled: false },
  authStrategy: ({ octokit }: { octokit: ProbotOctokit }) =>
    Object.assign(async () => octokit, { hook: passOn }),
}));

function passOn<Request extends (...args: never[]) => unknown>(
  request: Request,
  ...args: Parameters<Request>
) {
  return request(...args);
}
