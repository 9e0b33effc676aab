import { RequestError } from "@octokit/request-error";
import { z } from "zod";
import type { GitHub } from "./client.ts";
import type { GitHubClient } from "./github-client.ts";
import { parseAnswer } from "./parse-answer.ts";

const appSchema = z.object({
  name: z.string(),
  html_url: z.string(),
  installations_count: z.int().optional(),
});

export interface AppDescription {
  name: string;
  /** GitHub's page that installs the App. */
  installUrl: string;
  /** Null: this GitHub does not count them. */
  installations: number | null;
}

/** Reads the App. Null when GitHub's answer has another form. The client must be the App's. https://docs.github.com/rest/apps/apps#get-the-authenticated-app */
export async function getApp(client: GitHubClient): Promise<AppDescription | null> {
  const { data } = await client.request("GET /app");
  const parsed = appSchema.safeParse(data);
  if (!parsed.success) return null;
  const { name, html_url, installations_count = null } = parsed.data;
  return { name, installUrl: `${html_url}/installations/new`, installations: installations_count };
}

/** Two requests for each. More installations are not worth them. */
const maxCounted = 20;

const installationsSchema = z.array(z.object({ id: z.int(), suspended_at: z.string().nullish() }));
const countSchema = z.object({ total_count: z.int() });

/** Counts the repositories of all installations, except suspended ones. Null: there are too many installations. */
async function countInstalledRepositories(github: GitHub): Promise<number | null> {
  const { data } = await (await github.forApp()).request("GET /app/installations", { per_page: 100 });
  const installations = parseAnswer(installationsSchema, data, "list of installations");
  if (installations.length > maxCounted) return null;
  let total = 0;
  for (const { id, suspended_at } of installations) {
    if (!suspended_at) total += await countRepositories(github, id);
  }
  return total;
}

async function countRepositories(github: GitHub, installationId: number): Promise<number> {
  try {
    const client = await github.forInstallation(installationId);
    const { data } = await client.request("GET /installation/repositories", { per_page: 1 });
    return parseAnswer(countSchema, data, "list of repositories").total_count;
  } catch (error) {
    if (error instanceof RequestError && (error.status === 403 || error.status === 404)) return 0; // just suspended or uninstalled
    throw error;
  }
}

/** Describes the App, such as "App pr-capture-acme, installed on 3 accounts, 41 repositories". Never throws: it leaves out what GitHub does not answer. */
export async function describeInstalled(
  github: GitHub,
  { name, installUrl, installations }: AppDescription,
): Promise<string> {
  if (installations === 0) return `App ${name}, not installed yet. Install it: ${installUrl}`;
  const repositories = await countInstalledRepositories(github).catch(() => null);
  const parts = [
    installations === null ? "installed" : `installed on ${count(installations, "account", "accounts")}`,
    ...(repositories === null ? [] : [count(repositories, "repository", "repositories")]),
  ];
  return `App ${name}, ${parts.join(", ")}`;
}

function count(number: number, one: string, many: string): string {
  return `${number.toLocaleString("en")} ${number === 1 ? one : many}`;
}
