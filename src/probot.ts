import { Probot, ProbotOctokit } from "probot";
import type { Config } from "./config.ts";
import type { Logger } from "./logger.ts";

/** The Probot that verifies deliveries and hands them to the listeners. Its Octokit never asks GitHub: only captures do. */
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
 * Probot makes an authenticated Octokit for each delivery, all plugins included, which takes longer than everything else that
 * is done with one. No listener uses it, so all deliveries get the same.
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
