import { Environment } from "@marcbachmann/cel-js";

/** A parsed CEL expression. */
export interface Expression<Value> {
  source: string;
  /** Null where it cannot be evaluated, as over a field that the event lacks. */
  of(event: unknown): Value | null;
}

const environment = new Environment({ homogeneousAggregateLiterals: false }).registerVariable("event", "dyn");

/** Throws when the text is not CEL, or speaks of anything but `event`. */
export function parseExpression<Value>(
  source: string,
  convert: (value: unknown) => Value,
): Expression<Value> {
  const evaluate = environment.parse(source);
  const { valid, error } = evaluate.check();
  if (!valid) throw error ?? new Error("It is not valid.");
  return {
    source,
    of: (event) => {
      try {
        const value: unknown = evaluate({ event });
        return convert(typeof value === "bigint" ? Number(value) : value);
      } catch {
        return null;
      }
    },
  };
}
