import type { GitHubClient } from "../../src/lib/github/github-client.ts";
import { createGitHub } from "../../src/lib/github/client.ts";
import { appEnvironment } from "./credentials.ts";
import type { History } from "./history.ts";
import type { Backfill } from "./measure-backfill.ts";
import { createSeenRows, type SeenRows } from "./seen-rows.ts";

export interface Reader {
  client: GitHubClient;
  /** The repository's owner and name as Octokit's parameters. */
  repository: { owner: string; repo: string };
  seen: SeenRows;
}

/** Opens a backfill that only reads with the App's token, and records the rows that it could have written. */
export function openReadingBackfill(
  { url, repository, installationId }: History,
  read: (reader: Reader) => Promise<void>,
): Backfill {
  const seen = createSeenRows(repository.id);
  const { APP_ID: id, PRIVATE_KEY: privateKey = "" } = appEnvironment;
  const github = createGitHub({ apiUrl: url, app: { id: Number(id), privateKey }, token: null });
  return {
    async run() {
      const client = await github.forInstallation(installationId);
      await read({ client, repository: { owner: repository.owner.login, repo: repository.name }, seen });
    },
    rows: async () => seen.keys,
    close: async () => {},
  };
}

/** Reads all pages of a REST listing. */
export async function listAll<Item>(
  getPage: (page: {
    per_page: number;
    page: number;
  }) => Promise<{ data: Item[]; headers: { link?: string | undefined } }>,
): Promise<Item[]> {
  const items: Item[] = [];
  for (let page = 1; ; page++) {
    const { data, headers } = await getPage({ per_page: 100, page });
    items.push(...data);
    if (!headers.link?.includes('rel="next"')) return items;
  }
}
