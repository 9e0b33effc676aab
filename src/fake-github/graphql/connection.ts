import { GraphQLError } from "graphql";
import type { GraphQLResolveInfo, SelectionSetNode } from "graphql";
import { z } from "zod";

export type Key = (string | number)[];

/** One page of a list, the source of every `…Connection` type. */
export interface Connection {
  kind: "connection";
  nodes: unknown[];
  cursors: string[];
  totalCount: number;
  hasNextPage: boolean;
  hasPreviousPage: boolean;
}

export interface Paging {
  first?: number | null;
  last?: number | null;
  after?: string | null;
  before?: string | null;
}

/**
 * Creates one page. As on GitHub, a cursor contains the item's sort key, so paging continues at the right place when items are added or
 * removed. An item whose key changes in the meantime appears twice or not at all.
 */
export function connect<T>(
  items: readonly T[],
  paging: Paging,
  keyOf: (item: T, index: number) => Key,
  direction: 1 | -1 = 1,
): Connection {
  const keyed = items.map((item, index) => ({ item, key: keyOf(item, index) }));
  keyed.sort((a, b) => compare(a.key, b.key) * direction);
  const { first, last, after, before } = paging;
  const afterKey = after ? parseCursor(after) : null;
  const beforeKey = before ? parseCursor(before) : null;
  const start = afterKey ? countWhile(keyed, ({ key }) => compare(key, afterKey) * direction <= 0) : 0;
  const end = beforeKey
    ? countWhile(keyed, ({ key }) => compare(key, beforeKey) * direction < 0)
    : keyed.length;
  let from = start;
  let to = Math.max(start, end);
  if (typeof first === "number") to = Math.min(to, from + first);
  else if (typeof last === "number") from = Math.max(from, to - last);
  const shown = keyed.slice(from, to);
  return {
    kind: "connection",
    nodes: shown.map(({ item }) => item),
    cursors: shown.map(({ key }) => toCursor(key)),
    totalCount: items.length,
    hasNextPage: to < keyed.length,
    hasPreviousPage: from > 0,
  };
}

/** Throws GitHub's errors for a list without a size or with a wrong one. A query for only `totalCount` needs no size. */
export function checkPaging({ first, last }: Paging, info: GraphQLResolveInfo): void {
  const name = info.fieldName;
  for (const [argument, size] of Object.entries({ first, last })) {
    if (typeof size !== "number") continue;
    if (size > 100) {
      throw githubError(
        "EXCESSIVE_PAGINATION",
        `Requesting ${size} records on the \`${name}\` connection exceeds the \`${argument}\` limit of 100 records.`,
      );
    }
    if (size < 0)
      throw githubError(
        "INVALID_PAGINATION",
        `\`${argument}\` on the \`${name}\` connection cannot be less than zero.`,
      );
  }
  if (typeof first === "number" && typeof last === "number") {
    throw githubError(
      "INVALID_PAGINATION",
      `Passing both \`first\` and \`last\` to paginate the \`${name}\` connection is not supported.`,
    );
  }
  const onlyCounts = info.fieldNodes.every(({ selectionSet }) => !selectionSet || countsOnly(selectionSet));
  if (typeof first !== "number" && typeof last !== "number" && !onlyCounts) {
    throw githubError(
      "MISSING_PAGINATION_BOUNDARIES",
      `You must provide a \`first\` or \`last\` value to properly paginate the \`${name}\` connection.`,
    );
  }
}

/** Creates an error with GitHub's `type`. */
export function githubError(type: string, message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { type } });
}

function countsOnly({ selections }: SelectionSetNode): boolean {
  return selections.every(
    (selection) => selection.kind === "Field" && ["totalCount", "__typename"].includes(selection.name.value),
  );
}

function compare(a: Key, b: Key): number {
  for (const [index, left] of a.entries()) {
    const right = b[index];
    if (right === undefined || left === right) continue;
    return left < right ? -1 : 1;
  }
  return 0;
}

function countWhile<T>(items: readonly T[], holds: (item: T) => boolean): number {
  const end = items.findIndex((item) => !holds(item));
  return end === -1 ? items.length : end;
}

function toCursor(key: Key): string {
  return Buffer.from(`cursor:v2:${JSON.stringify(key)}`).toString("base64");
}

function parseCursor(cursor: string): Key {
  const [, key] = /^cursor:v2:(.+)$/.exec(Buffer.from(cursor, "base64").toString()) ?? [];
  if (key === undefined)
    throw githubError("INVALID_CURSOR_ARGUMENTS", `\`${cursor}\` does not appear to be a valid cursor.`);
  return z.array(z.union([z.string(), z.number()])).parse(JSON.parse(key));
}
