import { createGitHub, type GitHubClient } from "../../src/lib/github/client.ts";
import { appEnvironment } from "./credentials.ts";
import type { History } from "./history.ts";
import type { Backfill } from "./measure-backfill.ts";
import { createSeenRows, type SeenRows } from "./seen-rows.ts";

export interface Reader {
  client: GitHubClient;
  /** Of the repository, as octokit names its parts. */
  repository: { owner: string; repo: string };
  seen: SeenRows;
}

/** A backfill that only reads, with the App's token, and notes which rows it could have written. */
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

/** All pages of a REST listing, one after another. */
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
