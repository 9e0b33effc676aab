import { z } from "zod";
import { toBudget, type Budget } from "./budget.ts";
import type { GitHubClient } from "./github-client.ts";
import { GraphqlError } from "./errors.ts";
import { parseAnswer } from "./parse-answer.ts";
import { toDate, type Answer } from "./get-page.ts";

const envelope = z.object({ data: z.unknown().optional() });

/** GitHub's error for a field that its schema lacks. https://github.com/shurcooL/githubv4/issues/98 */
const undefinedField = z
  .object({ code: z.literal("undefinedField"), typeName: z.string(), fieldName: z.string() })
  .transform(({ typeName, fieldName }) => `${typeName}.${fieldName}`)
  .optional()
  .catch(undefined);

/** Accepts any error: one that did not parse would be overlooked, and the null that it explains taken for a value. */
const refusal = z
  .object({
    type: z.string().catch("UNKNOWN"),
    message: z.string().catch("unknown reason"),
    path: z.array(z.union([z.string(), z.number()])).catch([]),
    extensions: undefinedField,
  })
  .catch({ type: "UNKNOWN", message: "unknown reason", path: [], extensions: undefined })
  .transform(({ extensions, ...error }) => ({ ...error, undefinedField: extensions }));

export type GraphqlRefusal = z.output<typeof refusal>;

/** Parses the `errors` of an answer, which GitHub sends with HTTP 200. */
export function graphqlErrors(answer: unknown): GraphqlRefusal[] {
  return z.object({ errors: z.array(refusal) }).safeParse(answer).data?.errors ?? [];
}

/** An answer with some fields missing. Each refusal names the path of a field that GitHub left null. */
export interface PartialAnswer extends Answer<unknown> {
  refusals: GraphqlRefusal[];
  budget: Budget | null;
}

/** Sends one GraphQL query. Throws a `GraphqlError` when the answer has `errors` that are not `tolerated`, even if it has data. */
export async function queryGraphqlPartially(
  client: GitHubClient,
  query: string,
  variables: Record<string, unknown>,
  tolerated: (refusal: GraphqlRefusal) => boolean,
): Promise<PartialAnswer> {
  const response = await client.request("POST /graphql", { query, variables });
  const refusals = graphqlErrors(response.data);
  const fatal = refusals.filter((each) => !tolerated(each));
  if (fatal.length > 0) throw new GraphqlError(fatal, response.headers);
  const { data } = parseAnswer(envelope, response.data, "GraphQL answer");
  return { data, refusals, date: toDate(response.headers.date), budget: toBudget(response.headers) };
}

/** Sends one GraphQL query like `queryGraphqlPartially` and parses the data. Throws an `UnreadableAnswerError` when it does not match. */
export async function queryGraphql<Data>(
  client: GitHubClient,
  schema: z.ZodType<Data>,
  query: string,
  variables: Record<string, unknown>,
  tolerated: (refusal: GraphqlRefusal) => boolean = () => false,
): Promise<Answer<Data> & { budget: Budget | null }> {
  const { data, date, budget } = await queryGraphqlPartially(client, query, variables, tolerated);
  return { data: parseAnswer(schema, data, "GraphQL answer"), date, budget };
}
