import { RequestError } from "@octokit/request-error";
import { NonRetriableError, RetryAfterError } from "inngest";
import { GoneError, GraphqlError, LaggingReplicaError, LimitedError, NoAccessError } from "./errors.ts";

/** Where GitHub names no moment, it asks to wait at least a minute. https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api */
const unnamedWaitMs = 60_000;
const replicaWaitMs = 5_000;

/**
 * GitHub's refusal as Inngest understands it: wait until the moment GitHub named, give up on what is gone or forbidden, retry the rest.
 * The message names the request and GitHub's own words, never a header. Errors that are not GitHub's pass unchanged.
 */
export function toInngestError(error: unknown): unknown {
  if (error instanceof NoAccessError || error instanceof GoneError)
    return new NonRetriableError(error.message);
  if (error instanceof LimitedError) return new RetryAfterError(error.message, error.until);
  if (error instanceof LaggingReplicaError) return new RetryAfterError(error.message, replicaWaitMs);
  if (error instanceof GraphqlError) return fromGraphql(error);
  if (error instanceof RequestError) return fromRest(error);
  return error;
}

/**
 * Whether GitHub might answer if it were asked for less: it gave up after 10 s, or answered with an error and perhaps a part. A limit
 * that was reached is another thing.
 */
export function isTooMuchAtOnce(error: unknown): boolean {
  if (error instanceof RequestError) return error.status >= 500;
  return (
    error instanceof GraphqlError &&
    !error.types.some((type) => /^RATE_LIMIT|^NOT_FOUND$|^FORBIDDEN$|^INSUFFICIENT_SCOPES$/.test(type))
  );
}

/** When the limit ends that the refusal tells of. Null when it tells of none. */
export function limitEndOf(error: unknown): Date | null {
  if (error instanceof RequestError) return restLimitEnd(error);
  return error instanceof GraphqlError ? graphqlLimitEnd(error) : null;
}

function fromRest(error: RequestError): Error {
  const path = new URL(error.request.url).pathname;
  const message = `GitHub answered ${error.status} to ${error.request.method} ${path}: ${error.message}`;
  const waitUntil = restLimitEnd(error);
  if (waitUntil) return new RetryAfterError(message, waitUntil);
  if ([403, 404, 410, 422, 451].includes(error.status)) return new NonRetriableError(message);
  return new Error(message); // 401 (the next try takes a new token), 5xx, 500 for what never arrived
}

function fromGraphql(error: GraphqlError): Error {
  const message = `GitHub's GraphQL answered ${error.types.join(", ")}: ${error.message}`;
  const waitUntil = graphqlLimitEnd(error);
  if (waitUntil) return new RetryAfterError(message, waitUntil);
  if (["NOT_FOUND", "FORBIDDEN", "INSUFFICIENT_SCOPES"].some((type) => error.types.includes(type)))
    return new NonRetriableError(message);
  return new Error(message);
}

type Headers = Record<string, string | number | undefined>;

function restLimitEnd({ status, response, message }: RequestError): Date | null {
  if (status !== 403 && status !== 429) return null;
  const headers: Headers = response?.headers ?? {};
  const isPrimary = String(headers["x-ratelimit-remaining"]) === "0";
  const named = retryAfter(headers) ?? (isPrimary ? reset(headers) : null);
  return named ?? (status === 429 || isPrimary || isLimit(message) ? unnamedEnd() : null);
}

function graphqlLimitEnd({ types, headers, message }: GraphqlError): Date | null {
  const isPrimary = types.some((type) => type.startsWith("RATE_LIMIT")); // of the two that GitHub has
  if (isPrimary) return retryAfter(headers) ?? reset(headers) ?? unnamedEnd();
  return isLimit(message) ? (retryAfter(headers) ?? unnamedEnd()) : null;
}

function isLimit(message: string): boolean {
  return /rate limit|abuse/i.test(message);
}

/** Null without a header that can be read. */
function retryAfter(headers: Headers): Date | null {
  const seconds = Number(headers["retry-after"] || Number.NaN);
  return Number.isFinite(seconds) ? new Date(Date.now() + seconds * 1000) : null;
}

/** A second from now at least: GitHub's clock and ours may differ. Null without a header that can be read. */
function reset(headers: Headers): Date | null {
  const moment = Number(headers["x-ratelimit-reset"] || Number.NaN) * 1000;
  return Number.isFinite(moment) ? new Date(Math.max(moment, Date.now() + 1000)) : null;
}

function unnamedEnd(): Date {
  return new Date(Date.now() + unnamedWaitMs);
}
