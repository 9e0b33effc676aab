import { z } from "zod";
import { toBudget, type Budget } from "./budget.ts";
import type { GitHubClient } from "./client.ts";
import { GraphqlError } from "./errors.ts";
import { toDate, type Answer } from "./get-page.ts";

const envelope = z.object({ data: z.unknown() });

const refusal = z.object({ type: z.string().default("UNKNOWN"), message: z.string() });

/** What an answer's `errors` say, which GitHub sends with HTTP 200. */
export function graphqlErrors(answer: unknown): z.output<typeof refusal>[] {
  return z.object({ errors: z.array(refusal) }).safeParse(answer).data?.errors ?? [];
}

/**
 * One GraphQL query. Throws a `GraphqlError` for an answer with `errors`, even one with some data; those of the types in `tolerated` leave
 * null where they occur, and are no error.
 */
export async function queryGraphql<Data>(
  client: GitHubClient,
  schema: z.ZodType<Data>,
  query: string,
  variables: Record<string, unknown>,
  tolerated: readonly string[] = [],
): Promise<Answer<Data> & { budget: Budget | null }> {
  const response = await client.request("POST /graphql", { query, variables });
  const { data } = envelope.parse(response.data);
  const refusals = graphqlErrors(response.data).filter(({ type }) => !tolerated.includes(type));
  if (refusals.length > 0) throw new GraphqlError(refusals, response.headers);
  return {
    data: schema.parse(data),
    date: toDate(response.headers.date),
    budget: toBudget(response.headers),
  };
}
