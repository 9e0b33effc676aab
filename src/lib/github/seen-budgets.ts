import { RequestError } from "@octokit/request-error";
import { toBudget, type Budget } from "./budget.ts";
import type { GitHubClient } from "./github-client.ts";
import { isGraphql } from "./graphql-url.ts";

/** A rate limit as GitHub's last answer showed it. */
export interface SeenBudget extends Budget {
  /** Null for GITHUB_TOKEN. */
  installationId: number | null;
  resource: "core" | "graphql";
  /** An ISO string in the local clock's time. */
  seenAt: string;
}

export interface SeenBudgets {
  /** Reads the headers of the client's answers. */
  watch(client: GitHubClient, installationId: number | null): void;
  /** The newest budget of each installation and resource. */
  list(): SeenBudget[];
}

export function createSeenBudgets(onSeen: () => void = () => {}): SeenBudgets {
  const seen = new Map<string, SeenBudget>();

  return {
    watch(client, installationId) {
      const see = (url: string, headers: Parameters<typeof toBudget>[0]) => {
        const budget = toBudget(headers);
        if (!budget) return;
        const resource = isGraphql(url) ? "graphql" : "core";
        const seenAt = new Date().toISOString();
        seen.set(`${installationId} ${resource}`, { ...budget, installationId, resource, seenAt });
        onSeen();
      };
      client.hook.wrap("request", async (request, options) => {
        try {
          const response = await request(options);
          see(options.url, response.headers);
          return response;
        } catch (error) {
          if (error instanceof RequestError && error.response) see(options.url, error.response.headers);
          throw error;
        }
      });
    },
    list: () => [...seen.values()],
  };
}
