import { z } from "zod";
import { text } from "../records/values.ts";
import type { GitHubClient } from "./github-client.ts";
import { queryGraphql } from "./query-graphql.ts";

/** A repository's labels and milestones. A list is null when it changed while it was read. */
export interface RepositoryTitles {
  id: number;
  /** GitHub's time of the first answer. */
  fetched_at: string;
  labels: { id: string; name: string }[] | null;
  milestones: { number: number; title: string }[] | null;
}

const pageInfo = z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullable() });
const labels = z.object({
  totalCount: z.int(),
  pageInfo,
  nodes: z.array(z.object({ id: text, name: text })),
});
const milestones = z.object({
  totalCount: z.int(),
  pageInfo,
  nodes: z.array(z.object({ number: z.int(), title: text })),
});
const titled = z.object({
  databaseId: z.int(),
  labels: labels.nullable(),
  milestones: milestones.nullable(),
});

const cost = z.object({ cost: z.int() }).nullish();

/** 50 repositories with two lists each are 100 lists, which cost one point. https://docs.github.com/graphql/overview/rate-limits-and-node-limits-for-the-graphql-api */
const answer = z.object({ rateLimit: cost }).catchall(titled.nullable());

/**
 * Reads the labels and milestones of up to 50 repositories, for one point and one more for each further hundred in a repository. Repositories
 * that GitHub does not find by name are left out.
 */
export async function listTitles(
  client: GitHubClient,
  repositories: readonly { owner: string; name: string }[],
): Promise<{ titles: RepositoryTitles[]; points: number }> {
  const variables = Object.fromEntries(
    repositories.flatMap(({ owner, name }, index) => [
      [`owner${index}`, owner],
      [`name${index}`, name],
    ]),
  );
  const query = titlesQuery(repositories.length);
  const { data, date } = await queryGraphql(client, answer, query, variables, isNotFound);
  const { rateLimit, ...found } = data;
  let points = rateLimit?.cost ?? 1;
  const titles: RepositoryTitles[] = [];
  for (const [alias, repository] of Object.entries(found)) {
    const asked = repositories[Number(alias.slice(1))];
    if (!repository || !asked) continue;
    const id = repository.databaseId;
    const listed = { labels: nodesOf(repository.labels), milestones: nodesOf(repository.milestones) };
    const after = { labels: cursorOf(repository.labels), milestones: cursorOf(repository.milestones) };
    let last = repository;
    while (last.labels?.pageInfo.hasNextPage || last.milestones?.pageInfo.hasNextPage) {
      const next = await nextPage(client, asked, after);
      points += next.points;
      if (next.repository?.databaseId !== id) break;
      last = next.repository;
      listed.labels.push(...nodesOf(last.labels));
      listed.milestones.push(...nodesOf(last.milestones));
      after.labels = cursorOf(last.labels) ?? after.labels; // an empty page has no cursor
      after.milestones = cursorOf(last.milestones) ?? after.milestones;
    }
    titles.push({
      id,
      fetched_at: date,
      labels: listed.labels.length === last.labels?.totalCount ? listed.labels : null,
      milestones: listed.milestones.length === last.milestones?.totalCount ? listed.milestones : null,
    });
  }
  return { titles, points };
}

function nodesOf<Node>(list: { nodes: Node[] } | null): Node[] {
  return [...(list?.nodes ?? [])];
}

function cursorOf(list: { pageInfo: { endCursor: string | null } } | null): string | null {
  return list?.pageInfo.endCursor ?? null;
}

async function nextPage(
  client: GitHubClient,
  repository: { owner: string; name: string },
  after: { labels: string | null; milestones: string | null },
) {
  const { data } = await queryGraphql(
    client,
    z.object({ rateLimit: cost, repository: titled.nullable() }),
    nextTitlesQuery,
    { owner: repository.owner, name: repository.name, ...after },
    isNotFound,
  );
  return { repository: data.repository, points: data.rateLimit?.cost ?? 1 };
}

/**
 * Reads the current names of labels and milestones by their node ids. Deleted ones are left out. `titles` is null when the repository cannot
 * be seen, because then a missing one proves nothing.
 */
export async function getTitles(
  client: GitHubClient,
  repository: { id: number; owner: string; name: string },
  ids: readonly string[],
): Promise<{ titles: Map<string, string> | null; date: string; points: number }> {
  const { data, date } = await queryGraphql(
    client,
    z.object({
      rateLimit: cost,
      repository: z.object({ databaseId: z.int() }).nullable(),
      nodes: z.array(z.object({ name: text.optional(), title: text.optional() }).nullable()),
    }),
    nodesQuery,
    { owner: repository.owner, name: repository.name, ids },
    isNotFound,
  );
  const points = data.rateLimit?.cost ?? 1;
  if (data.repository?.databaseId !== repository.id) return { titles: null, date, points };
  const titles = new Map<string, string>();
  for (const [index, node] of data.nodes.entries()) {
    const [id, title] = [ids[index], node?.name ?? node?.title];
    if (id !== undefined && title !== undefined) titles.set(id, title);
  }
  return { titles, date, points };
}

function isNotFound({ type }: { type: string }): boolean {
  return type === "NOT_FOUND";
}

/** Ordered by creation, because a rename does not change that order. */
const lists = (labelsAfter = "", milestonesAfter = "") => /* GraphQL */ `
      databaseId
      labels(first: 100${labelsAfter}, orderBy: { field: CREATED_AT, direction: ASC }) {
        totalCount
        pageInfo { hasNextPage endCursor }
        nodes { id name }
      }
      milestones(first: 100${milestonesAfter}, states: [OPEN, CLOSED], orderBy: { field: CREATED_AT, direction: ASC }) {
        totalCount
        pageInfo { hasNextPage endCursor }
        nodes { number title }
      }`;

export function titlesQuery(repositories: number): string {
  const indexes = Array.from({ length: repositories }, (_, index) => index);
  const variables = indexes.map((index) => `$owner${index}: String!, $name${index}: String!`).join(", ");
  const aliases = indexes.map(
    (index) => `r${index}: repository(owner: $owner${index}, name: $name${index}) { ...titles }`,
  );
  return /* GraphQL */ `
    query (${variables}) {
      rateLimit { cost }
      ${aliases.join("\n      ")}
    }
    fragment titles on Repository {${lists()}
    }
  `;
}

export const nextTitlesQuery = /* GraphQL */ `
  query ($owner: String!, $name: String!, $labels: String, $milestones: String) {
    rateLimit { cost }
    repository(owner: $owner, name: $name) {${lists(", after: $labels", ", after: $milestones")}
    }
  }
`;

export const nodesQuery = /* GraphQL */ `
  query ($owner: String!, $name: String!, $ids: [ID!]!) {
    rateLimit {
      cost
    }
    repository(owner: $owner, name: $name) {
      databaseId
    }
    nodes(ids: $ids) {
      ... on Label {
        name
      }
      ... on Milestone {
        title
      }
    }
  }
`;
