import { z } from "zod";
import { graphqlLists, type GraphqlLists } from "../records/graphql-lists.ts";
import { isHidden } from "../records/read-graphql-pull-request.ts";
import type { Budget } from "./budget.ts";
import type { GitHubClient } from "./github-client.ts";
import { parseAnswer } from "./parse-answer.ts";
import { queryGraphqlPartially } from "./query-graphql.ts";
import { toListsQuery, type ListName } from "./sync-queries.ts";

/** A list of a pull request and the cursor of its next page. `id` is the pull request's node id. */
export interface OpenList {
  id: string;
  list: ListName;
  after: string | null;
}

export interface MorePages {
  /** In the given order. Null for a pull request that no longer exists. Each has only the requested list. */
  lists: ((GraphqlLists & { headRefOid: string }) | null)[];
  /** The indexes of lists that GitHub withheld or that cannot be read. */
  failed: number[];
  date: string;
  points: number;
  budget: Budget | null;
}

const list = graphqlLists.extend({ headRefOid: z.string() });
const rateLimit = z.object({ cost: z.int() });

/** Reads the next pages of several pull requests' lists in one query, up to 100 items each. */
export async function listMore(client: GitHubClient, open: readonly OpenList[]): Promise<MorePages> {
  const variables = Object.fromEntries(
    open.flatMap(({ id, after }, index) => [
      [`id${index}`, id],
      [`after${index}`, after],
    ]),
  );
  const query = toListsQuery(open.map((each) => each.list));
  const answer = await queryGraphqlPartially(client, query, variables, ({ path }) => path.length > 0);
  const fields = parseAnswer(z.record(z.string(), z.unknown()), answer.data, "lists");
  const pages: MorePages = {
    lists: [],
    failed: [],
    date: answer.date,
    points: rateLimit.safeParse(fields["rateLimit"]).data?.cost ?? 1,
    budget: answer.budget,
  };
  for (const [index, each] of open.entries()) {
    const key = `list${index}`;
    const refusals = answer.refusals.filter((refusal) => refusal.path[0] === key && !isHidden(refusal));
    const isGone = refusals.some(({ type, path }) => type === "NOT_FOUND" && path.length === 1);
    const { data = null } = list.safeParse(fields[key]);
    pages.lists.push(data);
    if (!isGone && (refusals.length > 0 || !data?.[each.list])) pages.failed.push(index);
  }
  return pages;
}
