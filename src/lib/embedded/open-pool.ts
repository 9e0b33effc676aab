import { Pool, TypeOverrides, types, type ClientBase, type PoolConfig, type QueryResultRow } from "pg";
import type { SqlPool, SqlQueries } from "./sql-database.ts";

/** The OID of `bigint[]`. `pg` has no constants for array types. */
const int8Array: number = 1016;

export interface ConnectionPool extends SqlPool {
  /** Waits for running queries and transactions. */
  end(): Promise<void>;
}

/**
 * Creates a connection pool that survives broken connections. It connects at the first query.
 *
 * A client's `error` event without a listener ends the process (https://node-postgres.com/apis/client#error), and the pool listens only to idle
 * clients. A listener that is added after `pool.connect()` is too late for an error in the same packet. The running query, or the next one,
 * rejects with the same error.
 */
export function openPool(config: PoolConfig): ConnectionPool {
  const pool = new Pool({ ...config, types: createParsers() });
  pool.on("error", ignore);
  pool.on("connect", (client) => void client.on("error", ignore));
  return {
    ...toSqlQueries(pool),
    transaction: (work) => transaction(pool, work),
    end: () => pool.end(),
  };
}

const ignore = () => {};

function createParsers(): TypeOverrides {
  const parsers = new TypeOverrides();
  parsers.setTypeParser(types.builtins.INT8, Number);
  parsers.setTypeParser(int8Array, (text: string) =>
    text.slice(1, -1).split(",").filter(Boolean).map(Number),
  );
  return parsers;
}

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
