import { readFileSync } from "node:fs";
import { buildSchema } from "graphql";
import type { GraphQLSchema } from "graphql";

let built: GraphQLSchema | undefined;

/** GitHub's public schema. Its text repeats two fields and bends the rules on deprecation, so it is taken as valid. */
export function githubSchema(): GraphQLSchema {
  const entry = import.meta.resolve("@octokit/graphql-schema");
  built ??= buildSchema(readFileSync(new URL("schema.graphql", entry), "utf8"), {
    assumeValid: true,
    assumeValidSDL: true,
  });
  return built;
}
