import { GraphQLError, execute, getNamedType, parse, validate } from "graphql";
import type { DocumentNode, GraphQLFieldResolver, GraphQLTypeResolver } from "graphql";
import { z } from "zod";
import { remaining } from "../budget.ts";
import { who } from "../credentials.ts";
import { ok, refusal } from "../reply.ts";
import type { Reply } from "../reply.ts";
import { accountFields } from "./account-fields.ts";
import { checkPaging } from "./connection.ts";
import type { Connection } from "./connection.ts";
import { costOf } from "./points.ts";
import { pullRequestFields } from "./pull-request-fields.ts";
import { queryFields } from "./query-fields.ts";
import { repositoryFields } from "./repository-fields.ts";
import type { Args, Fields, FieldsOf, QueryContext } from "./resolver.ts";
import { reviewFields } from "./review-fields.ts";
import { githubSchema } from "./schema.ts";

const mostNodes = 500_000;

const types: Record<string, Fields> = {
  ...queryFields,
  ...accountFields,
  ...repositoryFields,
  ...pullRequestFields,
  ...reviewFields,
};

const connectionFields: Fields = {
  nodes: ({ nodes }) => nodes,
  edges: ({ nodes, cursors }) => nodes.map((node, index) => ({ node, cursor: cursors[index] })),
  totalCount: ({ totalCount }) => totalCount,
  pageInfo: ({ cursors, hasNextPage, hasPreviousPage }) => ({
    hasNextPage,
    hasPreviousPage,
    startCursor: cursors[0] ?? null,
    endCursor: cursors.at(-1) ?? null,
  }),
} satisfies FieldsOf<Connection>;

/** A field that nobody wrote a resolver for is an error in the answer: null would look like GitHub's. */
const resolveField: GraphQLFieldResolver<unknown, QueryContext> = (source, args: Args, context, info) => {
  const { parentType, fieldName, returnType } = info;
  if (getNamedType(returnType).name.endsWith("Connection")) checkPaging(args, info);
  if (/(Edge|PageInfo)$/.test(parentType.name)) return Reflect.get(Object(source), fieldName);
  const resolver = parentType.name.endsWith("Connection")
    ? connectionFields[fieldName]
    : types[parentType.name]?.[fieldName];
  if (!resolver) {
    context.unexpected.push(`${parentType.name}.${fieldName}`);
    throw new GraphQLError(`The stand-in does not resolve ${parentType.name}.${fieldName}`);
  }
  return resolver(source, args, context, info);
};

const typeNames: Record<string, string> = {
  issue: "Issue",
  issue_comment: "IssueComment",
  label: "Label",
  milestone: "Milestone",
  pull_request: "PullRequest",
  repository: "Repository",
  review: "PullRequestReview",
  review_comment: "PullRequestReviewComment",
  team: "Team",
  thread: "PullRequestReviewThread",
};

const resolveType: GraphQLTypeResolver<unknown, QueryContext> = (source) => {
  if (!isEntity(source)) return undefined;
  return source.kind === "account" ? source.type : typeNames[source.kind];
};

function isEntity(source: unknown): source is { kind: string; type?: string } {
  return typeof source === "object" && source !== null && "kind" in source;
}

const documents = new Map<string, DocumentNode | readonly GraphQLError[]>();

/** Parsed and checked against GitHub's schema, once for each text. */
function documentOf(query: string): DocumentNode | readonly GraphQLError[] {
  const known = documents.get(query);
  if (known) return known;
  let result: DocumentNode | readonly GraphQLError[];
  try {
    result = parse(query);
    const errors = validate(githubSchema(), result);
    if (errors.length > 0) result = errors;
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error;
    result = [error];
  }
  if (documents.size > 500) documents.clear();
  documents.set(query, result);
  return result;
}

export interface GraphqlAnswer {
  reply: Reply;
  cost: number;
  query: string | null;
  variables: Record<string, unknown> | null;
}

/** Charges the budget by the query's form, whatever comes of it. Errors in the query are told in HTTP 200. */
export async function answerGraphql(
  { world, credential, budget, unexpected }: Omit<QueryContext, "cost">,
  request: Request,
): Promise<GraphqlAnswer> {
  const nothing = { cost: 0, query: null, variables: null };
  if (request.method !== "POST") return { ...nothing, reply: refusal(404, "Not Found") };
  if (credential.kind === "anonymous") {
    return {
      ...nothing,
      reply: refusal(
        403,
        "API rate limit exceeded for 127.0.0.1. (But here's the good news: Authenticated requests get a higher rate limit.)",
      ),
    };
  }
  if (credential.kind === "app") return { ...nothing, reply: refusal(401, "Bad credentials") };
  const asked = await parseBody(request);
  if ("status" in asked) return { ...nothing, reply: asked };

  const { query, variables, operationName } = asked;
  const document = documentOf(query);
  if (!("kind" in document))
    return { cost: 0, query, variables, reply: ok({ errors: document.map(toErrorJson) }) };
  const cost = costOf(document, variables, operationName);
  if (cost.nodes > mostNodes) {
    const message = `This query requests up to ${cost.nodes.toLocaleString("en")} possible nodes which exceeds the maximum limit of 500,000.`;
    return {
      cost: 0,
      query,
      variables,
      reply: ok({ errors: [{ type: "MAX_NODE_LIMIT_EXCEEDED", message }] }),
    };
  }
  if (remaining(budget) < cost.points) {
    budget.used = budget.limit;
    const message = `API rate limit already exceeded for ${who(credential)}.`;
    return {
      cost: 0,
      query,
      variables,
      reply: ok({ errors: [{ type: "RATE_LIMIT", code: "graphql_rate_limit", message }] }),
    };
  }
  budget.used += cost.points;
  const context: QueryContext = { world, credential, budget, cost, unexpected };
  const result = await execute({
    schema: githubSchema(),
    document,
    contextValue: context,
    variableValues: variables,
    ...(operationName !== null && { operationName }),
    fieldResolver: resolveField,
    typeResolver: resolveType,
  });
  const body = {
    ...("data" in result && { data: result.data }),
    ...(result.errors && { errors: result.errors.map(toErrorJson) }),
  };
  return { cost: cost.points, query, variables, reply: ok(body) };
}

const bodySchema = z.object({
  query: z.string(),
  variables: z
    .record(z.string(), z.unknown())
    .nullish()
    .transform((variables) => variables ?? {}),
  operationName: z
    .string()
    .nullish()
    .transform((name) => name ?? null),
});

type Asked = z.infer<typeof bodySchema>;

async function parseBody(request: Request): Promise<Asked | Reply> {
  let body: unknown;
  try {
    body = await request.json();
  } catch {
    return refusal(400, "Problems parsing JSON");
  }
  const asked = bodySchema.safeParse(body);
  return asked.success
    ? asked.data
    : refusal(400, "A query attribute must be specified and must be a string.");
}

/** GitHub puts an error's type beside its message. */
function toErrorJson({ message, path, locations, extensions }: GraphQLError) {
  const type = extensions["type"];
  return {
    ...(typeof type === "string" && { type }),
    ...(path && { path }),
    ...(locations && { locations }),
    message,
  };
}
