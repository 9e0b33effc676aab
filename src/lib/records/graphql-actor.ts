import { z } from "zod";
import type { GitHubAccount } from "./account.ts";
import { text } from "./values.ts";

/** GraphQL writes 64-bit ids as text. */
export const databaseId = z.coerce.number().int().positive();

export const actorFragment = /* GraphQL */ `
  fragment actor on Actor {
    __typename
    login
    ... on User {
      databaseId
    }
    ... on Bot {
      databaseId
    }
    ... on Mannequin {
      databaseId
    }
    ... on Organization {
      databaseId
    }
  }
`;

/** Null: the account was deleted. https://docs.github.com/graphql/reference/interfaces#comment */
export const actorSchema = z
  .object({ __typename: text, login: text.optional(), databaseId: databaseId.nullish() })
  .nullish();

export type GraphqlActor = z.output<typeof actorSchema>;

/**
 * Null for a deleted account, and for the few kinds of account that have no id. A bot's GraphQL login is its App's slug. REST appends `[bot]`
 * for most bots and has other names for some (`Copilot` for two of them), so the login is marked as derived.
 */
export function fromGraphqlActor(actor: GraphqlActor): GitHubAccount | null {
  if (!actor?.databaseId) return null;
  const { __typename: type, databaseId: id, login } = actor;
  if (type !== "Bot" || login === undefined) return { id, login, type };
  return { id, login: login.endsWith("[bot]") ? login : `${login}[bot]`, type, derived: true };
}

/** Null: the account was deleted. Undefined: unknown, or an account without an id. */
export function actorId(actor: GraphqlActor): number | null | undefined {
  return actor === null ? null : (actor?.databaseId ?? undefined);
}
