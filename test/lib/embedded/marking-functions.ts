import type { Inngest } from "inngest";
import type { SqlDatabase } from "../../../src/lib/embedded/sql-database.ts";

export const EVENTS = 100;
export const MARKS = ["end", "start"];

/** A function of two steps, each of which leaves a row in `marks` that says so. */
export function createMarkingFunctions(db: SqlDatabase, onEnd: () => Promise<void>) {
  const mark = (n: unknown, step: string) => db.query("insert into marks values ($1, $2)", [n, step]);
  return (inngest: Inngest) => [
    inngest.createFunction({ id: "mark", triggers: [{ event: "a/mark" }] }, async ({ event, step }) => {
      await step.run("start", () => mark(event.data.n, "start"));
      await step.run("end", () => mark(event.data.n, "end"));
      await onEnd();
    }),
  ];
}
