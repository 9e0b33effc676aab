import { Cron } from "croner";
import { z } from "zod";
import { toMilliseconds } from "./duration.ts";
import { parseExpression } from "./expression.ts";

/** One function as it declares itself, its expressions parsed. */
export type EngineFunction = z.output<typeof declaration>;
export type CronTrigger = z.output<typeof cron>;

/** The SDK's own default, and Inngest's. */
const DEFAULT_RETRIES = 3;

/** Throws a sentence that names the function and the option, where it declares what this engine would not honour. */
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
    `The function ${id} declares ${faults.join(", ")}, which the embedded engine does not honour. Inngest does.`,
  );
}

/** A CEL expression, its value converted. */
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

/** In UTC, unless the pattern begins with `TZ=Europe/Paris`. */
const cron = z.string().transform((declared, context) => {
  const [, timezone = "UTC", pattern = ""] = /^(?:TZ=(\S+)\s+)?(.*)$/.exec(declared) ?? [];
  try {
    const schedule = new Cron(pattern, { timezone, paused: true });
    const next = (after: number) => schedule.nextRun(new Date(after))?.getTime() ?? Infinity;
    return { pattern: declared, next };
  } catch {
    context.addIssue(`${declared}: not a cron pattern`);
    return z.NEVER;
  }
});

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
        event: z
          .string()
          .regex(/^[^*]*$/, "wildcards")
          .optional(),
        expression: cel((value) => value === true).optional(),
        cron: cron.optional(),
      }),
    ),
    steps: z.object({ step: z.object({ retries: z.strictObject({ attempts: z.int() }).optional() }) }),
    concurrency: z.preprocess(toLimits, z.array(concurrencyLimit)).default([]),
    /** Seconds of head start. */
    priority: z.strictObject({ run: cel(Number).optional() }).optional(),
    throttle: z
      .strictObject({ limit: z.int(), period: duration, burst: z.int().default(1), key: key.optional() })
      .optional(),
  })
  .transform(({ steps, ...rest }) => ({
    ...rest,
    maxAttempts: (steps.step.retries?.attempts ?? DEFAULT_RETRIES) + 1,
  }));

/** Inngest takes a number, one limit or several. */
function toLimits(declared: unknown): unknown[] {
  if (declared === undefined) return [];
  if (typeof declared === "number") return [{ limit: declared }];
  return Array.isArray(declared) ? declared : [declared];
}
