import { openPostgres, type PostgresOptions } from "./lib/embedded/open-postgres.ts";
import type { SqlDatabase } from "./lib/embedded/sql-database.ts";
import { SetupError } from "./setup-error.ts";

/**
 * Opens the database of DATABASE_URL, which connects at the first query. Throws a `SetupError` when `pg` cannot use the URL, for example because it
 * names a certificate that does not exist.
 */
export function connectPostgres(url: string, options?: PostgresOptions): SqlDatabase {
  try {
    return openPostgres(url, options);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SetupError(`DATABASE_URL cannot be used (${reason}).`, { cause });
  }
}
