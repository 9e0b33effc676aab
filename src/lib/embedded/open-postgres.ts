import { Client, type PoolConfig } from "pg";
import { takeLease, type Lease, type LeaseOptions } from "./lease.ts";
import { openPool } from "./open-pool.ts";
import type { SqlDatabase } from "./sql-database.ts";

const connectionTimeoutMs = 10_000;
/** A lease is renewed every three seconds, and lasts fifteen. */
const maxLeaseStatementMs = 5_000;

export interface PostgresOptions {
  maxConnections?: number;
  /** How long a statement may take, unless it has its own limit. Supabase ends those of its API after 8 seconds. */
  maxStatementMs?: number;
  lease?: LeaseOptions;
}

/** Creates a connection pool, directly or through a transaction pooler. It connects at the first query. */
export function openPostgres(
  url: string,
  { maxConnections = 8, maxStatementMs = 30_000, lease: leaseOptions }: PostgresOptions = {},
): SqlDatabase {
  const config: PoolConfig = {
    connectionString: url,
    connectionTimeoutMillis: connectionTimeoutMs,
    keepAlive: true,
  };
  const pool = openPool({ ...config, max: maxConnections, maxStatementMs });
  // Leases have their own connection, because the pool's can all be busy for longer than a lease lasts.
  const leasePool = openPool({ ...config, max: 1, maxStatementMs: maxLeaseStatementMs });
  const leases = new Set<Lease>();
  const taking = new Set<Promise<Lease | null>>();
  const closing = new AbortController();
  return {
    ...pool,
    tryLock: async (name, onLost = () => {}) => {
      const attempt = takeLease(leasePool, name, onLost, { ...leaseOptions, signal: closing.signal });
      taking.add(attempt);
      const lease = await attempt.finally(() => taking.delete(attempt));
      if (lease === null) return null;
      leases.add(lease);
      return {
        release: async () => {
          leases.delete(lease);
          await lease.release();
        },
      };
    },
    description: describe(url),
    close: async () => {
      closing.abort();
      await Promise.allSettled(taking);
      await Promise.all([...leases].map((lease) => lease.release()));
      await Promise.all([pool.end(), leasePool.end()]);
    },
  };
}

/** Returns the host and the database that `pg` reads from the URL, without the user and the password. */
function describe(url: string): string {
  const { host, port, database } = new Client({ connectionString: url });
  return `Postgres (${host}:${port}/${database ?? ""})`;
}
