import { readFileSync } from "node:fs";
import { buildSchema, extendSchema, parse } from "graphql";
import type { GraphQLSchema } from "graphql";

export interface ServerOptions {
  /** False: the schema of an older Enterprise Server, which lacks the field, and an enterprise's teams. */
  assignedActors: boolean;
}

/**
 * These types exist on github.com but not in the package with its public schema.
 * https://docs.github.com/enterprise-server@3.19/graphql/reference/interfaces#assignable
 * https://docs.github.com/graphql/reference/unions#requestedreviewer
 */
const newerTypes = /* GraphQL */ `
  type AssigneeConnection {
    edges: [AssigneeEdge]
    nodes: [Assignee]
    pageInfo: PageInfo!
    totalCount: Int!
  }
  type AssigneeEdge {
    cursor: String!
    node: Assignee
  }
  extend interface Assignable {
    assignedActors(after: String, before: String, first: Int, last: Int): AssigneeConnection!
  }
  extend type Issue {
    assignedActors(after: String, before: String, first: Int, last: Int): AssigneeConnection!
  }
  type EnterpriseTeam {
    id: ID!
    name: String!
    slug: String!
  }
  extend union RequestedReviewer = EnterpriseTeam
  extend type PullRequest {
    assignedActors(after: String, before: String, first: Int, last: Int): AssigneeConnection!
  }
`;

let older: GraphQLSchema | undefined;
let newer: GraphQLSchema | undefined;

/** Returns GitHub's public schema. It is not validated, because it repeats two fields and breaks the rules on deprecation. */
export function githubSchema(options: ServerOptions): GraphQLSchema {
  const entry = import.meta.resolve("@octokit/graphql-schema");
  older ??= buildSchema(readFileSync(new URL("schema.graphql", entry), "utf8"), {
    assumeValid: true,
    assumeValidSDL: true,
  });
  if (!options.assignedActors) return older;
  newer ??= extendSchema(older, parse(newerTypes), { assumeValid: true, assumeValidSDL: true });
  return newer;
}
