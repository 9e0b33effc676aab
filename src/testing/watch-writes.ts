import { z } from "zod";
import type { SqlDatabase } from "../lib/embedded/sql-database.ts";

/** The part of a merge function's arguments with the event id, `<delivery guid>:<event name>`. */
const args = z.object({ context: z.object({ job: z.object({ event_id: z.string() }) }) });

/** Wraps a database and calls `onWrite` with the delivery's GUID after the commit of every merge that left nothing ambiguous. */
export function watchWrites(db: SqlDatabase, onWrite: (delivery: string) => void): SqlDatabase {
  return {
    ...db,
    query: async <Row>(sql: string, params?: readonly unknown[]) => {
      const rows = await db.query<Row>(sql, params);
      if (sql.includes("public.capture_merge_") && !JSON.stringify(rows).includes("ambiguous")) {
        const { context } = args.parse(JSON.parse(String(params?.[0])));
        onWrite(context.job.event_id.split(":", 1)[0] ?? "");
      }
      return rows;
    },
  };
}
