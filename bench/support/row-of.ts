import { z } from "zod";
import type { WebhookDelivery } from "../../src/fake-github/index.ts";

/** A query that finds a webhook's row after its capture. */
export interface RowQuery {
  sql: string;
  params: (string | number)[];
}

export interface Expectation {
  /** The delivery's GUID. */
  delivery: string;
  row: RowQuery;
}

const dated = z.object({ id: z.int(), updated_at: z.string() });
const payload = z.object({
  comment: dated.optional(),
  review: z.object({ id: z.int() }).optional(),
  pull_request: dated.optional(),
});

export function rowOf(delivery: WebhookDelivery): RowQuery {
  const { comment, review, pull_request: pullRequest } = payload.parse(delivery.payload);
  if (comment) {
    const kind = delivery.name === "issue_comment" ? "issue" : "review";
    return {
      sql: "select from github.comments where kind = $1 and id = $2 and updated_at >= $3",
      params: [kind, comment.id, comment.updated_at],
    };
  }
  if (review) return { sql: "select from github.reviews where id = $1", params: [review.id] };
  if (!pullRequest) throw new Error(`${delivery.name} has no row.`);
  return {
    sql: "select from github.pull_requests where id = $1 and details_clock >= $2",
    params: [pullRequest.id, pullRequest.updated_at],
  };
}
