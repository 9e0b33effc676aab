/** No configured credentials can read this repository. A retry does not help. */
export class NoAccessError extends Error {
  override readonly name = "NoAccessError";
}

/** The requested object no longer exists. */
export class GoneError extends Error {
  override readonly name = "GoneError";
}

/** GitHub answered with an older state than before, because a replica lags behind. */
export class LaggingReplicaError extends Error {
  override readonly name = "LaggingReplicaError";
}

/** GitHub's answer does not match our schema. The message names the object, the field and the reason, never a value. */
export class UnreadableAnswerError extends Error {
  override readonly name = "UnreadableAnswerError";
}

/** The request was not sent, because an earlier one reached the rate limit. */
export class LimitedError extends Error {
  override readonly name = "LimitedError";
  readonly until: Date;

  constructor(until: Date) {
    super(`GitHub's rate limit is reached until ${until.toISOString()}.`);
    this.until = until;
  }
}

/**
 * GraphQL answered with errors, which it does with HTTP 200. `types` are GitHub's, such as NOT_FOUND. `undefinedFields` are missing from
 * the server's schema, as `Type.field`.
 */
export class GraphqlError extends Error {
  override readonly name = "GraphqlError";
  readonly types: readonly string[];
  readonly undefinedFields: readonly string[];
  readonly headers: ResponseHeaders;

  constructor(
    errors: readonly { type: string; message: string; undefinedField?: string | undefined }[],
    headers: ResponseHeaders,
  ) {
    super(errors.map((error) => error.message).join("; "));
    this.types = errors.map((error) => error.type);
    this.undefinedFields = errors.flatMap(({ undefinedField }) => undefinedField ?? []);
    this.headers = headers;
  }
}

type ResponseHeaders = Record<string, string | number | undefined>;
