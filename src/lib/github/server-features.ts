import type { GitHubClient } from "./github-client.ts";
import { GraphqlError } from "./errors.ts";

/** What a server's GraphQL schema lacks, recorded from its refusals. */
export interface ServerFeatures {
  lacksAssignedActors: boolean;
}

const featuresByClient = new WeakMap<GitHubClient, ServerFeatures>();

/** Lets all clients of a server share its features. */
export function shareFeatures(client: GitHubClient, features: ServerFeatures): void {
  featuresByClient.set(client, features);
}

/**
 * Queries with `assignedActors`, or without it when the server's schema lacks the field, as on older Enterprise Servers. A refused query
 * costs no points.
 * https://docs.github.com/enterprise-server@3.19/graphql/reference/interfaces#assignable, https://github.com/cli/cli/pull/10984
 */
export async function askForAssignedActors<Result>(
  client: GitHubClient,
  ask: (assignedActors: boolean) => Promise<Result>,
): Promise<Result> {
  const features = featuresByClient.get(client);
  if (features?.lacksAssignedActors) return ask(false);
  try {
    return await ask(true);
  } catch (error) {
    if (!(error instanceof GraphqlError) || !error.undefinedFields.includes("PullRequest.assignedActors")) {
      throw error;
    }
    if (features) features.lacksAssignedActors = true;
    return ask(false);
  }
}
