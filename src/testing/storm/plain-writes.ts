import { z } from "zod";
import type { TruthTable } from "../truth.ts";
import { toAccounts } from "../../lib/records/account.ts";
import {
  accountsOf,
  partialPullRequestSchema,
  pullRequestSchema,
  toPartialPullRequest,
  toPullRequest,
} from "../../lib/records/pull-request.ts";
import {
  issueCommentSchema,
  reviewCommentSchema,
  toIssueComment,
  toReviewComment,
} from "../../lib/records/comment.ts";
import { reviewSchema, toReview } from "../../lib/records/review.ts";

/** A row with the columns that the payload has. */
export interface Write {
  table: TruthTable;
  key: string;
  /** Null deletes the row. */
  row: object | null;
}

/** The fields of all payloads except those about an installation. */
const payloads = z.object({
  action: z.string(),
  repository: z.object({ id: z.int(), name: z.string(), owner: z.object({ login: z.string() }) }),
  installation: z.object({ id: z.int() }),
  pull_request: z.union([pullRequestSchema, partialPullRequestSchema]).optional(),
  issue: z.object({ number: z.int(), updated_at: z.string() }).optional(),
  review: reviewSchema.optional(),
  comment: z.union([reviewCommentSchema, issueCommentSchema]).optional(),
  thread: z.object({ comments: z.array(reviewCommentSchema) }).optional(),
});

type Payload = z.output<typeof payloads>;

/** Converts a webhook to writes. It uses pr-capture's schemas, so that the contenders differ only in what they do with the data. */
export function toWrites(body: unknown): Write[] {
  const payload = payloads.parse(body);
  return [
    ...repositoryWrites(payload),
    ...pullRequestWrites(payload),
    ...reviewWrites(payload),
    ...commentWrites(payload),
    ...accountWrites(payload),
  ];
}

function repositoryWrites({ repository: { id, name, owner }, installation }: Payload): Write[] {
  return [
    {
      table: "repositories",
      key: String(id),
      row: { id, name, owner: owner.login, installation_id: installation.id },
    },
  ];
}

function pullRequestWrites(payload: Payload): Write[] {
  const { repository, pull_request, issue } = payload;
  const { number } = pull_request ?? issue ?? {};
  if (number === undefined) return [];
  const row = pull_request ? toPullRequestRow(pull_request) : { number, updated_at: issue?.updated_at };
  return [
    {
      table: "pull_requests",
      key: `${repository.id} ${number}`,
      row: { repository_id: repository.id, ...row },
    },
  ];
}

function toPullRequestRow(
  shown: z.output<typeof pullRequestSchema> | z.output<typeof partialPullRequestSchema>,
) {
  return "merged" in shown ? toPullRequest(shown) : toPartialPullRequest(shown);
}

function reviewWrites(payload: Payload): Write[] {
  const row = payload.review && toReview(payload.review, "");
  return row ? [{ table: "reviews", key: String(row.id), row: { ...numberOf(payload), ...row } }] : [];
}

function commentWrites(payload: Payload): Write[] {
  const { action, comment, thread } = payload;
  const comments = [...(thread?.comments ?? []), ...(comment ? [comment] : [])];
  return comments.map((each) => {
    const row = isReviewComment(each) ? toReviewComment(each) : toIssueComment(each);
    const resolved = thread && row.in_reply_to_id === null && { resolved: action === "resolved" };
    return {
      table: "comments",
      key: `${row.kind} ${row.id}`,
      row: action === "deleted" ? null : { ...numberOf(payload), ...row, ...resolved },
    };
  });
}

function isReviewComment(
  comment: z.output<typeof issueCommentSchema> | z.output<typeof reviewCommentSchema>,
): comment is z.output<typeof reviewCommentSchema> {
  return "path" in comment;
}

function accountWrites({ pull_request, review, comment, thread }: Payload): Write[] {
  const accounts = toAccounts([
    ...(pull_request ? accountsOf(pull_request) : []),
    review?.user ?? null,
    comment?.user ?? null,
    ...(thread?.comments ?? []).map(({ user }) => user),
  ]);
  return accounts.map((row) => ({ table: "accounts", key: String(row.id), row }));
}

function numberOf({ repository, pull_request, issue }: Payload) {
  return { repository_id: repository.id, pull_request_number: pull_request?.number ?? issue?.number };
}
