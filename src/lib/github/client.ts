import { createAppAuth } from "@octokit/auth-app";
import { Octokit } from "@octokit/core";
import { createCircuit } from "./circuit.ts";
import { NoAccessError } from "./errors.ts";

/** A client with one installation's token, good for one step: tokens last an hour. It neither waits nor retries; both are Inngest's. */
export type GitHubClient = Octokit;

export interface GitHub {
  /** Null: reads public repositories with GITHUB_TOKEN. Throws a `NoAccessError` when there is none. */
  forInstallation(installationId: number | null): Promise<GitHubClient>;
  /** As the App itself, which may ask where it is installed. Throws a `NoAccessError` when none is configured. */
  forApp(): Promise<GitHubClient>;
}

export interface GitHubOptions {
  /** Where REST is, and `/graphql`. */
  apiUrl: string;
  app: { id: number; privateKey: string } | null;
  token: string | null;
}

/** https://docs.github.com/rest/about-the-rest-api/api-versions */
const apiVersion = "2022-11-28";

/** GitHub answers within 10 s or gives up itself. */
const requestTimeoutMs = 15_000;

const noApp = "No App is configured: set APP_ID and PRIVATE_KEY.";

export function createGitHub({ apiUrl, app, token }: GitHubOptions): GitHub {
  const authenticate =
    app && createAppAuth({ appId: app.id, privateKey: app.privateKey, request: anonymous(apiUrl).request });
  const refusedTokens = new Set<string>();
  const circuit = createCircuit();

  async function installationToken(installationId: number): Promise<string> {
    if (!authenticate) throw new NoAccessError(noApp);
    const cached = await authenticate({ type: "installation", installationId });
    if (!refusedTokens.delete(cached.token)) return cached.token;
    return (await authenticate({ type: "installation", installationId, refresh: true })).token;
  }

  return {
    async forApp() {
      if (!authenticate) throw new NoAccessError(noApp);
      return anonymous(apiUrl, (await authenticate({ type: "app" })).token);
    },
    async forInstallation(installationId) {
      const auth = installationId === null ? token : await installationToken(installationId);
      if (!auth)
        throw new NoAccessError(
          "Install the App on this repository, or set GITHUB_TOKEN to read public repositories.",
        );
      const client = anonymous(apiUrl, auth);
      circuit.guard(client, String(installationId ?? "token"));
      // Uninstalling and installing again revokes a token that the cache holds for good.
      client.hook.error("request", (error) => {
        if ("status" in error && error.status === 401) refusedTokens.add(auth);
        throw error;
      });
      return client;
    },
  };
}

function anonymous(apiUrl: string, auth?: string): Octokit {
  const client = new Octokit({ baseUrl: apiUrl, userAgent: "pr-capture", ...(auth && { auth }) });
  client.hook.before("request", (options) => {
    options.headers["x-github-api-version"] = apiVersion;
    options.request = { ...options.request, signal: AbortSignal.timeout(requestTimeoutMs) };
  });
  return client;
}
