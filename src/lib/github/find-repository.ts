import { RequestError } from "@octokit/request-error";
import { installation, repository, type GitHubRepository } from "../records/github-objects.ts";
import type { GitHub, GitHubClient } from "./client.ts";
import { NoAccessError } from "./errors.ts";
import { toDate } from "./get-page.ts";

export interface FoundOnGitHub {
  repository: GitHubRepository;
  /** Null: the App is not installed on it, and GITHUB_TOKEN sees it. */
  installationId: number | null;
  date: string;
}

/**
 * The repository of that name, as the App's installation on it sees it, or else as GITHUB_TOKEN does. Null when neither does. Throws
 * when GitHub cannot be asked.
 */
export async function findRepository(
  github: GitHub,
  owner: string,
  name: string,
): Promise<FoundOnGitHub | null> {
  const installationId = await nullWhereUnseen(async () => {
    const app = await github.forApp();
    const { data } = await app.request("GET /repos/{owner}/{repo}/installation", { owner, repo: name });
    return installation.pick({ id: true }).parse(data).id;
  });
  return nullWhereUnseen(async () => {
    const client: GitHubClient = await github.forInstallation(installationId);
    const { data, headers } = await client.request("GET /repos/{owner}/{repo}", { owner, repo: name });
    return { repository: repository.parse(data), installationId, date: toDate(headers.date) };
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
