import { RequestError } from "@octokit/request-error";
import { GoneError, LimitedError } from "../github/errors.ts";
import type { PullRequestRef } from "../github/get-page.ts";
import { getPullRequest } from "../github/get-pull-request.ts";
import type { GitHubClient } from "../github/github-client.ts";
import { issueCommentsListing, reviewCommentsListing } from "../github/list-comments.ts";
import { filesListing } from "../github/list-files.ts";
import { listReviewThreads } from "../github/list-review-threads.ts";
import { reviewsOf } from "../github/list-reviews.ts";
import { listStart, readPage, type Listing, type ListPosition } from "../github/read-page.ts";
import { briefRetries, isTooMuchAtOnce, limitEndOf, toInngestError } from "../github/to-inngest-error.ts";
import { toIssueComment, toReviewComment } from "../records/comment.ts";
import { toFile } from "../records/file.ts";
import { toPullRequest } from "../records/pull-request.ts";
import { toReview } from "../records/review.ts";

/** A row as a capture would merge it. An absent column is unknown. */
export type ObservedRow = Record<string, unknown>;

/** A list as GitHub showed it. A row that an incomplete list lacks may exist. */
export interface ObservedList {
  rows: ObservedRow[];
  isComplete: boolean;
}

export type ObservedListName = "files" | "reviews" | "issue_comments" | "review_comments";

export interface ObservedPullRequest {
  pullRequest: ObservedRow;
  lists: Record<ObservedListName, ObservedList>;
  /** One sentence for each part that GitHub could not show. */
  problems: string[];
  requests: number;
  points: number;
}

/** Reads a pull request with the captures' own requests and mappings. Returns null when GitHub shows no such pull request. */
export async function readFromGitHub(
  client: GitHubClient,
  ref: PullRequestRef,
): Promise<ObservedPullRequest | null> {
  const shown = await getPullRequest(client, ref).catch((error: unknown) => {
    if (error instanceof GoneError || (error instanceof RequestError && error.status === 404)) return null;
    throw error;
  });
  if (!shown) return null;
  const problems: string[] = [];
  let requests = 1;

  async function readList<Item>(
    listing: Listing<Item>,
    toRow: (item: Item, date: string) => ObservedRow | null,
  ): Promise<ObservedList> {
    const rows: ObservedRow[] = [];
    let unreadable = 0;
    try {
      for (let position: ListPosition | null = listStart; position;) {
        const from: ListPosition = position;
        const page = await persist((attempt) => readPage(client, listing, from, attempt));
        for (const item of page.data) {
          const row = toRow(item, page.date);
          if (row) rows.push(row);
        }
        problems.push(...page.unreadable.map(({ message }) => message));
        unreadable += page.unreadable.length;
        requests += page.requests;
        position = page.next;
      }
    } catch (error) {
      problems.push(refusalOf(error));
      return { rows, isComplete: false };
    }
    return { rows, isComplete: unreadable === 0 };
  }

  async function readThreads() {
    const resolved = new Map<number, boolean>();
    let points = 0;
    try {
      for (let after: string | null | undefined; after !== null;) {
        const cursor = after ?? null;
        const page = await persist((attempt) => listReviewThreads(client, ref, cursor, attempt));
        for (const thread of page.threads) resolved.set(thread.comment_id, thread.resolved);
        problems.push(...page.unreadable);
        points += page.points;
        after = page.after;
      }
    } catch (error) {
      problems.push(refusalOf(error));
    }
    return { resolved, points };
  }

  const [files, reviews, issueComments, reviewComments] = await Promise.all([
    readList(filesListing(ref), toFile),
    readList(reviewsOf(ref), toReview),
    readList(issueCommentsListing(ref), (comment) => ({ ...toIssueComment(comment) })),
    readList(reviewCommentsListing(ref), toReviewComment),
  ]);
  const { resolved, points } =
    reviewComments.rows.length > 0
      ? await readThreads()
      : { resolved: new Map<number, boolean>(), points: 0 };
  const withThreads = reviewComments.rows.map((row) => {
    const isResolved = resolved.get(Number(row["id"]));
    return isResolved === undefined ? row : { ...row, resolved: isResolved };
  });
  return {
    pullRequest: toPullRequest(shown.data),
    lists: {
      files,
      reviews,
      issue_comments: issueComments,
      review_comments: { ...reviewComments, rows: withThreads },
    },
    problems,
    requests,
    points,
  };
}

/** Repeats a request with smaller pages while GitHub fails, as the attempts of a step do. */
async function persist<Answer>(request: (attempt: number) => Promise<Answer>): Promise<Answer> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await request(attempt);
    } catch (error) {
      if (attempt === briefRetries || !isTooMuchAtOnce(error)) throw error;
    }
  }
}

/** Describes why GitHub refuses a list. Throws the error when it ends the whole comparison: a rate limit, or one that is not GitHub's. */
function refusalOf(error: unknown): string {
  if (error instanceof LimitedError || limitEndOf(error)) throw error;
  const described = toInngestError(error);
  if (described === error || !(described instanceof Error)) throw error; // not GitHub's
  return described.message;
}
