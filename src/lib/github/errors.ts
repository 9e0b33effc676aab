/** Nothing that is configured may read this repository. Trying again changes nothing. */
export class NoAccessError extends Error {
  override readonly name = "NoAccessError";
}

/** What was asked for is not there any more. */
export class GoneError extends Error {
  override readonly name = "GoneError";
}

/** GitHub answered with a state older than one it has already shown: the answer came from a replica that lags behind. */
export class LaggingReplicaError extends Error {
  override readonly name = "LaggingReplicaError";
}

/** A limit had been reached before: this request was not made. */
export class LimitedError extends Error {
  override readonly name = "LimitedError";
  readonly until: Date;

  constructor(until: Date) {
    super(`GitHub's rate limit was reached; it ends at ${until.toISOString()}.`);
    this.until = until;
  }
}

/** GraphQL answered with errors, which it does with HTTP 200. `types` are GitHub's own, such as NOT_FOUND. */
export class GraphqlError extends Error {
  override readonly name = "GraphqlError";
  readonly types: readonly string[];
  readonly headers: ResponseHeaders;

  constructor(errors: readonly { type: string; message: string }[], headers: ResponseHeaders) {
    super(errors.map((error) => error.message).join("; "));
    this.types = errors.map((error) => error.type);
    this.headers = headers;
  }
}

type ResponseHeaders = Record<string, string | number | undefined>;
