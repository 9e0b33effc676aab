import { connect } from "node:net";
import { Pool, TypeOverrides, types, type PoolClient, type PoolConfig, type QueryResultRow } from "pg";
import type { SqlPool, SqlQueries, StatementOptions } from "./sql-database.ts";

/** The OID of `bigint[]`. `pg` has no constants for array types. */
const int8Array: number = 1016;

export interface ConnectionPool extends SqlPool {
  /** Waits for running queries and transactions. */
  end(): Promise<void>;
}

export interface PoolOptions extends PoolConfig {
  /**
   * How long a statement may take, unless its caller gives it another limit. Then it fails, and its connection is given up: TCP reports a
   * connection that was lost without a word after a quarter of an hour, and a pooler may never do so. Absent: no limit.
   */
  maxStatementMs?: number;
}

/**
 * Creates a connection pool that survives broken connections. It connects at the first query.
 *
 * A client's `error` event without a listener ends the process (https://node-postgres.com/apis/client#error), and the pool listens only to idle
 * clients. A listener that is added after `pool.connect()` is too late for an error in the same packet. The running query, or the next one,
 * rejects with the same error.
 */
export function openPool({ maxStatementMs = Infinity, ...config }: PoolOptions): ConnectionPool {
  const pool = new Pool({ ...config, types: createParsers() });
  pool.on("error", ignore);
  pool.on("connect", (client) => void client.on("error", ignore));
  const useClient = <Result>(work: (queries: SqlQueries) => Promise<Result>, recover?: Recover) =>
    withClient(pool, (client) => toSqlQueries(client, maxStatementMs), work, recover);
  return {
    query: (sql, params, options) => useClient((queries) => queries.query(sql, params, options)),
    exec: (sql, options) => useClient((queries) => queries.exec(sql, options)),
    transaction: (work) => useClient((queries) => commit(queries, work), rollBack),
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

/** Returns true if the connection can be used after an error. */
type Recover = (queries: SqlQueries) => Promise<boolean>;

/** Without `recover`, a connection is closed after an error, which may be its own. */
async function withClient<Result>(
  pool: Pool,
  toQueries: (client: PoolClient) => SqlQueries,
  work: (queries: SqlQueries) => Promise<Result>,
  recover?: Recover,
): Promise<Result> {
  const client = await pool.connect();
  const queries = toQueries(client);
  let isUsable = true;
  try {
    return await work(queries);
  } catch (error) {
    const isSilent = isTimeout(error);
    if (isSilent) cancel(client);
    isUsable = !isSilent && recover !== undefined && (await recover(queries));
    throw error;
  } finally {
    client.release(!isUsable);
  }
}

async function commit<Result>(
  queries: SqlQueries,
  work: (tx: SqlQueries) => Promise<Result>,
): Promise<Result> {
  await queries.query("begin");
  const result = await work(queries);
  await queries.query("commit");
  return result;
}

const rollBack: Recover = (queries) =>
  queries.query("rollback").then(
    () => true,
    () => false,
  );

function toSqlQueries(client: PoolClient, maxStatementMs: number): SqlQueries {
  const run = <Row>(text: string, values: unknown[] | undefined, maxMs: number) => {
    const statement = { text, values, ...(maxMs < Infinity && { query_timeout: maxMs }) };
    return client.query<Row & QueryResultRow>(statement);
  };
  return {
    query: async <Row>(
      sql: string,
      params: readonly unknown[] = [],
      { maxMs = maxStatementMs }: StatementOptions = {},
    ) => {
      const result = await run<Row>(sql, [...params], maxMs);
      return result.rows;
    },
    exec: async (sql, { maxMs = maxStatementMs } = {}) => void (await run(sql, undefined, maxMs)),
  };
}

/** `pg` gives this error no code. */
function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.message === "Query read timeout";
}

const cancelRequestCode = 80_877_102;
const maxCancelMs = 10_000;

/**
 * Ends the statement of a connection that is given up. If the connection only waits for a lock, the statement would go on waiting, and each
 * retry would add another one. Poolers pass the request on. `pg` cannot send it over TLS, and needs not:
 * https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-CANCELING-REQUESTS
 */
function cancel(client: PoolClient): void {
  const { processID, secretKey, host, port } = client as unknown as CancellableClient;
  if (processID === null || secretKey === null) return;
  const request = new DataView(new ArrayBuffer(16));
  for (const [index, value] of [16, cancelRequestCode, processID, secretKey].entries())
    request.setInt32(4 * index, value);
  const socket = connect(host.startsWith("/") ? { path: `${host}/.s.PGSQL.${port}` } : { host, port });
  socket.on("error", ignore); // the database is down, so nothing is left to cancel
  socket.setTimeout(maxCancelMs, () => socket.destroy());
  socket.unref();
  socket.end(new Uint8Array(request.buffer));
}

/** What a client of `pg` knows of its connection. The package's types leave it out. */
interface CancellableClient {
  processID: number | null;
  secretKey: number | null;
  host: string;
  port: number;
}
