import { createAppAuth } from "@octokit/auth-app";
import { Octokit } from "@octokit/core";
import { RequestError } from "@octokit/request-error";
import createJwt from "universal-github-app-jwt";
import { createCircuit } from "./circuit.ts";
import { NoAccessError } from "./errors.ts";
import { createSeenBudgets, type SeenBudget } from "./seen-budgets.ts";
import { shareFeatures, type ServerFeatures } from "./server-features.ts";
import type { GitHubClient } from "./github-client.ts";
import { createGitHubClock } from "./github-clock.ts";
import { toGraphqlUrl } from "./graphql-url.ts";
import { redact, redactError } from "../redact.ts";

export interface GitHub {
  /** Null reads public repositories with GITHUB_TOKEN. Throws a `NoAccessError` without the App or the token. */
  forInstallation(installationId: number | null): Promise<GitHubClient>;
  /** Authenticates as the App itself, for its installations and delivery log. Throws a `NoAccessError` when no App is configured. */
  forApp(): Promise<GitHubClient>;
  /** Milliseconds since 1970 by GitHub's clock. Compare GitHub's dates with it, because the local clock can be wrong. */
  now(): number;
  /** The rate limits of installations and of GITHUB_TOKEN, as the last answers to this process showed them. */
  budgets(): SeenBudget[];
}

export interface GitHubOptions {
  /** The base URL of the REST API. An Enterprise Server's ends in `/api/v3`. */
  apiUrl: string;
  app: { id: number; privateKey: string } | null;
  token: string | null;
  requestTimeoutMs?: number;
  log?: { warn(details: object, message: string): void };
  /** Called when an answer shows a budget. */
  onBudget?: () => void;
}

/** https://docs.github.com/rest/about-the-rest-api/api-versions */
const apiVersion = "2022-11-28";

/** GitHub ends a request after 10 s. */
const defaultRequestTimeoutMs = 15_000;

const noApp = "No App is configured: set APP_ID and PRIVATE_KEY.";

export function createGitHub({
  apiUrl,
  app,
  token,
  requestTimeoutMs = defaultRequestTimeoutMs,
  log,
  onBudget,
}: GitHubOptions): GitHub {
  const clock = createGitHubClock((skewSeconds, message) => log?.warn({ skewSeconds }, message));
  const refusedTokens = new Set<string>();
  const circuit = createCircuit();
  const budgets = createSeenBudgets(onBudget);
  const features: ServerFeatures = { lacksAssignedActors: false };

  /** Creates the App's token. It uses GitHub's time, because GitHub refuses a token made more than 30 s ahead of its clock. */
  async function appToken({ id, privateKey }: { id: number; privateKey: string }) {
    const now = Math.floor(clock.now() / 1000);
    const { token: jwt, expiration } = await createJwt({ id, privateKey, now });
    return { jwt, expiresAt: new Date(expiration * 1000).toISOString() };
  }

  function connect(auth?: string): Octokit {
    const client = new Octokit({ baseUrl: apiUrl, userAgent: "pr-capture", ...(auth && { auth }) });
    client.hook.before("request", (options) => {
      if (options.url === "/graphql") options.url = toGraphqlUrl(options.baseUrl);
      options.headers["x-github-api-version"] = apiVersion;
      options.request = { ...options.request, signal: AbortSignal.timeout(requestTimeoutMs) };
    });
    client.hook.wrap("request", async (request, options) => {
      const sentAt = Date.now();
      try {
        const response = await request(options);
        clock.record(response.headers.date, sentAt, Date.now());
        if (isNoJson(response)) {
          const { method, headers } = options; // the URL is still a template
          throw new RequestError("The body of the answer is cut off or not JSON.", 500, {
            request: { method, headers, url: response.url },
          });
        }
        if (hasErrors(response.data))
          response.data = JSON.parse(redact(JSON.stringify(response.data), auth, sentToken(options)));
        return response;
      } catch (error) {
        if (error instanceof RequestError) clock.record(error.response?.headers.date, sentAt, Date.now());
        if (error instanceof Error) redactError(error, auth, sentToken(options));
        throw error;
      }
    });
    return client;
  }

  /** Repeats `work` once when GitHub refused the App's token and its answer corrected the clock. */
  async function withCorrectedClock<Answer>(work: () => Promise<Answer>): Promise<Answer> {
    const before = clock.behindMs();
    try {
      return await work();
    } catch (error) {
      const isRefused = error instanceof RequestError && error.status === 401;
      if (!isRefused || clock.behindMs() === before) throw error;
      return await work();
    }
  }

  const authenticate =
    app &&
    createAppAuth({
      appId: app.id,
      // auth-app corrects the clock only in its request hook, for one request, and not for installation tokens:
      // https://github.com/octokit/auth-app.js/blob/main/src/hook.ts
      createJwt: () => appToken(app),
      request: connect().request,
    });

  async function installationToken(installationId: number): Promise<string> {
    if (!authenticate) throw new NoAccessError(noApp);
    const obtain = (refresh: boolean) =>
      withCorrectedClock(() => authenticate({ type: "installation", installationId, refresh }));
    const cached = await obtain(false);
    if (!refusedTokens.delete(cached.token)) return cached.token;
    return (await obtain(true)).token;
  }

  return {
    async forApp() {
      if (!app) throw new NoAccessError(noApp);
      const client = connect();
      client.hook.wrap("request", (request, options) =>
        withCorrectedClock(async () => {
          const { jwt } = await appToken(app);
          options.headers.authorization = `bearer ${jwt}`; // changed in place, because all hooks share these options
          return request(options);
        }),
      );
      return client;
    },
    async forInstallation(installationId) {
      const auth = installationId === null ? token : await installationToken(installationId);
      if (!auth)
        throw new NoAccessError(
          "Install the App on this repository, or set GITHUB_TOKEN to read public repositories.",
        );
      const client = connect(auth);
      budgets.watch(client, installationId);
      circuit.guard(client, String(installationId ?? "token"));
      shareFeatures(client, features);
      // Reinstalling the App revokes its token, which auth-app would keep in its cache.
      client.hook.error("request", (error) => {
        if ("status" in error && error.status === 401) {
          refusedTokens.add(auth);
          if (installationId === null) error.message += ". GITHUB_TOKEN is not valid or has expired.";
        }
        throw error;
      });
      return client;
    },
    now: () => clock.now(),
    budgets: () => budgets.list(),
  };
}

/** The token in the request's header. */
function sentToken({ headers }: { headers: { authorization?: string | undefined } }): string | undefined {
  return headers.authorization?.replace(/^\S+ /, "");
}

/** True for GraphQL's errors, which come with HTTP 200. */
function hasErrors(data: unknown): boolean {
  return typeof data === "object" && data !== null && "errors" in data;
}

/** True when Octokit could not parse the answer as JSON and returned its text: it was cut off, or a proxy's page. */
function isNoJson({ data, status }: { data: unknown; status: number }): boolean {
  return status === 200 && typeof data === "string";
}
