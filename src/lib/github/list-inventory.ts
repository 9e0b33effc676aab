/**
 * An inventory lists a repository's pull requests with the lengths of their lists, 100 of them for one point. GraphQL is used because
 * REST has no counts. REST is the fallback, because a single pull request can make every GraphQL page that contains it fail.
 */
import { z } from "zod";
import { timestamp } from "../records/values.ts";
import { pageInfo } from "../records/graphql-page-info.ts";
import type { InventoryItem } from "../records/inventory.ts";
import type { Budget } from "./budget.ts";
import type { GitHubClient } from "./github-client.ts";
import { refuseAnother } from "./confirm-name.ts";
import { nextCursor } from "./next-cursor.ts";
import { parseAnswer } from "./parse-answer.ts";
import { queryGraphqlPartially } from "./query-graphql.ts";
import type { Listing } from "./read-page.ts";

/**
 * `created` lists the oldest first. New pull requests are added at the end, so the list never shifts. `updated` lists the latest update
 * first. A pull request that is updated in the meantime moves to the front, where the next inventory finds it.
 */
export type InventoryOrder = "created" | "updated";

export const inventoryQuery = /* GraphQL */ `
  query inventory($owner: String!, $name: String!, $first: Int!, $after: String, $orderBy: IssueOrder!) {
    rateLimit {
      cost
    }
    repository(owner: $owner, name: $name) {
      databaseId
      pullRequests(first: $first, after: $after, orderBy: $orderBy) {
        totalCount
        pageInfo {
          hasNextPage
          endCursor
        }
        nodes {
          id
          number
          createdAt
          updatedAt
          totalCommentsCount
          comments {
            totalCount
          }
          reviews {
            totalCount
          }
        }
      }
    }
  }
`;

const count = z.object({ totalCount: z.int().nonnegative() }).nullish();

const inventoryNode = z.object({
  id: z.string(),
  number: z.int32().positive(),
  createdAt: timestamp,
  updatedAt: timestamp,
  totalCommentsCount: z.int().nonnegative().nullish(),
  comments: count,
  reviews: count,
});

const answer = z.object({
  rateLimit: z.object({ cost: z.int() }).nullish(),
  repository: z.object({
    databaseId: z.int(),
    pullRequests: z.object({
      totalCount: z.int().nonnegative(),
      pageInfo,
      nodes: z.array(z.unknown()).nullable(),
    }),
  }),
});

export interface InventoryPage {
  items: InventoryItem[];
  /** The number of pull requests in the repository. */
  total: number;
  /** The number of pull requests on the page that GitHub withheld or that cannot be read. */
  unreadable: number;
  /** The cursor of the next page. Null at the end. */
  cursor: string | null;
  date: string;
  points: number;
  budget: Budget | null;
}

/** Reads one page with GraphQL. Throws a `GoneError` when another repository has taken the name. */
export async function listInventory(
  client: GitHubClient,
  repository: { id: number; owner: string; name: string },
  { order, first, after }: { order: InventoryOrder; first: number; after: string | null },
): Promise<InventoryPage> {
  const { owner, name } = repository;
  const orderBy =
    order === "created"
      ? { field: "CREATED_AT", direction: "ASC" }
      : { field: "UPDATED_AT", direction: "DESC" };
  const { data, date, budget } = await queryGraphqlPartially(
    client,
    inventoryQuery,
    { owner, name, first, after, orderBy },
    ({ path }) => path.slice(0, 3).join("/") === "repository/pullRequests/nodes",
  );
  const { rateLimit, repository: found } = parseAnswer(answer, data, "inventory");
  refuseAnother(repository, found.databaseId);
  const { totalCount, pageInfo: shown, nodes } = found.pullRequests;
  const items = (nodes ?? []).flatMap((node) => toInventoryItem(node) ?? []);
  return {
    items,
    total: totalCount,
    unreadable: nodes ? nodes.length - items.length : first,
    cursor: nextCursor(shown, after),
    date,
    points: rateLimit?.cost ?? 1,
    budget,
  };
}

/** Returns null when the node cannot be read. GraphQL counts review comments only together with issue comments. */
function toInventoryItem(node: unknown): InventoryItem | null {
  const { data } = inventoryNode.safeParse(node);
  if (!data) return null;
  const issueComments = data.comments?.totalCount ?? null;
  const allComments = data.totalCommentsCount ?? null;
  return {
    number: data.number,
    node_id: data.id,
    created_at: data.createdAt,
    updated_at: data.updatedAt,
    reviews: data.reviews?.totalCount ?? null,
    issue_comments: issueComments,
    review_comments:
      issueComments === null || allComments === null ? null : Math.max(allComments - issueComments, 0),
  };
}

const listedPullRequest = z
  .object({
    number: z.int32().positive(),
    node_id: z.string(),
    created_at: timestamp,
    updated_at: timestamp,
    base: z.object({ repo: z.object({ id: z.int() }).nullish() }).nullish(),
  })
  .transform(({ base, ...item }): ListedPullRequest => ({
    repositoryId: base?.repo?.id ?? null,
    item: { ...item, reviews: null, issue_comments: null, review_comments: null },
  }));

/** `repositoryId` is null when GitHub does not show it. */
interface ListedPullRequest {
  repositoryId: number | null;
  item: InventoryItem;
}

/** Lists the same pull requests with REST, without counts. https://docs.github.com/rest/pulls/pulls#list-pull-requests */
export function pullRequestsOfRepository(
  { owner, name }: { owner: string; name: string },
  order: InventoryOrder,
): Listing<ListedPullRequest> {
  return {
    noun: "pull request",
    route: "GET /repos/{owner}/{repo}/pulls",
    parameters: {
      owner,
      repo: name,
      state: "all",
      sort: order,
      direction: order === "created" ? "asc" : "desc",
    },
    item: listedPullRequest,
  };
}
