import { z } from "zod";
import { toBudget, type Budget } from "./budget.ts";
import type { GitHubClient } from "./client.ts";
import { GraphqlError } from "./errors.ts";
import { toDate, type Answer } from "./get-page.ts";

const envelope = z.object({
  data: z.unknown(),
  errors: z.array(z.object({ type: z.string().default("UNKNOWN"), message: z.string() })).optional(),
});

/** One GraphQL query. Throws a `GraphqlError` for an answer with `errors`, even one with some data. */
export async function queryGraphql<Data>(
  client: GitHubClient,
  schema: z.ZodType<Data>,
  query: string,
  variables: Record<string, unknown>,
): Promise<Answer<Data> & { budget: Budget | null }> {
  const response = await client.request("POST /graphql", { query, variables });
  const { data, errors } = envelope.parse(response.data);
  if (errors) throw new GraphqlError(errors, response.headers);
  return {
    data: schema.parse(data),
    date: toDate(response.headers.date),
    budget: toBudget(response.headers),
  };
}
