import { randomUUID } from "node:crypto";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { openPglite } from "../../lib/embedded/open-pglite.ts";
import { openPostgres } from "../../lib/embedded/open-postgres.ts";
import type { SqlQueries } from "../../lib/embedded/sql-database.ts";

/** The database of one storm. */
export interface StormDatabase {
  /** DATA_DIR or DATABASE_URL. */
  environment: Record<string, string>;
  /** Reads committed rows. With PGlite, the server must run. */
  read<Result>(work: (rows: SqlQueries) => Promise<Result>): Promise<Result>;
  /** Changes rows. The server must not run. */
  change<Result>(work: (rows: SqlQueries) => Promise<Result>): Promise<Result>;
  /** Ends all connections and refuses new ones for `downMs`. Does nothing for PGlite, which restarts with the server. */
  restart(downMs: number): Promise<void>;
  drop(): Promise<void>;
}

/** `prepared` is a DATA_DIR to copy. */
export async function createPgliteDatabase(prepared?: string): Promise<StormDatabase> {
  const folder = await mkdtemp(join(tmpdir(), "pr-capture-storm-"));
  if (prepared) await cp(prepared, join(folder, "data"), { recursive: true });
  return {
    environment: { DATA_DIR: join(folder, "data") },
    restart: async () => {},
    async change(work) {
      const rows = await openPglite(join(folder, "data"));
      try {
        return await work(rows);
      } finally {
        await rows.close();
      }
    },
    async read(work) {
      const rows = openPostgres(`postgres:///postgres?host=${join(folder, "data", "socket")}`);
      try {
        return await work(rows);
      } finally {
        await rows.close();
      }
    },
    drop: () => rm(folder, { recursive: true }),
  };
}

/** Creates another database on the server of `serverUrl`. */
export async function createPostgresDatabase(serverUrl: string): Promise<StormDatabase> {
  const admin = openPostgres(serverUrl);
  const name = `storm_${randomUUID().replaceAll("-", "")}`;
  await admin.exec(`create database ${name}`);
  const url = new URL(serverUrl);
  url.pathname = name;
  const use: StormDatabase["read"] = async (work) => {
    const rows = openPostgres(url.href);
    try {
      return await work(rows);
    } finally {
      await rows.close();
    }
  };
  return {
    environment: { DATABASE_URL: url.href },
    async restart(downMs) {
      await admin.exec(`alter database ${name} allow_connections false`);
      await admin.query("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1", [name]);
      await pause(downMs);
      await admin.exec(`alter database ${name} allow_connections true`);
    },
    read: use,
    change: use,
    async drop() {
      await admin.exec(`drop database ${name} with (force)`);
      await admin.close();
    },
  };
}
