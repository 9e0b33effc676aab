import { z } from "zod";
import { graphqlLists, type GraphqlLists } from "../records/graphql-objects.ts";
import type { Budget } from "./budget.ts";
import type { GitHubClient } from "./client.ts";
import { queryGraphql } from "./query-graphql.ts";
import { isHidden, toListsQuery, type ListName } from "./sync-queries.ts";

/** A list of a pull request, and where its next page begins. `id` is the pull request's node id. */
export interface OpenList {
  id: string;
  list: ListName;
  after: string | null;
}

/** `lists` are in the order asked for; null for a pull request that is gone. Of each, only the list asked for is there. */
export interface MorePages {
  lists: ((GraphqlLists & { headRefOid: string }) | null)[];
  date: string;
  points: number;
  budget: Budget | null;
}

const list = graphqlLists.extend({ headRefOid: z.string() }).nullable();
const rateLimit = z.object({ cost: z.int() });

/** One query for the next pages, of up to 100 items each, of several pull requests' lists. */
export async function listMore(client: GitHubClient, open: readonly OpenList[]): Promise<MorePages> {
  const variables = Object.fromEntries(
    open.flatMap(({ id, after }, index) => [
      [`id${index}`, id],
      [`after${index}`, after],
    ]),
  );
  const schema = z.record(z.string(), z.unknown());
  const { data, date, budget } = await queryGraphql(
    client,
    schema,
    toListsQuery(open.map((each) => each.list)),
    variables,
    (refusal) => isHidden(refusal) || (refusal.type === "NOT_FOUND" && refusal.path.length === 1),
  );
  return {
    lists: open.map((_, index) => list.parse(data[`list${index}`])),
    date,
    points: rateLimit.safeParse(data["rateLimit"]).data?.cost ?? 1,
    budget,
  };
}
