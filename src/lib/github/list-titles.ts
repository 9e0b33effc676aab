import { z } from "zod";
import { nodesOf } from "../records/graphql-lists.ts";
import { pageInfo } from "../records/graphql-page-info.ts";
import { text } from "../records/values.ts";
import { askInHalves } from "./ask-in-halves.ts";
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

const labels = z.object({
  totalCount: z.int(),
  pageInfo,
  nodes: nodesOf(z.object({ id: text, name: text })),
});
const milestones = z.object({
  totalCount: z.int(),
  pageInfo,
  nodes: nodesOf(z.object({ number: z.int(), title: text })),
});
const titled = z.object({
  databaseId: z.int(),
  labels: labels.nullable(),
  milestones: milestones.nullable(),
});

type Titled = z.output<typeof titled>;

const cost = z.object({ cost: z.int() }).nullish();

/** 50 repositories with two lists each are 100 lists, which cost one point. https://docs.github.com/graphql/overview/rate-limits-and-node-limits-for-the-graphql-api */
const answer = z.object({ rateLimit: cost }).catchall(titled.nullable().catch(null));

interface NamedRepository {
  owner: string;
  name: string;
}

interface ListedTitles {
  titles: RepositoryTitles[];
  points: number;
}

/**
 * Reads the labels and milestones of up to 50 repositories, for one point and one more for each further hundred in a repository. Repositories
 * that GitHub does not find by name, or cannot show, are left out.
 */
export async function listTitles(
  client: GitHubClient,
  repositories: readonly NamedRepository[],
): Promise<ListedTitles> {
  const { answers, points } = await askInHalves(client, repositories, (batch) => listBatch(client, batch));
  return {
    titles: answers.flatMap((each) => each.titles),
    points: answers.reduce((sum, each) => sum + each.points, points),
  };
}

async function listBatch(
  client: GitHubClient,
  repositories: readonly NamedRepository[],
): Promise<ListedTitles> {
  const variables = Object.fromEntries(
    repositories.flatMap(({ owner, name }, index) => [
      [`owner${index}`, owner],
      [`name${index}`, name],
    ]),
  );
  const query = titlesQuery(repositories.length);
  const { data, date } = await queryGraphql(client, answer, query, variables, isOfOne);
  const { rateLimit, ...found } = data;
  let points = rateLimit?.cost ?? 1;
  const titles: RepositoryTitles[] = [];
  for (const [alias, repository] of Object.entries(found)) {
    const asked = repositories[Number(alias.slice(1))];
    if (!repository || !asked) continue;
    const id = repository.databaseId;
    const listed = {
      labels: [...(repository.labels?.nodes ?? [])],
      milestones: [...(repository.milestones?.nodes ?? [])],
    };
    let last = repository;
    for (
      let after = afterPage(last, { labels: null, milestones: null });
      after;
      after = afterPage(last, after)
    ) {
      const next = await nextPage(client, asked, after);
      points += next.points;
      if (next.repository?.databaseId !== id) break;
      last = next.repository;
      listed.labels.push(...(last.labels?.nodes ?? []));
      listed.milestones.push(...(last.milestones?.nodes ?? []));
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

interface Cursors {
  labels: string | null;
  milestones: string | null;
}

/** The cursors after a page that was read after `before`. Null when no list has a page that was not read. */
function afterPage(
  { labels: labelPage, milestones: milestonePage }: Titled,
  before: Cursors,
): Cursors | null {
  // An empty page, and a list that GitHub cannot show, have no cursor.
  const after = {
    labels: labelPage?.pageInfo.endCursor ?? before.labels,
    milestones: milestonePage?.pageInfo.endCursor ?? before.milestones,
  };
  const continues =
    (labelPage?.pageInfo.hasNextPage && after.labels !== before.labels) ||
    (milestonePage?.pageInfo.hasNextPage && after.milestones !== before.milestones);
  return continues ? after : null;
}

async function nextPage(client: GitHubClient, repository: NamedRepository, after: Cursors) {
  const { data } = await queryGraphql(
    client,
    z.object({ rateLimit: cost, repository: titled.nullable().catch(null) }),
    nextTitlesQuery,
    { owner: repository.owner, name: repository.name, ...after },
    isOfOne,
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

/** True for an error of one repository, whose null says the same. */
function isOfOne({ path }: { path: readonly unknown[] }): boolean {
  return path.length > 0;
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
