/** The little of a Postgres connection that the embedded pair needs, from PGlite and from a pool alike. */
export interface SqlQueries {
  /** Runs one statement with `$1…` parameters. `jsonb` columns come back parsed, timestamps as `Date`, `bigint` as a number. */
  query<Row>(sql: string, params?: readonly unknown[]): Promise<Row[]>;
  /** Runs a script of several statements, without parameters. */
  exec(sql: string): Promise<void>;
}

export interface SqlDatabase extends SqlQueries {
  /** Commits what `work` did, or rolls it back and rethrows. */
  transaction<Result>(work: (tx: SqlQueries) => Promise<Result>): Promise<Result>;
  /**
   * Takes the one lock of that name, held until its release, `close`, or the death of this process.
   * Null when somebody else holds it. `onLost` hears of a lock that the server took back, as when it restarts.
   */
  tryLock(name: string, onLost?: (reason: Error) => void): Promise<SqlLock | null>;
  /** What a person would call it: a folder, or host and database without credentials. */
  readonly description: string;
  close(): Promise<void>;
}

export interface SqlLock {
  release(): Promise<void>;
}
