import { z } from "zod";
import { toBudget, type Budget } from "./budget.ts";
import type { GitHubClient } from "./client.ts";
import { GraphqlError } from "./errors.ts";
import { toDate, type Answer } from "./get-page.ts";

const envelope = z.object({ data: z.unknown().optional() });

const refusal = z.object({
  type: z.string().default("UNKNOWN"),
  message: z.string(),
  path: z.array(z.union([z.string(), z.number()])).default([]),
});

export type GraphqlRefusal = z.output<typeof refusal>;

/** What an answer's `errors` say, which GitHub sends with HTTP 200. */
export function graphqlErrors(answer: unknown): GraphqlRefusal[] {
  return z.object({ errors: z.array(refusal) }).safeParse(answer).data?.errors ?? [];
}

/**
 * One GraphQL query. Throws a `GraphqlError` for an answer with `errors`, even one with some data; those that are `tolerated` leave null
 * where they occur, and are no error.
 */
export async function queryGraphql<Data>(
  client: GitHubClient,
  schema: z.ZodType<Data>,
  query: string,
  variables: Record<string, unknown>,
  tolerated: (refusal: GraphqlRefusal) => boolean = () => false,
): Promise<Answer<Data> & { budget: Budget | null }> {
  const response = await client.request("POST /graphql", { query, variables });
  const refusals = graphqlErrors(response.data).filter((each) => !tolerated(each));
  if (refusals.length > 0) throw new GraphqlError(refusals, response.headers);
  const { data } = envelope.parse(response.data);
  return {
    data: schema.parse(data),
    date: toDate(response.headers.date),
    budget: toBudget(response.headers),
  };
}
