import type { SqlQueries } from "../sql-database.ts";

const checkWalEveryMs = 1_000;
const maxWalBytes = 32 * 1024 * 1024;
const vacuumEveryMs = 60 * 60 * 1_000;

/**
 * Does what the background processes of a Postgres server do, since PGlite has none. Returns a function that stops it.
 *
 * - **Checkpoints.** Without them, the write-ahead log grows until the database is closed, and all of it is replayed after a crash.
 * - **Vacuum and analyze.** Without them, dead rows and stale statistics pile up.
 *
 * It works in small statements, because others wait meanwhile. What fails is tried again the next time.
 */
export function startHousekeeping(db: SqlQueries): () => void {
  const stops = [repeat(checkWalEveryMs, () => limitWal(db)), repeat(vacuumEveryMs, () => vacuum(db))];
  return () => stops.forEach((stop) => stop());
}

function repeat(everyMs: number, task: () => Promise<void>): () => void {
  let isBusy = false;
  const run = async () => {
    if (isBusy) return;
    isBusy = true;
    await task().catch(() => {});
    isBusy = false;
  };
  const timer = setInterval(() => void run(), everyMs);
  timer.unref();
  return () => clearInterval(timer);
}

async function limitWal(db: SqlQueries): Promise<void> {
  const [wal] = await db.query<{ bytes: number }>(
    "select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), redo_lsn)::float8 as bytes from pg_control_checkpoint()",
  );
  if (wal && wal.bytes > maxWalBytes) await db.query("checkpoint");
}

async function vacuum(db: SqlQueries): Promise<void> {
  const tables = await db.query<{ name: string }>(
    "select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname <> 'information_schema'",
  );
  for (const { name } of tables) await db.query(`vacuum analyze ${name}`);
}
