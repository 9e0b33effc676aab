import { RequestError } from "@octokit/request-error";
import { installationSchema, type GitHubInstallation } from "../records/installation.ts";
import { repositorySchema, type GitHubRepository } from "../records/repository.ts";
import type { GitHubClient } from "./github-client.ts";
import { toDate, type Answer } from "./get-page.ts";
import { parseAnswer } from "./parse-answer.ts";
import {
  listStart,
  readPage,
  type Listing,
  type ListPage,
  type ListPosition,
  type UnreadableItem,
} from "./read-page.ts";

/** Lists the App's installations. The client must be the App's. https://docs.github.com/rest/apps/apps#list-installations-for-the-authenticated-app */
export const installationsOfApp: Listing<GitHubInstallation> = {
  noun: "installation",
  route: "GET /app/installations",
  item: installationSchema,
};

const installedRepositories: Listing<GitHubRepository> = {
  noun: "repository",
  route: "GET /installation/repositories",
  item: repositorySchema,
  itemsOf: (body) => (typeof body === "object" && body !== null ? Reflect.get(body, "repositories") : null),
};

/** True when the App is no longer installed there. The client must be the App's. */
export async function isUninstalled(client: GitHubClient, installationId: number): Promise<boolean> {
  return (await getInstallation(client, installationId)) === null;
}

/** Reads one installation. Returns null when the App is no longer installed there. The client must be the App's. */
export async function getInstallation(
  client: GitHubClient,
  installationId: number,
): Promise<Answer<GitHubInstallation> | null> {
  try {
    const { data, headers } = await client.request("GET /app/installations/{installation_id}", {
      installation_id: installationId,
    });
    return { data: parseAnswer(installationSchema, data, "installation"), date: toDate(headers.date) };
  } catch (error) {
    if (error instanceof RequestError && error.status === 404) return null;
    throw error;
  }
}

/**
 * Lists the repositories of the client's installation, with a request for each hundred. `date` is the first answer's. The list is
 * incomplete when an item is `unreadable`; then a missing repository proves nothing.
 */
export async function listInstalledRepositories(
  client: GitHubClient,
  attempt: number,
): Promise<Answer<GitHubRepository[]> & { requests: number; unreadable: UnreadableItem[] }> {
  const listed = {
    data: [] as GitHubRepository[],
    date: "",
    requests: 0,
    unreadable: [] as UnreadableItem[],
  };
  for (let position: ListPosition | null = listStart; position;) {
    const page: ListPage<GitHubRepository> = await readPage(client, installedRepositories, position, attempt);
    listed.data.push(...page.data);
    listed.unreadable.push(...page.unreadable);
    listed.requests += page.requests;
    listed.date ||= page.date;
    position = page.next;
  }
  return listed;
}
