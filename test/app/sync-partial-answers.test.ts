import { describe, expect, test } from "vitest";
import { z } from "zod";
import type { Difference } from "../../src/testing/compare-rows.ts";
import { failures, reviewCommentsOf, type PullRequest } from "../../src/fake-github/index.ts";
import type { TruthTable } from "../../src/testing/truth.ts";
import type { GapKind } from "../../src/api/contract.ts";
import { useScene } from "../support/scene.ts";

/** GitHub answers 200 and withholds a field. The app reads a withheld field again or shows it as a gap, and never takes it for a value. */

const scene = useScene();

const types = ["RESOURCE_LIMITS_EXCEEDED", "FORBIDDEN", "NOT_FOUND", "INTERNAL"];

/** The fields that an error can leave null, by their path from the pull request. */
const withheldFields: [string, (string | number)[]][] = [
  ["the pull request", []],
  ["the files", ["files"]],
  ["the reviews", ["reviews"]],
  ["the comments", ["comments"]],
  ["the threads", ["reviewThreads"]],
  ["a list's page information", ["reviews", "pageInfo"]],
  ["a file", ["files", "nodes", 0]],
  ["a review", ["reviews", "nodes", 0]],
  ["a review's author", ["reviews", "nodes", 0, "author"]],
  ["a comment", ["comments", "nodes", 0]],
  ["a comment's author", ["comments", "nodes", 0, "author"]],
  ["a thread", ["reviewThreads", "nodes", 0]],
  ["the author", ["author"]],
  ["the milestone", ["milestone"]],
  ["the head repository", ["headRepository"]],
  ["the labels", ["labels"]],
  ["a label", ["labels", "nodes", 0]],
  ["the assignees", ["assignedActors"]],
  ["the requested reviewers", ["reviewRequests"]],
  ["who merged it", ["mergedBy"]],
  ["the merge commit", ["mergeCommit"]],
  ["the text", ["body"]],
  ["the title, which takes the pull request with it", ["title"]],
];

/** Opens pull requests with a value in every field that GitHub can withhold. */
function openPullRequests(count = 2): PullRequest[] {
  const { github, web, ann } = scene;
  const ben = github.createAccount({ login: "ben" });
  const milestone = github.createMilestone(web, "1.0");
  return Array.from({ length: count }, (_, index) => {
    const start = 10 + 100 * index;
    const pullRequest = github.after(start, () =>
      github.openPullRequest({
        repository: web,
        author: ann,
        body: "Why",
        labels: ["bug"],
        files: [{ filename: "a.ts" }, { filename: "b.ts" }],
      }),
    );
    github.after(start + 1, () => github.setMilestone(pullRequest, milestone));
    github.after(start + 2, () => github.assign(pullRequest, ben));
    github.after(start + 4, () =>
      github.submitReview({ pullRequest, author: ben, body: "Hm", comments: [{ body: "Why?" }] }),
    );
    github.after(start + 5, () => github.createIssueComment({ on: pullRequest, author: ben, body: "So" }));
    for (const thread of pullRequest.threads) github.after(start + 6, () => github.resolveThread(thread));
    github.after(start + 7, () => github.mergePullRequest(pullRequest, { by: ben }));
    return pullRequest;
  });
}

async function isQueryWith(request: Request, words: RegExp): Promise<boolean> {
  return request.url.endsWith("/graphql") && words.test(await request.clone().text());
}

/** Withholds the field at the path from every answer to such a query. Returns a function that ends this. */
function withhold(words: RegExp, path: (string | number)[], type: string): () => void {
  const partial = failures.graphqlPartial(path, type);
  return scene.github.intercept(async (request, next) =>
    (await isQueryWith(request, words)) ? partial(request, next) : undefined,
  );
}

const answer = z.object({
  data: z.object({ nodes: z.array(z.record(z.string(), z.unknown()).nullable()) }),
});

/** Withholds one field of each pull request, wherever it is in an answer: the first field of number 1, the second of number 2. */
function withholdFromEach(paths: readonly (string | number)[][], type: string): void {
  scene.github.intercept(async (request, next) => {
    if (!(await isQueryWith(request, /nodes\(ids:/))) return undefined;
    const response = await next();
    const { nodes } = answer.parse(await response.clone().json()).data;
    const partial = nodes.reduce<() => Promise<Response | undefined>>(
      (before, node, index) => {
        const path = paths[Number(node?.["number"]) - 1];
        if (!path) return before;
        const withheld = failures.graphqlPartial(["nodes", index, ...path], type);
        return async () => withheld(request, async () => (await before()) ?? response);
      },
      () => Promise.resolve(response),
    );
    return partial();
  });
}

/** The gaps and jobs that report a missing or wrong row. */
const shownBy: Record<TruthTable, { gaps: GapKind[]; job: string | null }> = {
  repositories: { gaps: [], job: null },
  accounts: { gaps: [], job: null },
  pull_requests: { gaps: ["pull_requests", "details"], job: "capture/pr.details" },
  pull_request_files: { gaps: ["pull_requests", "files"], job: "capture/pr.details" },
  reviews: { gaps: ["pull_requests", "reviews"], job: "capture/pr.reviews" },
  comments: { gaps: ["pull_requests", "comments"], job: "capture/pr.comments" },
};

/** The pull request that a row belongs to. */
function numberOf({ table, key }: Difference): number | undefined {
  const { pullRequests } = scene.github.state;
  const [first, second] = key.split(" ");
  if (table === "pull_requests" || table === "pull_request_files") return Number(second);
  const has = (pullRequest: PullRequest) =>
    table === "reviews"
      ? pullRequest.reviews.some(({ id }) => `${id}` === first)
      : [...pullRequest.comments, ...reviewCommentsOf(pullRequest)].some(({ id }) => `${id}` === second);
  return [...pullRequests.values()].find(has)?.number;
}

/** The wrong or missing rows whose pull request has no gap and no open job of their kind. */
async function silentlyWrong(): Promise<Difference[]> {
  const { gaps } = await scene.analyze();
  const open = await scene.openJobs();
  return (await scene.differences()).filter((difference) => {
    const { gaps: kinds, job } = shownBy[difference.table];
    const number = numberOf(difference);
    const isGap = gaps.some((gap) => gap.number === number && kinds.includes(gap.kind));
    return !isGap && !open.some((each) => each["number"] === number && each["event_name"] === job);
  });
}

describe.each(types)("an answer with the error %s", (type) => {
  // Each field is tested with one type of error. Number 1 lacks the first of these fields, number 2 the second.
  const own = withheldFields.filter((_, index) => types[index % types.length] === type);
  const names = own.map(([name], index) => `${index + 1}: ${name}`).join(", ");
  const paths = own.map(([, path]) => path);

  test(`withheld fields are read by other requests or reported: ${names}`, async () => {
    openPullRequests(own.length + 1);
    withholdFromEach(paths, type);
    await scene.backfill();
    await scene.skipRetries();
    expect(await silentlyWrong()).toEqual([]);
    expect(await scene.rows("github.pull_requests")).toHaveLength(own.length + 1);
  });

  test(`withheld fields keep the values that webhooks stored: ${names}`, async () => {
    openPullRequests(own.length + 1);
    for (const delivery of scene.github.deliveries.splice(0)) await scene.app.deliver(delivery);
    await scene.idle();
    withholdFromEach(paths, type);
    await scene.backfill();
    expect(await scene.differences()).toEqual([]);
  });

  test("a node that the inventory withholds is captured all the same", async () => {
    openPullRequests();
    withhold(/query inventory/, ["repository", "pullRequests", "nodes", 0], type);
    await scene.backfill();
    await scene.skipRetries();
    expect(await scene.differences()).toEqual([]);
    expect(await scene.gaps()).toEqual([]);
  });

  test("a node that the newest updates withhold does not stop the reconciler", async () => {
    openPullRequests();
    await scene.backfill();
    const [, second] = [...scene.github.state.pullRequests.values()];
    scene.github.quietly(() => second && scene.github.label(second, "late"));
    withhold(/fragment newest/, ["r0", "pullRequests", "nodes", 0], type);
    await scene.reconcile();
    expect(await scene.differences()).toEqual([]);
  });

  test("a list that has more pages is captured whole when its next page is withheld", async () => {
    const [pullRequest] = openPullRequests();
    if (!pullRequest) throw new Error("There is no pull request.");
    for (let index = 0; index < 120; index++)
      scene.github.after(400 + index, () =>
        scene.github.submitReview({ pullRequest, author: scene.ann, body: `${index}` }),
      );
    withhold(/list0: node/, ["list0", "reviews"], type);
    await scene.backfill();
    await scene.skipRetries();
    expect(await scene.differences()).toEqual([]);
    expect(await scene.gaps()).toEqual([]);
  });
});
