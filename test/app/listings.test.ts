import { beforeEach, expect, test } from "vitest";
import { failures, type Account, type IssueComment, type PullRequest } from "../../src/fake-github/index.ts";
import { pullRequestComments, pullRequestDetails, pullRequestReviews } from "../../src/lib/inngest/events.ts";
import type { TestGitHub } from "../support/open-github.ts";
import { useScene } from "../support/scene.ts";

/** The lists of one pull request. A bad item costs only itself, and nothing that GitHub has is marked as deleted. */

const scene = useScene();
const { deliver, rows, skipRetries } = scene;

let github: TestGitHub;
let ann: Account;
let pullRequest: PullRequest;

beforeEach(() => {
  ({ github, ann } = scene);
  pullRequest = github.after(-60, () => github.openPullRequest({ repository: scene.web, author: ann }));
});

function createComments(count: number): IssueComment[] {
  return github.after(5, () =>
    Array.from({ length: count }, (_, index) =>
      github.createIssueComment({ on: pullRequest, author: ann, body: `${index}` }),
    ),
  );
}

/** Deletes the comment without a webhook. */
const removeSilently = (removed: IssueComment | undefined) =>
  github.quietly(() => removed && github.deleteIssueComment(removed));

const target = () => ({
  repository: { id: scene.web.id, owner: "acme", name: scene.web.name },
  installationId: scene.installation.id,
  number: pullRequest.number,
  reason: "manual" as const,
  priority: "high" as const,
});

async function capture(event: { create: typeof pullRequestComments.create }): Promise<void> {
  await scene.app.services.inngest.send(event.create(target()));
  await scene.app.idle();
}

/** Dates all rows a minute back, since rows within the second of a listing may belong to it. */
async function dateRowsMinuteBack(): Promise<void> {
  const before = "listed_at = listed_at - interval '1 minute'";
  await scene.database.exec(`update github.comments set ${before}`);
  await scene.database.exec(`update github.reviews set ${before}, clock = clock - interval '1 minute'`);
  await scene.database.exec(
    "update github.pull_requests set comments_counted_at = comments_counted_at - interval '1 minute'",
  );
}

const commentRows = () => rows("github.comments");
const deletedComments = async () => (await commentRows()).filter((row) => row["deleted_at"] !== null);
/** Without the jobs that capture the details of an unknown pull request. */
const jobsWithoutDetails = () => rows("capture.jobs where event_id not like '%:details'");

/** Changes the answers to requests whose path and query match. */
function spoil(pattern: RegExp, change: (body: never) => unknown): void {
  github.intercept(
    failures.matching(pattern, async (_, next) => {
      const response = await next();
      const headers = Object.fromEntries(response.headers);
      return Response.json(change((await response.json()) as never), { status: response.status, headers });
    }),
  );
}

test("a comment that cannot be read costs only itself, and the job names it", async () => {
  const comments = createComments(3);
  const bad = comments[1]?.id;
  spoil(/issues\/1\/comments/, (body: { id: number }[]) =>
    body.map((item) => (item.id === bad ? { ...item, created_at: 7 } : item)),
  );
  await capture(pullRequestComments);
  const others = comments.map(({ id }) => id).filter((id) => id !== bad);
  expect((await commentRows()).map((row) => row["id"])).toEqual(others);
  await skipRetries();
  expect(await jobsWithoutDetails()).toMatchObject([
    {
      state: "failed",
      error: {
        message: `GitHub's issue comment ${bad} cannot be read: created_at: expected string, received number.`,
      },
    },
  ]);
});

test("a captured comment that cannot be read later is not marked as deleted", async () => {
  const [bad] = createComments(2);
  await capture(pullRequestComments);
  await dateRowsMinuteBack();
  spoil(/issues\/1\/comments/, (body: { id: number }[]) =>
    body.map((item) => (item.id === bad?.id ? { ...item, id: "x" } : item)),
  );
  await capture(pullRequestComments);
  await skipRetries();
  expect(await commentRows()).toHaveLength(2);
  expect(await deletedComments()).toEqual([]);
});

test("a capture completes when its retry receives a good answer", async () => {
  createComments(2);
  github.intercept(
    failures.matching(
      /issues\/1\/comments/,
      failures.once(() => Response.json([{ id: 1, body: 7 }])),
    ),
  );
  await capture(pullRequestComments);
  await skipRetries();
  expect(await jobsWithoutDetails()).toMatchObject([{ state: "completed" }]);
  expect(await commentRows()).toHaveLength(2);
});

test("a comment that makes every page fail costs only itself", async () => {
  const comments = createComments(30);
  const badOffset = 11;
  github.intercept((request) => {
    const url = new URL(request.url);
    if (!url.pathname.endsWith("/issues/1/comments")) return;
    const size = Number(url.searchParams.get("per_page"));
    const first = (Number(url.searchParams.get("page")) - 1) * size;
    if (first <= badOffset && badOffset < first + size)
      return Response.json({ message: "Server Error" }, { status: 502 });
  });
  await capture(pullRequestComments);
  await skipRetries();
  const ids = comments.filter((_, offset) => offset !== badOffset).map(({ id }) => id);
  expect((await commentRows()).map((row) => row["id"])).toEqual(ids);
  expect(await jobsWithoutDetails()).toMatchObject([
    { state: "failed", error: { message: expect.stringContaining("issue comment at position 12") } },
  ]);
});

test("a comment that is deleted without a webhook is marked as deleted by the next listing", async () => {
  const comments = createComments(3);
  await capture(pullRequestComments);
  await dateRowsMinuteBack();
  removeSilently(comments[1]);
  await capture(pullRequestComments);
  expect((await deletedComments()).map((row) => row["id"])).toEqual([comments[1]?.id]);
  expect(await rows("github.pull_requests")).toMatchObject([{ comments: 2 }]);
});

test("a comment that is deleted between two pages hides no other", async () => {
  const comments = createComments(150);
  const stop = github.intercept((request) => {
    if (!/issues\/1\/comments\?.*page=2/.test(request.url)) return;
    stop();
    removeSilently(comments[0]);
  });
  await capture(pullRequestComments);
  await dateRowsMinuteBack();
  expect(await commentRows()).toHaveLength(150); // the 101st too, which moved to the first page
  await capture(pullRequestComments);
  expect((await deletedComments()).map((row) => row["id"])).toEqual([comments[0]?.id]);
  expect(await jobsWithoutDetails()).toMatchObject([{ state: "completed" }, { state: "completed" }]);
});

test("an empty list from a replica that lags marks nothing as deleted", async () => {
  createComments(3);
  await capture(pullRequestComments);
  await dateRowsMinuteBack();
  github.intercept(failures.matching(/issues\/1\/comments/, () => Response.json([])));
  await capture(pullRequestComments);
  expect(await commentRows()).toHaveLength(3);
  expect(await deletedComments()).toEqual([]);
});

test("losing access to the repository marks nothing as deleted", async () => {
  createComments(3);
  await capture(pullRequestComments);
  await dateRowsMinuteBack();
  github.intercept(failures.matching(/issues\/1\/comments/, () => Response.json([])));
  github.intercept(failures.matching(/issues\/comments\/|pulls\/1$/, failures.refused(404, "Not Found")));
  await capture(pullRequestComments);
  expect(await deletedComments()).toEqual([]);
  expect((await jobsWithoutDetails()).map((job) => job["state"])).toEqual(["completed", "failed"]);
});

test("a review that a list lacks and GitHub still has is kept", async () => {
  github.after(5, () => github.submitReview({ pullRequest, author: ann, body: "Fine" }));
  await capture(pullRequestReviews as never);
  await dateRowsMinuteBack();
  github.intercept(failures.matching(/pulls\/1\/reviews\?/, () => Response.json([])));
  await capture(pullRequestReviews as never);
  expect(await rows("github.reviews")).toMatchObject([{ deleted_at: null }]);
});

test.each([
  ["issue", /issues\/1\/comments/, "review"],
  ["review", /pulls\/1\/comments/, "issue"],
])("a refused list of %s comments does not stop the capture of the other list", async (_, refused, kept) => {
  createComments(1);
  github.after(6, () => github.submitReview({ pullRequest, author: ann, comments: [{ body: "one" }] }));
  github.intercept(failures.matching(refused, failures.refused(451, "Repository access blocked")));
  await capture(pullRequestComments);
  expect((await commentRows()).map((row) => row["kind"])).toEqual([kept]);
  expect(await jobsWithoutDetails()).toMatchObject([
    { state: "failed", error: { message: expect.stringContaining("451") } },
  ]);
});

test("a deleted review comment is marked as deleted although GitHub cannot serve the threads", async () => {
  const { comments } = github.after(5, () =>
    github.submitReview({ pullRequest, author: ann, comments: [{ body: "one" }, { body: "two" }] }),
  );
  await capture(pullRequestComments);
  await dateRowsMinuteBack();
  const [removed] = comments;
  github.quietly(() => removed && github.deleteReviewComment(removed));
  github.intercept(failures.matching(/graphql/, failures.serverError(502)));
  await capture(pullRequestComments);
  expect((await deletedComments()).map((row) => row["id"])).toEqual([removed?.id]);
  expect((await jobsWithoutDetails()).map((job) => job["state"])).toEqual(["completed", "retrying"]);
});

test("review comments that are edited within one second are resolved without their threads", async () => {
  const reviewComment = github.after(5, () =>
    github.createReviewComment({ pullRequest, author: ann, body: "first" }),
  );
  github.after(9, () => github.editReviewComment(reviewComment, "second"));
  github.after(9, () => github.editReviewComment(reviewComment, "third"));
  github.intercept(failures.matching(/graphql/, failures.serverError(502)));
  await deliver(scene.takeDeliveries().toReversed());
  expect(await commentRows()).toMatchObject([{ body: "third" }]);
  expect(
    await rows("capture.jobs where event_name = 'capture/pr.comments' and state <> 'completed'"),
  ).toEqual([]);
});

test("details are stored although GitHub refuses the files", async () => {
  github.intercept(failures.matching(/pulls\/1\/files/, failures.refused(451, "Repository access blocked")));
  await capture(pullRequestDetails as never);
  expect(await rows("github.pull_requests")).toMatchObject([{ title: pullRequest.title }]);
  expect(await jobsWithoutDetails()).toMatchObject([{ state: "failed" }]);
});

test("a file that cannot be read costs only itself", async () => {
  github.after(8, () =>
    github.push(pullRequest, { files: ["a.ts", "b.ts", "c.ts"].map((filename) => ({ filename })) }),
  );
  spoil(/pulls\/1\/files/, (body: { filename: string }[]) =>
    body.map((item) => (item.filename === "b.ts" ? { ...item, additions: "x" } : item)),
  );
  await capture(pullRequestDetails as never);
  await skipRetries();
  expect((await rows("github.pull_request_files")).map((row) => row["filename"])).toEqual(["a.ts", "c.ts"]);
  expect(await jobsWithoutDetails()).toMatchObject([
    {
      state: "failed",
      error: {
        message: "GitHub's file at position 2 cannot be read: additions: expected number, received string.",
      },
    },
  ]);
});
