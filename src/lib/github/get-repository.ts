import { installationSchema } from "../records/installation.ts";
import { repositorySchema, type GitHubRepository } from "../records/repository.ts";
import { RequestError } from "@octokit/request-error";
import type { GitHubClient } from "./github-client.ts";
import { parseAnswer } from "./parse-answer.ts";
import { toDate, type Answer } from "./get-page.ts";

/** Reads one repository by its id, which unlike a name never passes to another repository. */
export async function getRepository(client: GitHubClient, id: number): Promise<Answer<GitHubRepository>> {
  const response = await client.request("GET /repositories/{id}", { id });
  return {
    data: parseAnswer(repositorySchema, response.data, "repository"),
    date: toDate(response.headers.date),
  };
}

/** Returns the installation that contains the repository, or null. The client must be the App's. */
export async function getRepositoryInstallation(
  client: GitHubClient,
  id: number,
): Promise<Answer<{ id: number; updated_at: string } | null>> {
  try {
    const response = await client.request("GET /repositories/{id}/installation", { id });
    const found = parseAnswer(installationSchema, response.data, "installation");
    return {
      data: { id: found.id, updated_at: found.updated_at },
      date: toDate(response.headers.date),
    };
  } catch (error) {
    if (!(error instanceof RequestError) || error.status !== 404) throw error;
    return { data: null, date: toDate(error.response?.headers.date) };
  }
}
