import { z } from "zod";
import { toMilliseconds } from "./duration.ts";
import { parseExpression } from "./expression.ts";

/** A function's declaration with its expressions parsed. */
export type EngineFunction = z.output<typeof declaration>;

/** Inngest's default. */
const defaultRetries = 3;

/** Throws an error that names the function and the options when the engine does not support one of them. */
export function toEngineFunction(declared: unknown): EngineFunction {
  const { success, data, error } = declaration.safeParse(declared);
  if (success) return data;
  const { id } = z.object({ id: z.string() }).parse(declared);
  const faults = error.issues.flatMap((issue) =>
    issue.code === "unrecognized_keys"
      ? issue.keys.map((option) => [...issue.path, option].join("."))
      : [`${issue.path.join(".")} (${issue.message})`],
  );
  throw new Error(
    `The function ${id} declares ${faults.join(", ")}, which the embedded engine does not support. Inngest does.`,
  );
}

/** Parses a CEL expression whose value `convert` converts. */
function cel<Value>(convert: (value: unknown) => Value) {
  return z.string().transform((source, context) => {
    try {
      return parseExpression(source, convert);
    } catch (error) {
      const [message] = error instanceof Error ? error.message.split("\n") : [];
      context.addIssue(`${source}: ${message ?? "not valid"}`);
      return z.NEVER;
    }
  });
}

const key = cel((value) => (typeof value === "string" ? value : JSON.stringify(value)));

const duration = z.string().transform((text, context) => {
  const milliseconds = toMilliseconds(text);
  if (milliseconds === null) context.addIssue(`${text}: not a duration`);
  return milliseconds ?? z.NEVER;
});

const concurrencyLimit = z.strictObject({
  limit: z.int(),
  key: key.optional(),
  scope: z.enum(["fn", "env", "account"]).default("fn"),
});

const declaration = z
  .strictObject({
    id: z.string(),
    name: z.string().optional(),
    triggers: z.array(
      z.strictObject({
        event: z.string().regex(/^[^*]*$/, "wildcards"),
        expression: cel((value) => value === true).optional(),
      }),
    ),
    steps: z.object({ step: z.object({ retries: z.strictObject({ attempts: z.int() }).optional() }) }),
    concurrency: z.preprocess(toLimits, z.array(concurrencyLimit)).default([]),
    /** `run` evaluates to seconds. The run starts as if it had arrived that much earlier. */
    priority: z.strictObject({ run: cel(Number).optional() }).optional(),
    throttle: z
      .strictObject({ limit: z.int(), period: duration, burst: z.int().default(1), key: key.optional() })
      .optional(),
  })
  .transform(({ steps, ...rest }) => ({
    ...rest,
    maxAttempts: (steps.step.retries?.attempts ?? defaultRetries) + 1,
  }));

/** Inngest accepts a number, one limit, or a list of limits. */
function toLimits(declared: unknown): unknown[] {
  if (declared === undefined) return [];
  if (typeof declared === "number") return [{ limit: declared }];
  return Array.isArray(declared) ? declared : [declared];
}
