import type { PageInfo } from "../records/graphql-page-info.ts";
import { UnreadableAnswerError } from "./errors.ts";

/**
 * Returns the cursor of the page that follows the one after `after`, or null at the end. Throws an `UnreadableAnswerError` when GitHub names
 * another page without a new cursor, because the same page would be read without end.
 */
export function nextCursor({ hasNextPage, endCursor }: PageInfo, after: string | null): string | null {
  if (!hasNextPage) return null;
  if (endCursor === null || endCursor === after)
    throw new UnreadableAnswerError("GitHub's list cannot be read further: its next page has no new cursor.");
  return endCursor;
}
