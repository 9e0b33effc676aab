import type { GraphQLResolveInfo } from "graphql";
import type { Credential } from "../credentials.ts";
import type { World } from "../world.ts";
import type { Paging } from "./connection.ts";
import type { Cost } from "./points.ts";
import type { Budget } from "../budget.ts";

export interface QueryContext {
  world: World;
  credential: Credential;
  budget: Budget;
  cost: Cost;
  /** Where fields without a resolver are noted. */
  unexpected: string[];
}

/** All arguments that any resolver reads; the schema says which field has which. */
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

/** Declared as a method, so that the table of all types may hold resolvers of whatever source. */
interface ResolverOf<S> {
  resolve(source: S, args: Args, context: QueryContext, info: GraphQLResolveInfo): unknown;
}

export type Resolver<S> = ResolverOf<S>["resolve"];

/** The resolvers of one type whose sources are `S`. */
export type FieldsOf<S> = Record<string, Resolver<S>>;

export type Fields = FieldsOf<unknown>;

/** Of an `orderBy` argument; null for GitHub's own order. */
export function order({ orderBy }: Args): { field: string; direction: 1 | -1 } | null {
  return orderBy ? { field: orderBy.field, direction: orderBy.direction === "DESC" ? -1 : 1 } : null;
}
