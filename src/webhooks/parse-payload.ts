import { z } from "zod";

/** An invalid payload. The message names the first wrong field: `pull_request.number must be an integer`. */
export class InvalidPayloadError extends Error {
  override readonly name = "InvalidPayloadError";
}

/** Throws an `InvalidPayloadError`. */
export function parsePayload<Payload>(schema: z.ZodType<Payload>, payload: unknown): Payload {
  const parsed = schema.safeParse(payload, { error: toRequirement });
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = issue?.path.join(".") || "the payload";
  throw new InvalidPayloadError(`${field} ${issue?.message ?? "is invalid"}`, { cause: parsed.error });
}

const nouns: Record<string, string> = {
  array: "a list",
  boolean: "true or false",
  int: "an integer",
  number: "a number",
  object: "an object",
  string: "text",
};

/** The message of an issue whose schema has none. */
function toRequirement(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return `must be ${issue.inst instanceof z.ZodNumberFormat ? "an integer" : (nouns[issue.expected] ?? issue.expected)}`;
    case "too_small":
      return `must be ${issue.inclusive ? "at least" : "more than"} ${issue.minimum}`;
    case "too_big":
      return issue.origin === "string"
        ? `must have at most ${issue.maximum} characters`
        : `must be at most ${issue.maximum}`;
    case "invalid_value":
      return `must be one of ${issue.values.map(String).join(", ")}`;
    case "invalid_union":
      return "has the wrong type";
    default:
      return "has the wrong form";
  }
}
