import { once } from "node:events";
import { GraphQLError, execute, getNamedType, isLeafType, parse, validate } from "graphql";
import type { DocumentNode, GraphQLFieldResolver, GraphQLTypeResolver } from "graphql";
import { z } from "zod";
import { remaining } from "../budget.ts";
import { nameOf } from "../credentials.ts";
import { applyWrongValues, applyPoison, withoutPoisoned } from "../poison.ts";
import type { QueryFaults } from "../poison.ts";
import { ok, refusal } from "../reply.ts";
import type { Reply } from "../reply.ts";
import { accountFields } from "./account-fields.ts";
import { checkPaging, githubError } from "./connection.ts";
import type { Connection } from "./connection.ts";
import { costOf } from "./points.ts";
import { pullRequestFields } from "./pull-request-fields.ts";
import { queryFields } from "./query-fields.ts";
import { repositoryFields } from "./repository-fields.ts";
import type { Args, Fields, FieldsOf, QueryContext } from "./resolver.ts";
import { reviewFields } from "./review-fields.ts";
import { githubSchema, type ServerOptions } from "./schema.ts";

const maxNodes = 500_000;

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

/** Resolves a field and applies the faults of its item. */
const resolveWithFaults: GraphQLFieldResolver<unknown, QueryContext> = (
  source,
  args: Args,
  context,
  info,
) => {
  const { itemFaults } = context.world;
  applyPoison(itemFaults, context.faults, source, info);
  return withoutPoisoned(itemFaults, resolveField(source, args, context, info));
};

/**
 * Resolves a field. A scalar without a resolver is the state's property of the same name. Any other field without one is an error, because null
 * would look like an answer from GitHub.
 */
const resolveField: GraphQLFieldResolver<unknown, QueryContext> = (source, args: Args, context, info) => {
  const { parentType, fieldName, returnType } = info;
  if (getNamedType(returnType).name.endsWith("Connection")) checkPaging(args, info);
  if (/(Edge|PageInfo)$/.test(parentType.name)) return Reflect.get(Object(source), fieldName);
  if (context.world.hiddenFields.has(`${parentType.name}.${fieldName}`)) {
    throw githubError("FORBIDDEN", "Resource not accessible by integration");
  }
  const resolver = parentType.name.endsWith("Connection")
    ? connectionFields[fieldName]
    : types[parentType.name]?.[fieldName];
  if (resolver) return resolver(source, args, context, info);
  const stored: unknown = Reflect.get(Object(source), fieldName);
  if (
    !isLeafType(getNamedType(returnType)) ||
    stored === undefined ||
    (typeof stored === "object" && stored !== null)
  ) {
    context.unexpected.push(`${parentType.name}.${fieldName}`);
    throw new GraphQLError(`The fake GitHub does not resolve ${parentType.name}.${fieldName}`);
  }
  return stored;
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
  if (source.kind === "account") return source.type;
  return source.kind === "team" && source.type === "enterprise" ? "EnterpriseTeam" : typeNames[source.kind];
};

function isEntity(source: unknown): source is { kind: string; type?: string } {
  return typeof source === "object" && source !== null && "kind" in source;
}

const documents = {
  newer: new Map<string, DocumentNode | readonly GraphQLError[]>(),
  older: new Map<string, DocumentNode | readonly GraphQLError[]>(),
};

/** Parses and validates a query against GitHub's schema, once for each text. */
function documentOf(server: ServerOptions, query: string): DocumentNode | readonly GraphQLError[] {
  const checked = documents[server.assignedActors ? "newer" : "older"];
  const known = checked.get(query);
  if (known) return known;
  let result: DocumentNode | readonly GraphQLError[];
  try {
    result = parse(query);
    const errors = validate(githubSchema(server), result);
    if (errors.length > 0) result = errors;
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error;
    result = [error];
  }
  if (checked.size > 500) checked.clear();
  checked.set(query, result);
  return result;
}

export interface GraphqlAnswer {
  reply: Reply;
  cost: number;
  query: string | null;
  variables: Record<string, unknown> | null;
}

/** Answers a query and charges its cost, which does not depend on the result. Errors in the query are answered with HTTP 200. */
export async function answerGraphql(
  { world, credential, budget, unexpected }: Omit<QueryContext, "cost" | "faults">,
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
  const document = documentOf(world, query);
  if (!("kind" in document))
    return { cost: 0, query, variables, reply: ok({ errors: document.map(toErrorJson) }) };
  const cost = costOf(document, variables, operationName);
  if (cost.nodes > maxNodes) {
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
    const message = `API rate limit already exceeded for ${nameOf(credential)}.`;
    return {
      cost: 0,
      query,
      variables,
      reply: ok({ errors: [{ type: "RATE_LIMIT", code: "graphql_rate_limit", message }] }),
    };
  }
  budget.used += cost.points;
  const faults: QueryFaults = { failure: null, wrongValues: [] };
  const context: QueryContext = { world, credential, budget, cost, unexpected, faults };
  const result = await execute({
    schema: githubSchema(world),
    document,
    contextValue: context,
    variableValues: variables,
    ...(operationName !== null && { operationName }),
    fieldResolver: resolveWithFaults,
    typeResolver: resolveType,
  });
  if (faults.failure?.mode === "hang") await abandoned(request.signal);
  if (faults.failure?.mode === "fail")
    return { cost: cost.points, query, variables, reply: gatewayError(faults.failure.status) };
  applyWrongValues(result.data, faults);
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

/** The answer of GitHub's gateway to a query that runs too long. The query is charged anyway. */
function gatewayError(status: 502 | 504 = 502): Reply {
  return {
    status,
    body: {
      message:
        "We couldn't respond to your request in time. Sorry about that. Please try resubmitting your request and contact us if the problem persists.",
    },
  };
}

/** Waits until the client gives up, then rejects. */
async function abandoned(signal: AbortSignal): Promise<never> {
  if (!signal.aborted) await once(signal, "abort");
  throw new Error("The client gave up.");
}

/** Converts an error to GitHub's format, with `type` beside `message` and GitHub's message for an undefined field. */
function toErrorJson({ message, path, locations, extensions: { type, ...extensions } }: GraphQLError) {
  // https://github.com/shurcooL/githubv4/issues/98
  const [, fieldName, typeName] = /^Cannot query field "(\w+)" on type "(\w+)"/.exec(message) ?? [];
  if (fieldName !== undefined) {
    return {
      locations,
      extensions: { code: "undefinedField", typeName, fieldName },
      message: `Field '${fieldName}' doesn't exist on type '${typeName}'`,
    };
  }
  return {
    ...(typeof type === "string" && { type }),
    ...(path && { path }),
    ...(Object.keys(extensions).length > 0 && { extensions }),
    ...(locations && { locations }),
    message,
  };
}
