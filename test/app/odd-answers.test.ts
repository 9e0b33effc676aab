import { expect, test } from "vitest";
import { z } from "zod";
import { failures, type PullRequest } from "../../src/fake-github/index.ts";
import type { Interceptor } from "../../src/fake-github/intercept.ts";
import { useScene } from "../support/scene.ts";

/** GitHub answers 200, and its answer contradicts itself: lists without an end, lists shorter than their count, errors without a type. */

const scene = useScene();
const { backfill, differences, gaps, openJobs, pass, reconcile, reconcileUpdates, rows } = scene;

/** Opens a pull request with that many items in each of its lists. */
function openPullRequest(items: number): PullRequest {
  const { github, web, ann } = scene;
  return github.quietly(() => {
    const files = Array.from({ length: items }, (_, index) => ({ filename: `${index}.ts` }));
    const pullRequest = github.after(10, () =>
      github.openPullRequest({ repository: web, author: ann, labels: ["bug"], files }),
    );
    for (let index = 0; index < items; index++) {
      github.after(20 + index, () => github.submitReview({ pullRequest, author: ann, body: "Hm" }));
      github.after(20 + index, () => github.createIssueComment({ on: pullRequest, author: ann, body: "So" }));
    }
    return pullRequest;
  });
}

/** Lets GraphQL's answers to queries with these words pass through the interceptor. */
function interceptGraphql(words: string, interceptor: Interceptor): void {
  scene.github.intercept(async (request, next) => {
    const isMeant = request.url.endsWith("/graphql") && (await request.clone().text()).includes(words);
    return isMeant ? interceptor(request, next) : undefined;
  });
}

/** Everything that shows that the rows are not GitHub's. */
async function faults(): Promise<unknown[]> {
  return [...(await differences()), ...(await gaps()), ...(await openJobs())];
}

test("lists are captured whole although GitHub sends no link headers", async () => {
  openPullRequest(110);
  scene.github.intercept(failures.matching(/^GET \/repos/, failures.withoutLinks()));
  await scene.app.services.queue.queuePullRequest("acme/web", 1);
  await scene.idle();
  expect(await differences()).toEqual([]);
});

test("lists that GraphQL begins and cannot continue are captured by REST", async () => {
  openPullRequest(110);
  interceptGraphql("", failures.withoutCursors());
  await backfill();
  await scene.skipRetries();
  expect(await faults()).toEqual([]);
});

const nodesAnswer = z.object({
  data: z.object({ nodes: z.array(z.record(z.string(), z.unknown())) }),
});

test.each([
  ["a type", { type: null, message: "No." }],
  ["a message", { type: "FORBIDDEN" }],
])("a withheld milestone keeps its value when GitHub's error lacks %s", async (_, error) => {
  const { github, web } = scene;
  const pullRequest = openPullRequest(1);
  const milestone = github.createMilestone(web, "1.0");
  github.after(100, () => github.setMilestone(pullRequest, milestone));
  await backfill();
  pass(1);
  interceptGraphql(
    "nodes(ids:",
    failures.edited((body) => {
      const [node] = nodesAnswer.parse(body).data.nodes;
      if (!node) return;
      Reflect.set(Object(body).data.nodes[0], "milestone", null);
      Object.assign(Object(body), { errors: [{ ...error, path: ["nodes", 0, "milestone"] }] });
    }),
  );
  await backfill();
  expect(await faults()).toEqual([]);
});

test.each([
  ["null", [null]],
  ["absent", []],
])("files of which GraphQL lists one as %s are captured by REST", async (_, instead) => {
  openPullRequest(3);
  interceptGraphql(
    "files(first: 100",
    failures.edited((body) => {
      const { nodes: pullRequests = [], list0 } = Object(body).data;
      for (const { files } of [...pullRequests, ...(list0 ? [list0] : [])])
        files.nodes.splice(1, 1, ...instead);
    }),
  );
  await backfill();
  expect(await faults()).toEqual([]);
});

test("pull requests that GraphQL counts and does not list are found by REST", async () => {
  for (let opened = 0; opened < 3; opened++) openPullRequest(1);
  interceptGraphql(
    "query inventory",
    failures.edited((body) => {
      Object(body).data.repository.pullRequests.nodes.splice(1, 1);
    }),
  );
  await backfill();
  expect(await faults()).toEqual([]);
});

test("a repository that its installation's list skips stays, unless GitHub says that it was removed", async () => {
  const { github, acme, installation } = scene;
  const [skipped, removed] = github.quietly(() =>
    ["skipped", "removed"].map((name) => github.createRepository({ owner: acme, name })),
  );
  if (!skipped || !removed) throw new Error("There are no repositories.");
  await reconcile();
  github.quietly(() => github.removeFromInstallation(installation, [removed]));
  github.intercept(
    failures.matching(
      /^GET \/installation\/repositories/,
      failures.edited((body) => {
        const listed: { id: number }[] = Object(body).repositories;
        listed.splice(
          listed.findIndex(({ id }) => id === skipped.id),
          1,
        );
      }),
    ),
  );
  pass(5);
  await reconcile();
  const gone = await rows("github.repositories where removed_at is not null");
  expect(gone).toMatchObject([{ name: "removed" }]);
});

test.each([
  ["GitHub withholds a label of another", (list: object) => void Reflect.set(list, "nodes", [null])],
  [
    "the labels of another have no end",
    (list: object) => void Reflect.set(list, "pageInfo", { hasNextPage: true, endCursor: null }),
  ],
  ["GitHub cannot name the labels of another", (list: object) => void Reflect.set(list, "nodes", [{}])],
])("the reconciler finds a repository's renamed label although %s", async (_, spoil) => {
  const { github, web, ann, acme } = scene;
  github.quietly(() => {
    github.createRepository({ owner: acme, name: "api" });
    github.openPullRequest({ repository: web, author: ann, labels: ["bug"] });
  });
  await reconcile();
  await backfill();
  await reconcileUpdates();
  const [label] = web.labels.values();
  if (!label) throw new Error("There is no label.");
  pass(1);
  github.quietly(() => github.renameLabel(label, "defect"));
  interceptGraphql(
    "labels(first: 100",
    failures.edited((body) => {
      const { data } = Object(body);
      for (const repository of Object.values<{ databaseId?: number; labels: object }>(data))
        if (repository.databaseId && repository.databaseId !== web.id) spoil(repository.labels);
    }),
  );
  pass(1);
  await reconcileUpdates();
  expect(await rows("github.pull_requests")).toMatchObject([{ labels: ["defect"] }]);
});

test("a sync that saves its budget goes on within an hour, even if GitHub names a reset in ten years", async () => {
  openPullRequest(1);
  interceptGraphql("", async (_request, next) => {
    const response = await next();
    const headers = new Headers(response.headers);
    headers.set("x-ratelimit-remaining", "10");
    headers.set("x-ratelimit-reset", String(Math.floor(Date.now() / 1000) + 10 * 365 * 86_400));
    return new Response(response.body, { status: response.status, headers });
  });
  await backfill();
  for (let hours = 0; hours < 3; hours++) await scene.app.skipPauses(3_600_000);
  expect(await faults()).toEqual([]);
});
