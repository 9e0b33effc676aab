import { z } from "zod";
import type { SqlDatabase } from "../lib/embedded/sql-database.ts";

/** Of what a merge function is given: the delivery's event, `<delivery guid>:<event name>`. */
const given = z.object({ context: z.object({ job: z.object({ event_id: z.string() }) }) });

/** Calls `onWrite` with the delivery's guid right after the commit of every merge that left nothing unsettled. The database works as before. */
export function watchWrites(db: SqlDatabase, onWrite: (delivery: string) => void): SqlDatabase {
  return {
    ...db,
    query: async <Row>(sql: string, params?: readonly unknown[]) => {
      const rows = await db.query<Row>(sql, params);
      if (sql.includes("public.capture_merge_") && !JSON.stringify(rows).includes("unsettled")) {
        const { context } = given.parse(JSON.parse(String(params?.[0])));
        onWrite(context.job.event_id.split(":", 1)[0] ?? "");
      }
      return rows;
    },
  };
}
