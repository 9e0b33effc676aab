import { z } from "zod";
import { askInHalves } from "./ask-in-halves.ts";
import type { GitHubClient } from "./github-client.ts";
import { queryGraphqlPartially } from "./query-graphql.ts";

/** A repository as GitHub shows it by name. */
export interface ShownRepository {
  id: number;
  owner: string;
  name: string;
  archived: boolean;
  /** Null: it is empty. */
  default_branch: string | null;
}

const shown = z
  .object({
    databaseId: z.int(),
    name: z.string(),
    owner: z.object({ login: z.string() }),
    isArchived: z.boolean(),
    defaultBranchRef: z.object({ name: z.string() }).nullable(),
  })
  .transform(({ databaseId, name, owner, isArchived, defaultBranchRef }): ShownRepository => ({
    id: databaseId,
    owner: owner.login,
    name,
    archived: isArchived,
    default_branch: defaultBranchRef?.name ?? null,
  }));

const cost = z.object({ rateLimit: z.object({ cost: z.int() }) });

/** Reads up to 50 repositories by name, for one point. A former name shows the repository that had it. Those that GitHub does not show are left out. */
export async function listShownRepositories(
  client: GitHubClient,
  repositories: readonly { owner: string; name: string }[],
): Promise<{ shown: ShownRepository[]; points: number }> {
  const { answers, points } = await askInHalves(client, repositories, async (batch) => {
    const variables = Object.fromEntries(
      batch.flatMap(({ owner, name }, index) => [
        [`owner${index}`, owner],
        [`name${index}`, name],
      ]),
    );
    const query = repositoriesQuery(batch.length);
    const { data } = await queryGraphqlPartially(client, query, variables, ({ path }) => path.length > 0);
    const fields = z.record(z.string(), z.unknown()).parse(data);
    return {
      shown: batch.flatMap((_, index) => shown.safeParse(fields[`r${index}`]).data ?? []),
      points: cost.safeParse(data).data?.rateLimit.cost ?? 1,
    };
  });
  return {
    shown: answers.flatMap((each) => each.shown),
    points: answers.reduce((sum, each) => sum + each.points, points),
  };
}

export function repositoriesQuery(repositories: number): string {
  const indexes = Array.from({ length: repositories }, (_, index) => index);
  const variables = indexes.map((index) => `$owner${index}: String!, $name${index}: String!`).join(", ");
  const aliases = indexes.map(
    (index) => `r${index}: repository(owner: $owner${index}, name: $name${index}) { ...shown }`,
  );
  return /* GraphQL */ `
    query (${variables}) {
      rateLimit { cost }
      ${aliases.join("\n      ")}
    }
    fragment shown on Repository {
      databaseId
      name
      owner { login }
      isArchived
      defaultBranchRef { name }
    }
  `;
}
