/** When a sync gives up on one request and goes on with the rest. */
import { RequestError } from "@octokit/request-error";
import { UnreadableAnswerError } from "../../github/errors.ts";
import type { GitHubClient } from "../../github/github-client.ts";
import { answersGraphql } from "../../github/read-pull-requests.ts";
import { briefRetries, isTooMuchAtOnce, limitEndOf } from "../../github/to-inngest-error.ts";
import { isUnstorable } from "../../store/store.ts";

/**
 * Returns null if GitHub refuses a listing, or fails it repeatedly for minutes. Throws a rate limit, and a refusal that every request of the repository
 * would get.
 */
export async function nullIfRefused<Answer>(
  run: { attempt: number },
  ask: () => Promise<Answer>,
): Promise<Answer | null> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof RequestError) || limitEndOf(error)) throw error;
    const isRefused = error.status >= 400 && error.status < 500;
    if (isRefused ? [401, 403, 404].includes(error.status) : run.attempt < briefRetries) throw error;
    return null;
  }
}

/**
 * Returns null if GitHub fails the request, or its answer cannot be read or stored: a smaller request may succeed. If the request cannot be smaller
 * (`isSingle`) and GitHub is down, the failure is thrown, and the step is retried.
 */
export async function nullIfTooMuch<Answer>(
  client: GitHubClient,
  ask: () => Promise<Answer>,
  isSingle: boolean,
): Promise<Answer | null> {
  try {
    return await ask();
  } catch (error) {
    if (isUnstorable(error) || error instanceof UnreadableAnswerError) return null;
    if (!isTooMuchAtOnce(error)) throw error;
    if (isSingle && !(await answersGraphql(client))) throw error;
    return null;
  }
}
