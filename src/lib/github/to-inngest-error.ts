import { RequestError } from "@octokit/request-error";
import { NonRetriableError, RetryAfterError } from "inngest";
import { z } from "zod";
import {
  GoneError,
  GraphqlError,
  LaggingReplicaError,
  LimitedError,
  NoAccessError,
  UnreadableAnswerError,
} from "./errors.ts";
import { toReset } from "./budget.ts";

/** GitHub asks clients to wait at least a minute when it names no time. https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api */
const defaultWaitMs = 60_000;
const replicaWaitMs = 5_000;

/**
 * The number of retries for a failure that waiting does not fix, such as an answer that does not match our schema. Inngest waits 15 s, 30 s
 * and 60 s before these retries, and up to 30 s more. https://www.inngest.com/docs/features/inngest-functions/error-retries/retries
 */
export const briefRetries = 3;

/** Returns an error that is retried within minutes and then becomes a dead letter. `attempt` counts from 0. */
export function retryBriefly(message: string, attempt: number): Error {
  return attempt < briefRetries ? new Error(message) : new NonRetriableError(message);
}

/**
 * Converts an error from GitHub to one with Inngest's retry policy: wait until a rate limit ends, give up when an object is gone or
 * forbidden, otherwise retry. An unreadable answer is retried only within minutes, which is why the step's `attempt` is needed. The message
 * names the request and quotes GitHub, but contains no header. Other errors are returned unchanged.
 */
export function toInngestError(error: unknown, attempt = 0): unknown {
  if (error instanceof UnreadableAnswerError) return retryBriefly(error.message, attempt);
  if (error instanceof NoAccessError || error instanceof GoneError)
    return new NonRetriableError(error.message);
  if (error instanceof LimitedError) return waitUntil(error.message, error.until);
  if (error instanceof LaggingReplicaError) return new RetryAfterError(error.message, replicaWaitMs);
  if (error instanceof GraphqlError) return fromGraphql(error);
  if (error instanceof RequestError) return fromRest(error);
  return error;
}

/**
 * True when a smaller request might succeed: GitHub gave up after 10 s, or answered with an error and perhaps a part. False for a rate
 * limit.
 */
export function isTooMuchAtOnce(error: unknown): boolean {
  if (error instanceof RequestError) return error.status >= 500;
  return (
    error instanceof GraphqlError &&
    !error.types.some((type) => /^RATE_LIMIT|^NOT_FOUND$|^FORBIDDEN$|^INSUFFICIENT_SCOPES$/.test(type))
  );
}

/** Returns the end of the rate limit that an error reports, or null. */
export function limitEndOf(error: unknown): Date | null {
  if (error instanceof RequestError) return restLimitEnd(error);
  return error instanceof GraphqlError ? graphqlLimitEnd(error) : null;
}

function fromRest(error: RequestError): Error {
  const path = new URL(error.request.url).pathname;
  const message = `GitHub answered ${error.status} to ${error.request.method} ${path}: ${error.message}`;
  const limitEnd = restLimitEnd(error);
  if (limitEnd) return waitUntil(message, limitEnd);
  if ([400, 403, 404, 406, 410, 422, 451].includes(error.status) && !isTemporary(error))
    return new NonRetriableError(message);
  return new Error(message); // 401 (the retry uses a new token), 409, 423, 5xx; Octokit reports a network error as 500
}

/**
 * True when GitHub's 4xx is temporary: `pulls/{number}/files` answers 422 with the code `not_available`, or "Server Error: Sorry, this diff
 * is temporarily unavailable due to heavy server load.". A diff that is too large is a permanent refusal (406, code `too_large`: https://github.com/truongnh1992/gemini-ai-code-reviewer/issues/51).
 */
function isTemporary({ message, response }: RequestError): boolean {
  const codes = refusalCodes.safeParse(response?.data).data?.errors.map((each) => each.code) ?? [];
  if (codes.includes("not_available")) return true;
  return /temporarily unavailable|server error|heavy server load|try again/i.test(message);
}

const refusalCodes = z.object({ errors: z.array(z.object({ code: z.string() })) });

function fromGraphql(error: GraphqlError): Error {
  const message = `GitHub's GraphQL answered ${error.types.join(", ")}: ${error.message}`;
  const limitEnd = graphqlLimitEnd(error);
  if (limitEnd) return waitUntil(message, limitEnd);
  if (["NOT_FOUND", "FORBIDDEN", "INSUFFICIENT_SCOPES"].some((type) => error.types.includes(type)))
    return new NonRetriableError(message);
  return new Error(message);
}

/** Passes Inngest a duration instead of a time, because its clock and the local one can differ. */
function waitUntil(message: string, time: Date): RetryAfterError {
  return new RetryAfterError(message, Math.max(time.getTime() - Date.now(), 1000));
}

type Headers = Record<string, string | number | undefined>;

function restLimitEnd({ status, response, message }: RequestError): Date | null {
  if (status !== 403 && status !== 429) return null;
  const headers: Headers = response?.headers ?? {};
  const isPrimary = String(headers["x-ratelimit-remaining"]) === "0";
  const named = retryAfter(headers) ?? (isPrimary ? toReset(headers) : null);
  return named ?? (status === 429 || isPrimary || isLimit(message) ? defaultEnd() : null);
}

function graphqlLimitEnd({ types, headers, message }: GraphqlError): Date | null {
  const isPrimary = types.some((type) => type.startsWith("RATE_LIMIT"));
  if (isPrimary) return retryAfter(headers) ?? toReset(headers) ?? defaultEnd();
  return isLimit(message) ? (retryAfter(headers) ?? defaultEnd()) : null;
}

function isLimit(message: string): boolean {
  return /rate limit|abuse/i.test(message);
}

/** Returns null when the header is missing or malformed. */
function retryAfter(headers: Headers): Date | null {
  const seconds = Number(headers["retry-after"] || Number.NaN);
  return Number.isFinite(seconds) ? new Date(Date.now() + seconds * 1000) : null;
}

function defaultEnd(): Date {
  return new Date(Date.now() + defaultWaitMs);
}
