import { RequestError } from "@octokit/request-error";
import { installationSchema } from "../records/installation.ts";
import { repositorySchema, type GitHubRepository } from "../records/repository.ts";
import type { GitHubClient } from "./github-client.ts";
import type { GitHub } from "./client.ts";
import { NoAccessError } from "./errors.ts";
import { parseAnswer } from "./parse-answer.ts";
import { toDate } from "./get-page.ts";

export interface FoundOnGitHub {
  repository: GitHubRepository;
  /** Null when GITHUB_TOKEN sees the repository but the App is not installed on it. */
  installationId: number | null;
  date: string;
}

/**
 * Finds a repository by name, with the App's installation on it or else with GITHUB_TOKEN. Returns null when neither sees it. Throws when
 * GitHub does not answer.
 */
export async function resolveRepositoryName(
  github: GitHub,
  owner: string,
  name: string,
): Promise<FoundOnGitHub | null> {
  const installationId = await nullWhereUnseen(async () => {
    const app = await github.forApp();
    const { data } = await app.request("GET /repos/{owner}/{repo}/installation", { owner, repo: name });
    return parseAnswer(installationSchema.pick({ id: true }), data, "installation").id;
  });
  return nullWhereUnseen(async () => {
    const client: GitHubClient = await github.forInstallation(installationId);
    const { data, headers } = await client.request("GET /repos/{owner}/{repo}", { owner, repo: name });
    return {
      repository: parseAnswer(repositorySchema, data, "repository"),
      installationId,
      date: toDate(headers.date),
    };
  });
}

async function nullWhereUnseen<Answer>(ask: () => Promise<Answer>): Promise<Answer | null> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof NoAccessError || (error instanceof RequestError && error.status === 404))
      return null;
    throw error;
  }
}
