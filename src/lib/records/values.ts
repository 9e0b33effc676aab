/**
 * The building blocks of schemas for GitHub's objects.
 *
 * A key that is absent from a parsed object is unknown: its column keeps its value. Null and absent are therefore accepted everywhere except in
 * ids and clocks. Null counts as a value only where GitHub's documentation gives it a meaning.
 */
import { z } from "zod";
import { toStorableText } from "./storable-text.ts";

export const text = z.string().overwrite(toStorableText);

/** An object's id in GraphQL. GitHub's have 20 to 100 characters; the limit exists because Postgres cannot index very long texts. */
export const nodeId = z.string().max(255).overwrite(toStorableText);

/** A login, a repository's name or a branch. GitHub has none that is longer, and Postgres cannot index very long texts. */
export const shortText = z.string().max(255).overwrite(toStorableText);

/** Null and "" mean the same here, because GitHub's APIs differ in which one they send. */
export const optionalText = text.nullish().overwrite((value) => (value === "" ? null : value));

/**
 * For a field whose null has no documented meaning: null means unknown, as an absent key does. (`overwrite` costs a third of a `transform`, and
 * every webhook passes dozens of these; it keeps the type, so the cast removes null from it.)
 */
export const absentIfNull = <Schema extends z.ZodType>(schema: Schema) =>
  schema.nullish().overwrite((value) => value ?? undefined) as unknown as z.ZodOptional<Schema>;

const notATime = "must be a time such as 2026-01-31T12:00:00Z";

/** GitHub's times: UTC in whole seconds. Postgres rejects the year 0 and offsets of 16 hours or more. */
export const timestamp = z.iso
  .datetime({ offset: true, error: notATime })
  .regex(/^(?!0000).*(?:Z|[+-](?:0\d|1[0-5]):\d\d)$/, notATime);

/** Some payloads give an installation's times in seconds since 1970. The maximum is the end of the year 9999. */
const seconds = z
  .int()
  .nonnegative()
  .max(253_402_300_799)
  .transform((value) => new Date(value * 1000).toISOString());

export const timestampOrSeconds = z.union([timestamp, seconds], { error: notATime });

export const numericId = z.int().positive();
/** An `integer` in Postgres. */
export const positiveInteger = z.int32().positive();
export const count = z.int32().nonnegative();

/** A list that contains null is unknown: GitHub shows null for an item that it cannot load. */
export const listed = <Item extends z.ZodType>(item: Item) =>
  absentIfNull(z.array(item.nullable())).overwrite((items) =>
    items?.includes(null) ? undefined : items,
  ) as unknown as z.ZodOptional<z.ZodArray<Item>>;

/** Keeps the items of the first kind. The list is unknown when an item is of neither kind. */
export function keepKnown<Item, Kept extends Item>(
  items: Item[] | undefined,
  isKept: (item: Item) => item is Kept,
  isOther: (item: Item) => boolean = () => false,
): Kept[] | undefined {
  return items?.every((item) => isKept(item) || isOther(item)) ? items.filter(isKept) : undefined;
}

/** A row in which every column is optional except the known ones. An absent column is unknown, and the merge keeps its value; null is a value. */
export type KnownColumns<Row, Known extends keyof Row> = Pick<Row, Known> & {
  [Column in Exclude<keyof Row, Known>]?: Row[Column] | null | undefined;
};
