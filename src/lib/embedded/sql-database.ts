import type { Place } from "./pglite/messages.ts";

export interface StatementOptions {
  /** How long the statement may take. Then its connection counts as broken. Infinity: no limit. The default is the database's. */
  maxMs?: number;
}

/** What a Postgres connection can do. */
export interface SqlQueries {
  /** Runs one statement with `$1…` parameters. `jsonb` columns come back parsed, timestamps as `Date`, `bigint` as a number. */
  query<Row>(sql: string, params?: readonly unknown[], options?: StatementOptions): Promise<Row[]>;
  /** Runs a script of several statements, without parameters. */
  exec(sql: string, options?: StatementOptions): Promise<void>;
}

export interface SqlPool extends SqlQueries {
  /** Commits after `work`, or rolls back and rethrows its error. */
  transaction<Result>(work: (tx: SqlQueries) => Promise<Result>): Promise<Result>;
}

export interface SqlDatabase extends SqlPool {
  /**
   * Takes the lock with this name until `release` or `close`, or until shortly after this process dies. Returns null when
   * another holder has it. `onLost` is called when the lock passed to another server, for example after a long pause.
   */
  tryLock(name: string, onLost?: (reason: Error) => void): Promise<SqlLock | null>;
  /** Only PGlite needs copies: it has one session, and its statements cannot be interrupted. */
  createCopy?: () => DatabaseCopy;
  /** Names the folder, or the host and the database, in messages. Contains no credentials. */
  readonly description: string;
  close(): Promise<void>;
}

export interface SqlLock {
  release(): Promise<void>;
}

export interface DatabaseCopy {
  /** True when the database has not changed since the last refresh. */
  isCurrent(): Promise<boolean>;
  /** Makes the copy equal to the database. No worker may have it open. */
  refresh(): Promise<Place>;
  remove(): Promise<void>;
}
