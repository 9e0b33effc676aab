import {
  Client,
  Pool,
  TypeOverrides,
  types,
  type ClientBase,
  type ClientConfig,
  type QueryResultRow,
} from "pg";
import type { SqlDatabase, SqlQueries } from "./sql-database.ts";

/** pg names no types of arrays. */
const INT8_ARRAY: number = 1016;

const MAX_CONNECTIONS = 8;
const CONNECTION_TIMEOUT_MS = 10_000;

/** A pool on any Postgres. Nothing is connected yet: an unreachable server shows with the first query. */
export function openPostgres(url: string): SqlDatabase {
  const parsers = new TypeOverrides();
  parsers.setTypeParser(types.builtins.INT8, Number);
  parsers.setTypeParser(INT8_ARRAY, (text: string) =>
    text.slice(1, -1).split(",").filter(Boolean).map(Number),
  );
  const config: ClientConfig = {
    connectionString: url,
    connectionTimeoutMillis: CONNECTION_TIMEOUT_MS,
    keepAlive: true,
    types: parsers,
  };
  const pool = new Pool({ ...config, max: MAX_CONNECTIONS });
  pool.on("error", () => {}); // an idle connection broke; the next query opens another or says why not
  const holders = new Set<Client>();
  return {
    ...toSqlQueries(pool),
    transaction: async (work) => {
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
    },
    tryLock: async (name, onLost) => {
      const client = new Client(config);
      let wanted = true;
      const end = async () => {
        wanted = false;
        holders.delete(client);
        await client.end().catch(() => {});
      };
      client.on("error", () => {}); // "end" follows
      try {
        await client.connect();
        const { rows } = await client.query<{ locked: boolean }>(
          "select pg_try_advisory_lock(hashtextextended($1, 0)) as locked",
          [name],
        );
        if (rows[0]?.locked !== true) {
          await end();
          return null;
        }
      } catch (error) {
        await end();
        throw error;
      }
      holders.add(client);
      client.once("end", () => {
        if (wanted) onLost?.(new Error(`The connection that held the lock "${name}" ended.`));
      });
      return { release: end };
    },
    description: describe(url),
    close: async () => {
      await Promise.all([...holders].map((client) => client.end()));
      await pool.end();
    },
  };
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

/** Host and database as `pg` reads them from the URL, never the user or the password. */
function describe(url: string): string {
  const { host, port, database } = new Client({ connectionString: url });
  return `Postgres (${host}:${port}/${database ?? ""})`;
}
