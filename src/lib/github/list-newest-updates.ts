import { z } from "zod";
import type { GitHubClient } from "./client.ts";
import { queryGraphql } from "./query-graphql.ts";

/** What GitHub has of a repository: how many pull requests, and those that were updated last. */
export interface NewestUpdates {
  id: number;
  /** GitHub's time of the answer. */
  counted_at: string;
  total: number;
  newest: { number: number; updated_at: string }[];
}

/** So many repositories fit into one query of one point. */
export const repositoriesAtOnce = 50;

/** Of each repository so many pull requests: their number does not change the query's points. */
const newestOfEach = 20;

const answer = z.object({ rateLimit: z.object({ cost: z.int() }).nullish() }).catchall(
  z
    .object({
      databaseId: z.int(),
      pullRequests: z.object({
        totalCount: z.int(),
        nodes: z.array(z.object({ number: z.int(), updatedAt: z.iso.datetime({ offset: true }) })),
      }),
    })
    .nullable(),
);

/** One query for up to 50 repositories. Those that GitHub does not find under their name are left out. */
export async function listNewestUpdates(
  client: GitHubClient,
  repositories: readonly { owner: string; name: string }[],
): Promise<{ updates: NewestUpdates[]; points: number }> {
  const variables = Object.fromEntries(
    repositories.flatMap(({ owner, name }, index) => [
      [`owner${index}`, owner],
      [`name${index}`, name],
    ]),
  );
  const query = newestUpdatesQuery(repositories.length);
  const { data, date } = await queryGraphql(
    client,
    answer,
    query,
    variables,
    ({ type }) => type === "NOT_FOUND",
  );
  const { rateLimit, ...found } = data;
  const updates = Object.values(found).flatMap((repository) => {
    if (!repository) return [];
    const { totalCount, nodes } = repository.pullRequests;
    const newest = nodes.map(({ number, updatedAt }) => ({ number, updated_at: updatedAt }));
    return [{ id: repository.databaseId, counted_at: date, total: totalCount, newest }];
  });
  return { updates, points: rateLimit?.cost ?? 1 };
}

export function newestUpdatesQuery(repositories: number): string {
  const indexes = Array.from({ length: repositories }, (_, index) => index);
  const variables = indexes.map((index) => `$owner${index}: String!, $name${index}: String!`).join(", ");
  const aliases = indexes.map(
    (index) => `r${index}: repository(owner: $owner${index}, name: $name${index}) { ...newest }`,
  );
  return /* GraphQL */ `
    query (${variables}) {
      rateLimit { cost }
      ${aliases.join("\n      ")}
    }
    fragment newest on Repository {
      databaseId
      pullRequests(first: ${newestOfEach}, orderBy: { field: UPDATED_AT, direction: DESC }) {
        totalCount
        nodes { number updatedAt }
      }
    }
  `;
}
