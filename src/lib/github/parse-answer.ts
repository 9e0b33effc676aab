import { z } from "zod";
import { UnreadableAnswerError } from "./errors.ts";

/** Parses an answer from GitHub. Throws an `UnreadableAnswerError` that names the object, the field and the reason. */
export function parseAnswer<Schema extends z.ZodType>(
  schema: Schema,
  data: unknown,
  noun: string,
): z.output<Schema> {
  const parsed = schema.safeParse(data);
  if (parsed.success) return parsed.data;
  const id = itemIdOf(data);
  const name = id === null ? noun : `${noun} ${id}`;
  throw new UnreadableAnswerError(`GitHub's ${name} cannot be read: ${describeIssue(parsed.error, data)}.`);
}

/** Describes the first wrong field: "diff_hunk: expected string, received null". It never contains the value. */
export function describeIssue({ issues: [issue] }: z.ZodError, data: unknown): string {
  if (!issue) return "unknown reason";
  const path = issue.path.map(String).join(".");
  const reason =
    issue.code === "invalid_type"
      ? `expected ${issue.expected}, received ${typeOf(valueAt(data, issue.path))}`
      : issue.message;
  return path ? `${path}: ${reason}` : reason;
}

/** Returns the id of a GitHub object, even of an otherwise unreadable one, or null. */
export function itemIdOf(item: unknown): number | null {
  const id: unknown = typeof item === "object" && item !== null ? Reflect.get(item, "id") : null;
  return typeof id === "number" && Number.isSafeInteger(id) ? id : null;
}

function valueAt(data: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined),
    data,
  );
}

function typeOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}
