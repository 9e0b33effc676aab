/** The subset of a Postgres connection that PGlite and a `pg` pool share. */
export interface SqlQueries {
  /** Runs one statement with `$1…` parameters. `jsonb` columns come back parsed, timestamps as `Date`, `bigint` as a number. */
  query<Row>(sql: string, params?: readonly unknown[]): Promise<Row[]>;
  /** Runs a script of several statements, without parameters. */
  exec(sql: string): Promise<void>;
}

export interface SqlDatabase extends SqlQueries {
  /** Commits after `work`, or rolls back and rethrows its error. */
  transaction<Result>(work: (tx: SqlQueries) => Promise<Result>): Promise<Result>;
  /**
   * Takes the lock with this name until `release` or `close`, or until shortly after this process dies. Returns null when
   * another holder has it. `onLost` is called when the lock passed to another server, for example after a long pause.
   */
  tryLock(name: string, onLost?: (reason: Error) => void): Promise<SqlLock | null>;
  /** Only a database in this process needs copies: others have connections of their own. */
  createCopy?: () => DatabaseCopy;
  /** For messages: the folder, or the host and the database, without credentials. */
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
  refresh(): Promise<CopiedDatabase>;
  remove(): Promise<void>;
}

/** A folder; or, for a database in memory, its content. */
export interface CopiedDatabase {
  dataDir: string;
  snapshot?: Blob;
}
