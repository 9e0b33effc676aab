import { GraphQLError } from "graphql";
import type { GraphQLResolveInfo } from "graphql";
import { toNodeId } from "./node-id.ts";
import type { ChangedFile, IssueComment, PullRequest, Review, ReviewComment, ReviewThread } from "./state.ts";

/**
 * Faults of single items. Poison makes an item fail in every answer, garbling gives it wrong values. GraphQL faults are applied while the
 * query is executed, because only then is it known whether the item is in the answer.
 */

/** The types of errors in an answer with status 200. */
export type PartialErrorType = "RESOURCE_LIMITS_EXCEEDED" | "FORBIDDEN" | "NOT_FOUND" | "INTERNAL";

/**
 * What happens to every GraphQL answer that would contain the item, in any order and on a page of any size.
 *
 * - `fail`: the whole request answers 502 or 504. https://github.com/apache/devlake/issues/8469: a collector of pull requests got 502 at
 *   the same position of a repository for every page size.
 * - `hang`: there is no answer until the client gives up.
 * - `node`: HTTP 200, the item is null, and `errors` names its path.
 * - `field`: HTTP 200, one field of the item is null, and `errors` names its path. For a non-null field, GraphQL makes
 *   its parent null. https://github.com/boostsecurityio/poutine/pull/415: one forbidden non-null field emptied the whole repository.
 *
 * With `rest`, the REST routes of that pull request (`pulls/{n}…` and `issues/{n}…`) answer 502 too. Without it they work.
 */
export type Poison = { rest?: boolean } & (
  | { mode: "fail"; status?: 502 | 504 }
  | { mode: "hang" }
  | { mode: "node"; type?: PartialErrorType }
  | { mode: "field"; field: string; type?: PartialErrorType }
);

export type Poisonable = PullRequest | Review | ReviewThread | ReviewComment | IssueComment;

/** Wrong values for an item's fields, by their names in REST and in GraphQL. */
export interface Garbling {
  rest?: Record<string, unknown>;
  graphql?: Record<string, unknown>;
}

export type Garblable = Poisonable | ChangedFile;

export interface ItemFaults {
  poisons: Map<object, Poison>;
  garblings: Map<object, Garbling>;
}

export function createItemFaults(): ItemFaults {
  return { poisons: new Map(), garblings: new Map() };
}

/** The faults that apply to one query. */
export interface QueryFaults {
  /** The whole query fails. */
  failure: Extract<Poison, { mode: "fail" | "hang" }> | null;
  wrongValues: { path: (string | number)[]; value: unknown }[];
}

/** Applies the faults of `source` before its field is resolved. Throws when the field fails. */
export function applyPoison(
  { poisons, garblings }: ItemFaults,
  faults: QueryFaults,
  source: unknown,
  info: GraphQLResolveInfo,
): void {
  if (typeof source !== "object" || source === null) return;
  const poison = poisons.get(source);
  if (poison?.mode === "fail" || poison?.mode === "hang") {
    faults.failure = poison;
    throw partialError("INTERNAL");
  }
  if (poison?.mode === "field" && poison.field === info.fieldName) throw partialError(poison.type);
  const wrong = garblings.get(source)?.graphql ?? {};
  if (Object.hasOwn(wrong, info.fieldName))
    faults.wrongValues.push({ path: pathOf(info.path), value: wrong[info.fieldName] });
}

/** Replaces each item that is poisoned as a node with an error, for which GraphQL answers null. */
export function withoutPoisoned(itemFaults: ItemFaults, value: unknown): unknown {
  if (itemFaults.poisons.size === 0) return value;
  if (Array.isArray(value)) return value.map((item) => withoutPoisoned(itemFaults, item));
  if (typeof value !== "object" || value === null) return value;
  const poison = itemFaults.poisons.get(value);
  return poison?.mode === "node" ? partialError(poison.type) : value;
}

/** Replaces values with wrong ones. A null that an error caused stays null. */
export function applyWrongValues(data: unknown, { wrongValues }: QueryFaults): void {
  for (const { path, value } of wrongValues) {
    const parent = path.slice(0, -1).reduce<unknown>((from, key) => Reflect.get(Object(from), key), data);
    const key = path.at(-1);
    if (typeof parent === "object" && parent !== null && key !== undefined) Reflect.set(parent, key, value);
  }
}

/** Gives every garbled item in a REST answer its wrong values, at any depth. */
export function garbleRest({ garblings }: ItemFaults, body: unknown): unknown {
  const wrong = [...garblings].flatMap(([item, { rest }]) =>
    rest ? [{ isItem: matcherOf(item as Garblable), values: rest }] : [],
  );
  if (wrong.length === 0) return body;
  const visit = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(visit);
    if (typeof value !== "object" || value === null) return value;
    const copy: Record<string, unknown> = Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [key, visit(inner)]),
    );
    for (const { isItem, values } of wrong) if (isItem(copy)) Object.assign(copy, values);
    return copy;
  };
  return visit(body);
}

/** Matches an item in JSON. A file has no id, so its name and blob identify it. */
function matcherOf(item: Garblable): (json: Record<string, unknown>) => boolean {
  if (!("kind" in item)) return (json) => json["filename"] === item.filename && json["sha"] === item.sha;
  const id = toNodeId(nodeKinds[item.kind], item.id);
  return (json) => json["node_id"] === id;
}

const nodeKinds = {
  pull_request: "PullRequest",
  review: "PullRequestReview",
  thread: "PullRequestReviewThread",
  review_comment: "PullRequestReviewComment",
  issue_comment: "IssueComment",
} as const;

/**
 * The message of each type, from public reports: https://github.com/yoshi389111/github-profile-3d-contrib/issues/163 (resource limits),
 * https://github.com/facebook/sapling/issues/993 (forbidden). GitHub has no type for an internal error; its
 * message is that of the documented timeout.
 */
const partialMessages: Record<PartialErrorType, string> = {
  RESOURCE_LIMITS_EXCEEDED: "Resource limits for this query exceeded.",
  FORBIDDEN: "Resource not accessible by integration",
  NOT_FOUND: "Could not resolve to a node with the global id.",
  INTERNAL:
    "Something went wrong while executing your query. Please include `C0DE:1234` when reporting this issue.",
};

function partialError(type: PartialErrorType = "RESOURCE_LIMITS_EXCEEDED"): GraphQLError {
  const more = type === "FORBIDDEN" ? { saml_failure: false } : {};
  return new GraphQLError(partialMessages[type], { extensions: { type, ...more } });
}

function pathOf(path: GraphQLResolveInfo["path"] | undefined): (string | number)[] {
  return path ? [...pathOf(path.prev), path.key] : [];
}
