import { fileJson } from "../json/file.ts";
import { issueCommentJson, reviewCommentJson } from "../json/comment.ts";
import { installationJson } from "../json/installation.ts";
import { issueJson } from "../json/issue.ts";
import { pullRequestJson, simplePullRequestJson } from "../json/pull-request.ts";
import { repositoryJson } from "../json/repository.ts";
import { reviewJson } from "../json/review.ts";
import { computeMergeability } from "../mutations/mergeability.ts";
import { notFound, ok } from "../reply.ts";
import type { Reply } from "../reply.ts";
import { listedFilesOf } from "../listed-files.ts";
import { installationOf, reviewCommentsOf, submittedReviews } from "../state.ts";
import type { Issue, PullRequest, Repository } from "../state.ts";
import { page, sinceAndSorted, sortedBy } from "./page.ts";
import type { Context, Routes } from "./route.ts";

export interface RepositoryContext extends Context {
  repository: Repository;
  /** The start of links to other pages. */
  base: string;
}

/** The routes below `/repos/{owner}/{name}` and `/repositories/{id}`. */
export const repositoryRoutes: Routes<RepositoryContext> = {
  "GET ": ({ world, repository }) => ok(repositoryJson(world, repository)),

  "GET installation": ({ world, repository, credential }) => {
    const installation = installationOf(world.state, repository);
    return installation && credential.kind === "app" ? ok(installationJson(world, installation)) : notFound();
  },

  "GET pulls": (context) => {
    const { url, base, world, repository } = context;
    const { searchParams: query } = url;
    const state = query.get("state") ?? "open";
    const [sort, head, branch] = [query.get("sort") ?? "created", query.get("head"), query.get("base")];
    const found = [...repository.pullRequests.values()].filter(
      (pullRequest) =>
        (state === "all" || pullRequest.state === state) &&
        (head === null || head === `${pullRequest.head.owner.login}:${pullRequest.head.ref}`) &&
        (branch === null || branch === pullRequest.base.ref),
    );
    const descending = (query.get("direction") ?? (sort === "created" ? "desc" : "asc")) === "desc";
    return page(url, base, sortedBy(found, sort, descending ? -1 : 1), (pullRequest) =>
      simplePullRequestJson(world, pullRequest),
    );
  },

  "GET pulls/:number": (context) =>
    onPullRequest(context, (pullRequest) => {
      computeMergeability(context.world, pullRequest);
      return ok(pullRequestJson(context.world, pullRequest));
    }),

  "GET pulls/:number/files": (context) =>
    onPullRequest(context, (pullRequest) =>
      page(context.url, context.base, listedFilesOf(pullRequest), (file) =>
        fileJson(context.world, pullRequest, file),
      ),
    ),

  "GET pulls/:number/reviews": (context) =>
    onPullRequest(context, (pullRequest) =>
      page(context.url, context.base, submittedReviews(pullRequest), (review) =>
        reviewJson(context.world, review),
      ),
    ),

  "GET pulls/:number/reviews/:id": (context) =>
    onPullRequest(context, (pullRequest) => {
      const review = submittedReviews(pullRequest).find(({ id }) => id === Number(context.params["id"]));
      return review ? ok(reviewJson(context.world, review)) : notFound();
    }),

  "GET pulls/:number/reviews/:id/comments": (context) =>
    onPullRequest(context, (pullRequest) => {
      const review = submittedReviews(pullRequest).find(({ id }) => id === Number(context.params["id"]));
      if (!review) return notFound();
      return page(context.url, context.base, review.comments, (comment) =>
        reviewCommentJson(context.world, comment),
      );
    }),

  "GET pulls/:number/comments": (context) =>
    onPullRequest(context, (pullRequest) =>
      page(context.url, context.base, sinceAndSorted(context.url, reviewCommentsOf(pullRequest)), (comment) =>
        reviewCommentJson(context.world, comment),
      ),
    ),

  "GET pulls/comments": ({ world, repository, url, base }) => {
    const comments = byId([...repository.pullRequests.values()].flatMap(reviewCommentsOf));
    return page(url, base, sinceAndSorted(url, comments), (comment) => reviewCommentJson(world, comment));
  },

  "GET pulls/comments/:id": ({ world, repository, params }) => {
    const comment = world.state.reviewComments.get(Number(params["id"]));
    const visible = comment?.pullRequest.repository === repository && comment.review.state !== "PENDING";
    return comment && visible ? ok(reviewCommentJson(world, comment)) : notFound();
  },

  "GET issues": ({ world, repository, url, base }) => {
    const state = url.searchParams.get("state") ?? "open";
    const since = url.searchParams.get("since");
    const all = [...repository.issues.values(), ...repository.pullRequests.values()].toSorted(
      (a, b) => a.number - b.number,
    );
    const found = all.filter(
      (issue) =>
        (state === "all" || issue.state === state) &&
        (since === null || new Date(issue.updatedAt) >= new Date(since)),
    );
    const descending = (url.searchParams.get("direction") ?? "desc") === "desc";
    const sorted = sortedBy(found, url.searchParams.get("sort"), descending ? -1 : 1);
    return page(url, base, sorted, (issue) => issueJson(world, issue));
  },

  "GET issues/:number": (context) => onDiscussion(context, (issue) => ok(issueJson(context.world, issue))),

  "GET issues/:number/comments": (context) =>
    onDiscussion(context, (issue) => {
      const since = new Date(context.url.searchParams.get("since") ?? 0);
      const comments = issue.comments.filter(({ updatedAt }) => new Date(updatedAt) >= since);
      return page(context.url, context.base, comments, (comment) => issueCommentJson(context.world, comment));
    }),

  "GET issues/comments": ({ world, repository, url, base }) => {
    const discussions = [...repository.issues.values(), ...repository.pullRequests.values()];
    const comments = byId(discussions.flatMap((issue) => issue.comments));
    return page(url, base, sinceAndSorted(url, comments), (comment) => issueCommentJson(world, comment));
  },

  "GET issues/comments/:id": ({ world, repository, params }) => {
    const comment = world.state.issueComments.get(Number(params["id"]));
    return comment?.discussion.repository === repository ? ok(issueCommentJson(world, comment)) : notFound();
  },
};

function onPullRequest(
  { repository, params }: RepositoryContext,
  answer: (pullRequest: PullRequest) => Reply,
): Reply {
  const pullRequest = repository.pullRequests.get(Number(params["number"]));
  return pullRequest ? answer(pullRequest) : notFound();
}

function onDiscussion(
  { repository, params }: RepositoryContext,
  answer: (issue: Issue | PullRequest) => Reply,
): Reply {
  const number = Number(params["number"]);
  const issue = repository.issues.get(number) ?? repository.pullRequests.get(number);
  return issue ? answer(issue) : notFound();
}

function byId<T extends { id: number }>(items: readonly T[]): T[] {
  return items.toSorted((a, b) => a.id - b.id);
}
