import { installation, repository, type GitHubRepository } from "../records/github-objects.ts";
import { RequestError } from "@octokit/request-error";
import type { GitHubClient } from "./client.ts";
import { toDate, type Answer } from "./get-page.ts";

/** One request, by id: to there GitHub redirects old names, and no other repository can take its place. */
export async function getRepository(client: GitHubClient, id: number): Promise<Answer<GitHubRepository>> {
  const response = await client.request("GET /repositories/{id}", { id });
  return { data: repository.parse(response.data), date: toDate(response.headers.date) };
}

/** The installation that the repository is in, asked as the App; null when it is in none, or is gone. */
export async function getRepositoryInstallation(
  client: GitHubClient,
  id: number,
): Promise<Answer<{ id: number; updated_at: string } | null>> {
  try {
    const response = await client.request("GET /repositories/{id}/installation", { id });
    const found = installation.parse(response.data);
    return {
      data: { id: found.id, updated_at: found.updated_at },
      date: toDate(response.headers.date),
    };
  } catch (error) {
    if (!(error instanceof RequestError) || error.status !== 404) throw error;
    return { data: null, date: toDate(error.response?.headers.date) };
  }
}
