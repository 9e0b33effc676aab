import type { GraphQLResolveInfo } from "graphql";
import type { Credential } from "../credentials.ts";
import type { QueryFaults } from "../poison.ts";
import type { World } from "../world.ts";
import type { Paging } from "./connection.ts";
import type { Cost } from "./points.ts";
import type { CredentialBudget } from "../budget.ts";

export interface QueryContext {
  world: World;
  credential: Credential;
  budget: CredentialBudget;
  cost: Cost;
  /** Collects fields without a resolver. */
  unexpected: string[];
  faults: QueryFaults;
}

/** The arguments of all fields. The schema defines which field has which. */
export interface Args extends Paging {
  author?: string | null;
  baseRefName?: string | null;
  followRenames?: boolean | null;
  headRefName?: string | null;
  id?: string;
  ids?: string[];
  labels?: string[] | null;
  login?: string;
  name?: string;
  number?: number;
  orderBy?: { field: string; direction: "ASC" | "DESC" } | null;
  owner?: string;
  size?: number | null;
  states?: string[] | null;
}

/** A method, because its bivariant parameters let one table hold resolvers for all types. */
interface ResolverOf<S> {
  resolve(source: S, args: Args, context: QueryContext, info: GraphQLResolveInfo): unknown;
}

export type Resolver<S> = ResolverOf<S>["resolve"];

/** The resolvers of one type whose sources are `S`. */
export type FieldsOf<S> = Record<string, Resolver<S>>;

export type Fields = FieldsOf<unknown>;

/** Parses an `orderBy` argument. Null means GitHub's default order. */
export function order({ orderBy }: Args): { field: string; direction: 1 | -1 } | null {
  return orderBy ? { field: orderBy.field, direction: orderBy.direction === "DESC" ? -1 : 1 } : null;
}
