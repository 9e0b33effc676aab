import {
  Client,
  Pool,
  TypeOverrides,
  types,
  type ClientBase,
  type ClientConfig,
  type QueryResultRow,
} from "pg";
import { takeLease, type Lease, type LeaseOptions } from "./lease.ts";
import type { SqlDatabase, SqlQueries } from "./sql-database.ts";

/** The OID of `bigint[]`. `pg` has no constants for array types. */
const int8Array: number = 1016;

const maxConnections = 8;
const connectionTimeoutMs = 10_000;

/** Creates a connection pool, directly or through a transaction pooler. It connects at the first query. */
export function openPostgres(url: string, leaseOptions: LeaseOptions = {}): SqlDatabase {
  const parsers = new TypeOverrides();
  parsers.setTypeParser(types.builtins.INT8, Number);
  parsers.setTypeParser(int8Array, (text: string) =>
    text.slice(1, -1).split(",").filter(Boolean).map(Number),
  );
  const config: ClientConfig = {
    connectionString: url,
    connectionTimeoutMillis: connectionTimeoutMs,
    keepAlive: true,
    types: parsers,
  };
  const pool = createPool(config, maxConnections);
  // Leases have their own connection, because the pool's can all be busy for longer than a lease lasts.
  const leasePool = createPool(config, 1);
  const leases = new Set<Lease>();
  const taking = new Set<Promise<Lease | null>>();
  const closing = new AbortController();
  return {
    ...toSqlQueries(pool),
    transaction: (work) => transaction(pool, work),
    tryLock: async (name, onLost = () => {}) => {
      const db = {
        ...toSqlQueries(leasePool),
        transaction: <Result>(work: (tx: SqlQueries) => Promise<Result>) => transaction(leasePool, work),
      };
      const attempt = takeLease(db, name, onLost, { ...leaseOptions, signal: closing.signal });
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

/**
 * Creates a pool that survives broken connections. A client's `error` event without a listener ends the process
 * (https://node-postgres.com/apis/client#error), and the pool listens only to idle clients. A listener that is added after `pool.connect()`
 * is too late for an error in the same packet. The running query, or the next one, rejects with the same error.
 */
function createPool(config: ClientConfig, max: number): Pool {
  const pool = new Pool({ ...config, max });
  pool.on("error", ignore);
  pool.on("connect", (client) => void client.on("error", ignore));
  return pool;
}

const ignore = () => {};

async function transaction<Result>(pool: Pool, work: (tx: SqlQueries) => Promise<Result>): Promise<Result> {
  const client = await pool.connect();
  let broken = false;
  try {
    await client.query("begin");
    const result = await work(toSqlQueries(client));
    await client.query("commit");
    return result;
  } catch (error) {
    await client.query("rollback").catch(() => (broken = true));
    throw error;
  } finally {
    client.release(broken);
  }
}

function toSqlQueries(connection: Pool | ClientBase): SqlQueries {
  return {
    query: async <Row>(sql: string, params: readonly unknown[] = []) => {
      const result = await connection.query<Row & QueryResultRow>(sql, [...params]);
      return result.rows;
    },
    exec: async (sql) => void (await connection.query(sql)),
  };
}

/** Returns the host and the database that `pg` reads from the URL, without the user and the password. */
function describe(url: string): string {
  const { host, port, database } = new Client({ connectionString: url });
  return `Postgres (${host}:${port}/${database ?? ""})`;
}
