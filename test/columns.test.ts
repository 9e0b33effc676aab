import { afterAll, beforeAll, expect, test } from "vitest";
import { readPullRequests } from "../src/lib/github/read-pull-requests.ts";
import { createGitHub } from "../src/lib/github/client.ts";
import type { SqlDatabase } from "../src/lib/embedded/sql-database.ts";
import {
  issueCommentSchema,
  reviewCommentSchema,
  toIssueComment,
  toReviewComment,
} from "../src/lib/records/comment.ts";
import { fileSchema, toFile } from "../src/lib/records/file.ts";
import { fromGraphqlComment, fromGraphqlFile, fromGraphqlReview } from "../src/lib/records/graphql-lists.ts";
import { pullRequestSchema, toPullRequest } from "../src/lib/records/pull-request.ts";
import { reviewSchema, toReview } from "../src/lib/records/review.ts";
import { toTruth, type TruthTable } from "../src/testing/truth.ts";
import { openTestDatabase } from "./support/database.ts";
import { openGitHub, type TestGitHub } from "./support/open-github.ts";

/** Names the place where a new column is missing. The recipe "Add a column" in CONTRIBUTING lists the places. */

let database: SqlDatabase;
let github: TestGitHub;
let places: Record<string, Record<string, readonly object[]>>;

/** Columns that pr-capture keeps for itself: keys, clocks, and what follows from other columns or other objects. */
const bookkeeping = {
  pull_requests: [
    "repository_id",
    "reviews",
    "files_head_sha",
    "files_base_ref",
    "files_truncated",
    "details_requested_by",
    "column_clocks",
    /_clock$/,
    /_(fetched|counted)_at$/,
    /captured_(at|by)$/,
  ],
  pull_request_files: ["repository_id", "pull_request_number", "filename_sha256"],
  reviews: [
    "repository_id",
    "pull_request_number",
    "deleted_at",
    "clock",
    "fetched_at",
    "column_clocks",
    "listed_at",
    /^captured_/,
  ],
  comments: [
    "repository_id",
    "pull_request_number",
    "deleted_at",
    "deletion_inferred",
    "fetched_at",
    "column_clocks",
    "listed_at",
    /^captured_/,
    /^resolved/, // of its thread
  ],
};

/** Columns that GraphQL does not give, or that only REST gives in the same form. Syncs read the review comments by REST. */
const onlyRest: Record<string, readonly (string | RegExp)[]> = {
  pull_requests: ["review_comments"],
  pull_request_files: [],
  reviews: [],
  comments: [
    "pull_request_review_id",
    "in_reply_to_id",
    "path",
    "diff_hunk",
    "side",
    "start_side",
    "subject_type",
    /^original_/,
  ],
};

/** Not compared with the fake GitHub: GitHub computes it anew for each reader. */
const notCompared = ["author_association", "label_ids", "comments", "review_comments"];

const filesOfPlace: Record<string, string> = {
  rest: "src/lib/records/{pull-request,file,review,comment}.ts, or the fake GitHub's src/fake-github/json/",
  graphql:
    "src/lib/records/graphql-pull-request.ts or graphql-lists.ts, or the fake GitHub's src/fake-github/graphql/",
  truth: "src/testing/truth.ts",
};

beforeAll(async () => {
  database = await openTestDatabase();
  github = await openGitHub({ personalTokens: ["token"] });
  const { ann, web } = github.after(0, () => {
    const author = github.createAccount({ login: "ann" });
    const acme = github.createOrganization({ login: "acme", members: [author] });
    return { ann: author, web: github.createRepository({ owner: acme, name: "web" }) };
  });
  const pullRequest = github.after(10, () =>
    github.openPullRequest({ repository: web, author: ann, files: [{ filename: "a.ts" }] }),
  );
  github.after(20, () => github.createIssueComment({ on: pullRequest, author: ann, body: "Hello" }));
  github.after(30, () => {
    github.submitReview({ pullRequest, author: ann, comments: [{ body: "Hm" }] });
    const [inReplyTo] = pullRequest.threads[0]?.comments ?? [];
    if (inReplyTo) github.createReviewComment({ pullRequest, author: ann, body: "Yes", inReplyTo });
  });

  const client = await createGitHub({ apiUrl: github.url, app: null, token: "token" }).forInstallation(null);
  const rest = async (path: string) => (await client.request(`GET /repos/acme/web/${path}`)).data;
  const { node_id: nodeId, ...details } = await rest("pulls/1");
  const { pullRequests } = await readPullRequests(client, [nodeId]);
  const [read] = pullRequests;
  if (!read) throw new Error("GraphQL gave no pull request.");
  const { files, reviews, comments } = read.pullRequest;
  const clock = new Date().toISOString();
  places = {
    rest: {
      pull_requests: [toPullRequest(pullRequestSchema.parse(details))],
      pull_request_files: (await rest("pulls/1/files")).map((each: unknown) =>
        toFile(fileSchema.parse(each)),
      ),
      reviews: (await rest("pulls/1/reviews")).map((each: unknown) =>
        toReview(reviewSchema.parse(each), clock),
      ),
      comments: [
        ...(await rest("issues/1/comments")).map((each: unknown) =>
          toIssueComment(issueCommentSchema.parse(each)),
        ),
        ...(await rest("pulls/1/comments")).map((each: unknown) =>
          toReviewComment(reviewCommentSchema.parse(each)),
        ),
      ],
    },
    graphql: {
      pull_requests: [read.row],
      pull_request_files: (files?.nodes ?? []).map(fromGraphqlFile),
      reviews: (reviews?.nodes ?? []).flatMap((each) => fromGraphqlReview(each, clock) ?? []),
      comments: (comments?.nodes ?? []).map(fromGraphqlComment),
    },
    truth: toTruth(github),
  };
});
afterAll(async () => {
  await github.close();
  await database.close();
});

const matches = (column: string, patterns: readonly (string | RegExp)[]) =>
  patterns.some((pattern) => (typeof pattern === "string" ? pattern === column : pattern.test(column)));

test.each(["pull_requests", "pull_request_files", "reviews", "comments"] as const satisfies TruthTable[])(
  "every column of github.%s is captured and compared, or is known to be bookkeeping",
  async (table) => {
    const columns = await database.query<{ name: string }>(
      "select column_name as name from information_schema.columns where table_schema = 'github' and table_name = $1",
      [table],
    );
    const captured = columns.map(({ name }) => name).filter((name) => !matches(name, bookkeeping[table]));
    const lacking = (place: string, exempt: readonly (string | RegExp)[]) =>
      captured
        .filter((column) => !matches(column, exempt))
        .filter((column) => !places[place]?.[table]?.some((row) => Reflect.get(row, column) !== undefined))
        .map((column) => `${column}: add it to ${filesOfPlace[place]}`);
    expect([
      ...lacking("rest", []),
      ...lacking("graphql", onlyRest[table] ?? []),
      ...lacking("truth", notCompared),
    ]).toEqual([]);
  },
);
