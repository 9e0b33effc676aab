import { z } from "zod";
import { timestamp } from "../records/values.ts";
import type { RepositoryState } from "../records/inventory.ts";
import { askInHalves } from "./ask-in-halves.ts";
import type { GitHubClient } from "./github-client.ts";
import { queryGraphqlPartially } from "./query-graphql.ts";

/** The number of repositories in one query that costs one point. */
export const repositoryBatchSize = 50;

/** The number of pull requests of each repository. It does not change the query's cost. */
const newestOfEach = 20;

interface NamedRepository {
  id: number;
  owner: string;
  name: string;
}

const found = z.object({
  databaseId: z.int(),
  pullRequests: z.object({
    totalCount: z.int().nonnegative(),
    nodes: z.array(
      z.object({
        number: z.int().positive(),
        updatedAt: timestamp,
        totalCommentsCount: z.int().nonnegative().nullish(),
      }),
    ),
  }),
});

const cost = z.object({ rateLimit: z.object({ cost: z.int() }) });

/**
 * Reads the most recently updated pull requests of up to 50 repositories, and their number. It splits the query when one repository makes
 * GitHub refuse it. A repository that GitHub cannot show has `counted_at: null`. One that GitHub does not find by name is left out; with
 * `areListed` it is kept, because GitHub has just listed it.
 */
export async function listNewestUpdates(
  client: GitHubClient,
  repositories: readonly NamedRepository[],
  areListed: boolean,
): Promise<{ states: RepositoryState[]; points: number }> {
  const { answers, failed, points } = await askInHalves(client, repositories, (batch) =>
    ask(client, batch, areListed),
  );
  return {
    states: [...answers.flatMap((each) => each.states), ...failed.map(toUnknown)],
    points: answers.reduce((sum, each) => sum + each.points, points),
  };
}

async function ask(client: GitHubClient, repositories: readonly NamedRepository[], areListed: boolean) {
  const variables = Object.fromEntries(
    repositories.flatMap(({ owner, name }, index) => [
      [`owner${index}`, owner],
      [`name${index}`, name],
    ]),
  );
  const query = newestUpdatesQuery(repositories.length);
  const answer = await queryGraphqlPartially(client, query, variables, ({ path }) => path.length > 0);
  const fields = z.record(z.string(), z.unknown()).parse(answer.data);
  const states = repositories.flatMap((repository, index): RepositoryState[] => {
    const key = `r${index}`;
    const { data } = found.safeParse(fields[key]);
    if (!data) {
      const isGone =
        !areListed && answer.refusals.some(({ type, path }) => type === "NOT_FOUND" && path.join() === key);
      return isGone ? [] : [toUnknown(repository)];
    }
    const { totalCount: total, nodes } = data.pullRequests;
    const newest = nodes.map(({ number, updatedAt, totalCommentsCount }) => ({
      number,
      updated_at: updatedAt,
      comments: totalCommentsCount ?? null,
    }));
    return [{ id: data.databaseId, counted_at: answer.date, total, newest }];
  });
  return { states, points: cost.safeParse(answer.data).data?.rateLimit.cost ?? 1 };
}

function toUnknown({ id }: NamedRepository): RepositoryState {
  return { id, counted_at: null, total: null, newest: [] };
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
        nodes { number updatedAt totalCommentsCount }
      }
    }
  `;
}
