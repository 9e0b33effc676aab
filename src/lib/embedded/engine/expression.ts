import { Environment } from "@marcbachmann/cel-js";

/** A parsed CEL expression. */
export interface Expression<Value> {
  source: string;
  /** Returns null when the evaluation fails, for example because the event lacks a field. */
  evaluate(event: unknown): Value | null;
}

const environment = new Environment({ homogeneousAggregateLiterals: false }).registerVariable("event", "dyn");

/** Throws when the text is not valid CEL or uses a variable other than `event`. */
export function parseExpression<Value>(
  source: string,
  convert: (value: unknown) => Value,
): Expression<Value> {
  const parsed = environment.parse(source);
  const { valid, error } = parsed.check();
  if (!valid) throw error ?? new Error("not valid");
  return {
    source,
    evaluate: (event) => {
      try {
        const value: unknown = parsed({ event });
        return convert(typeof value === "bigint" ? Number(value) : value);
      } catch {
        return null;
      }
    },
  };
}
