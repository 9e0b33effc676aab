import { z } from "zod";
import type { TruthTable } from "../../../src/demo/truth.ts";
import * as shapes from "../../../src/lib/records/github-objects.ts";
import { accountsOf, toAccounts } from "../../../src/lib/records/to-accounts.ts";
import { toIssueComment, toReviewComment } from "../../../src/lib/records/to-comment.ts";
import { toPartialPullRequest, toPullRequest } from "../../../src/lib/records/to-pull-request.ts";
import { toReview } from "../../../src/lib/records/to-review.ts";

/** One row, or as many of its columns as the payload has. */
export interface Write {
  table: TruthTable;
  key: string;
  /** Null: the row is to be deleted. */
  row: object | null;
}

/** What every payload but an installation's may have. */
const payloads = z.object({
  action: z.string(),
  repository: z.object({ id: z.int(), name: z.string(), owner: z.object({ login: z.string() }) }),
  installation: z.object({ id: z.int() }),
  pull_request: z.union([shapes.pullRequest, shapes.partialPullRequest]).optional(),
  issue: z.object({ number: z.int(), updated_at: z.string() }).optional(),
  review: shapes.review.optional(),
  comment: z.union([shapes.reviewComment, shapes.issueComment]).optional(),
  thread: z.object({ comments: z.array(shapes.reviewComment) }).optional(),
});

type Payload = z.output<typeof payloads>;

/** What a webhook says of rows, read by pr-capture's own schemas: the contenders differ in what they make of it, not in how they read. */
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
  shown: z.output<typeof shapes.pullRequest> | z.output<typeof shapes.partialPullRequest>,
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
    const row = isRemark(each) ? toReviewComment(each) : toIssueComment(each);
    const resolved = thread && row.in_reply_to_id === null && { resolved: action === "resolved" };
    return {
      table: "comments",
      key: `${row.kind} ${row.id}`,
      row: action === "deleted" ? null : { ...numberOf(payload), ...row, ...resolved },
    };
  });
}

function isRemark(
  comment: z.output<typeof shapes.issueComment> | z.output<typeof shapes.reviewComment>,
): comment is z.output<typeof shapes.reviewComment> {
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
