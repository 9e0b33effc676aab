import { RequestError } from "@octokit/request-error";
import { z } from "zod";
import {
  installation,
  repository,
  type GitHubInstallation,
  type GitHubRepository,
} from "../records/github-objects.ts";
import { toBudget } from "./budget.ts";
import type { GitHubClient } from "./client.ts";
import { toDate, type Answer, type Page } from "./get-page.ts";

/** One request, as the App: where it is installed. Pages count from 1. */
export async function listInstallations(
  client: GitHubClient,
  page: number,
): Promise<Page<GitHubInstallation>> {
  const { data, headers } = await client.request("GET /app/installations", { per_page: 100, page });
  return {
    data: z.array(installation).parse(data),
    date: toDate(headers.date),
    hasMore: headers.link?.includes('rel="next"') ?? false,
    budget: toBudget(headers),
  };
}

/** Whether the App is not installed there any more. One request, as the App. */
export async function isUninstalled(client: GitHubClient, installationId: number): Promise<boolean> {
  try {
    await client.request("GET /app/installations/{installation_id}", { installation_id: installationId });
    return false;
  } catch (error) {
    if (error instanceof RequestError && error.status === 404) return true;
    throw error;
  }
}

/** The repositories of the client's installation; a request for every hundred. `date` is that of the first answer. */
export async function listInstalledRepositories(
  client: GitHubClient,
): Promise<Answer<GitHubRepository[]> & { requests: number }> {
  const repositories: GitHubRepository[] = [];
  let date = "";
  for (let page = 1; ; page++) {
    const { data, headers } = await client.request("GET /installation/repositories", { per_page: 100, page });
    repositories.push(...z.array(repository).parse(data.repositories));
    date ||= toDate(headers.date);
    if (!headers.link?.includes('rel="next"')) return { data: repositories, date, requests: page };
  }
}
