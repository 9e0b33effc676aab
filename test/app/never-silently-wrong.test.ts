import fc from "fast-check";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { compareRows } from "../../src/testing/compare-rows.ts";
import {
  submittedReviews,
  type Account,
  type WebhookDelivery,
  type PullRequest,
  type Repository,
} from "../../src/fake-github/index.ts";
import { toTruth } from "../../src/testing/truth.ts";
import type { SqlDatabase } from "../../src/lib/embedded/sql-database.ts";
import { repositoriesReconcile } from "../../src/lib/inngest/events.ts";
import { openTestDatabase, resetDatabase } from "../support/database.ts";
import { openGitHub, type TestGitHub } from "../support/open-github.ts";
import { startApp, type TestApp } from "../support/start-app.ts";

/**
 * After every reconcile the rows are in sync, or `analyze` reports less than 100 %. The changes on GitHub are random, and so are the webhooks
 * that are lost, late, doubled or out of order.
 */

/** A webhook that is later than ten minutes counts as missed: `capture.webhook_delay()`. */
const webhookDelaySeconds = 11 * 60;
/** Histories start this long ago. Time passes by hand, and is the same for GitHub and the app. */
const startedSecondsAgo = 3 * 60 * 60;

interface Cast {
  github: TestGitHub;
  ann: Account;
  ben: Account;
  web: Repository;
  /** A text that is new. */
  nextWord: () => string;
}

/** Picks from a list, the same for the same number. */
type Pick = <Item>(items: readonly Item[]) => Item | undefined;

type Act = (cast: Cast, pullRequest: PullRequest, pick: Pick) => unknown;

const reviewCommentsOn = ({ threads }: PullRequest) => threads.flatMap(({ comments }) => comments);

/** The changes that can happen. An act without a target does nothing. */
const acts = {
  open: ({ github, web, ann, nextWord }) =>
    github.openPullRequest({ repository: web, author: ann, files: [{ filename: `${nextWord()}.ts` }] }),
  push: ({ github, nextWord }, pullRequest) =>
    pullRequest.state === "open" &&
    github.push(pullRequest, { files: [{ filename: "a.ts" }, { filename: `${nextWord()}.ts` }] }),
  edit: ({ github, nextWord }, pullRequest) => github.editPullRequest(pullRequest, { title: nextWord() }),
  label: ({ github }, pullRequest, pick) => {
    const names = ["bug", "docs", "chore"].filter((name) =>
      pullRequest.labels.every((label) => label.name !== name),
    );
    const name = pick(names);
    if (name) github.label(pullRequest, name);
  },
  renameLabel: ({ github, web, nextWord }, _, pick) => {
    const label = pick([...web.labels.values()]);
    if (label) github.renameLabel(label, nextWord());
  },
  merge: ({ github, ben }, pullRequest) =>
    pullRequest.state === "open" && github.mergePullRequest(pullRequest, { by: ben }),
  comment: ({ github, ben, nextWord }, pullRequest) =>
    github.createIssueComment({ on: pullRequest, author: ben, body: nextWord() }),
  editComment: ({ github, nextWord }, pullRequest, pick) => {
    const comment = pick(pullRequest.comments);
    if (comment) github.editIssueComment(comment, nextWord());
  },
  deleteComment: ({ github }, pullRequest, pick) => {
    const comment = pick(pullRequest.comments);
    if (comment) github.deleteIssueComment(comment);
  },
  review: ({ github, ben, nextWord }, pullRequest) =>
    github.submitReview({
      pullRequest,
      author: ben,
      state: "CHANGES_REQUESTED",
      body: nextWord(),
      comments: [{ body: nextWord() }, { body: nextWord() }],
    }),
  editReview: ({ github, nextWord }, pullRequest, pick) => {
    const review = pick(submittedReviews(pullRequest));
    if (review) github.editReview(review, nextWord());
  },
  dismissReview: ({ github }, pullRequest, pick) => {
    const review = pick(pullRequest.reviews.filter(({ state }) => state === "CHANGES_REQUESTED"));
    if (review) github.dismissReview(review);
  },
  reviewComment: ({ github, ann, nextWord }, pullRequest, pick) => {
    const inReplyTo = pick(reviewCommentsOn(pullRequest));
    if (inReplyTo) github.createReviewComment({ pullRequest, author: ann, body: nextWord(), inReplyTo });
    else github.createReviewComment({ pullRequest, author: ann, body: nextWord() });
  },
  editRemark: ({ github, nextWord }, pullRequest, pick) => {
    const comment = pick(reviewCommentsOn(pullRequest));
    if (comment) github.editReviewComment(comment, nextWord());
  },
  deleteRemark: ({ github }, pullRequest, pick) => {
    const comment = pick(reviewCommentsOn(pullRequest));
    if (comment) github.deleteReviewComment(comment);
  },
  resolveThread: ({ github }, pullRequest, pick) => {
    const thread = pick(pullRequest.threads.filter(({ resolvedBy }) => resolvedBy === null));
    if (thread) github.resolveThread(thread);
  },
} satisfies Record<string, Act>;

type ActName = keyof typeof acts;

/**
 * never sent      it is not in GitHub's delivery log
 * failed          it is in the log as failed
 * late            it arrives with a later `arrive`
 */
const fates = ["arrives", "arrives twice", "never sent", "failed", "late"] as const;

type Fate = (typeof fates)[number];

type Happening =
  | { do: "act"; act: ActName; on: number; pick: number; pauseSeconds: number; fate: Fate }
  | { do: "arrive" }
  | { do: "reconcile"; reason: "manual" | "reconcile" };

const happening: fc.Arbitrary<Happening> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constant("act" as const),
      act: fc.constantFrom(...(Object.keys(acts) as ActName[])),
      on: fc.nat({ max: 20 }),
      pick: fc.nat({ max: 20 }),
      pauseSeconds: fc.constantFrom(0, 1, 4),
      fate: fc.constantFrom(...fates),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("arrive" as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("reconcile" as const),
      reason: fc.constantFrom("manual" as const, "reconcile" as const),
    }),
  },
);

let database: SqlDatabase;
let github: TestGitHub;
let app: TestApp;
let cast: Cast;
let late: WebhookDelivery[];
let words = 0;

beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"] });
});
afterEach(() => {
  vi.useRealTimers();
});

function pass(seconds: number): void {
  vi.setSystemTime(Date.now() + seconds * 1000);
}

/** Plays a history on an empty database. */
async function live(work: () => Promise<void>): Promise<void> {
  await resetDatabase(database);
  vi.setSystemTime(
    Math.floor((performance.timeOrigin + performance.now()) / 1000 - startedSecondsAgo) * 1000,
  );
  github = await openGitHub();
  app = await startApp(database, { GITHUB_API_URL: github.url });
  late = [];
  try {
    const ann = github.createAccount({ login: "ann" });
    const ben = github.createAccount({ login: "ben" });
    const acme = github.createOrganization({ login: "acme", members: [ann, ben] });
    const web = github.createRepository({ owner: acme, name: "web" });
    github.install({ account: acme });
    cast = { github, ann, ben, web, nextWord: () => `word-${++words}` };
    await send("arrives");
    await idle();
    await work();
  } finally {
    await app.close();
    await github.close();
  }
}

/** Waits until the app is idle, and lets the current second end. */
async function idle(): Promise<void> {
  await app.idle();
  pass(5);
  await app.idle();
}

/** Sends the new deliveries, or not, by their fate. */
async function send(fate: Fate): Promise<void> {
  for (const delivery of github.deliveries.splice(0)) {
    if (fate === "late") late.push(delivery);
    else if (fate === "failed") github.recordAttempt(delivery, 0);
    else if (fate !== "never sent") await deliver(delivery);
    if (fate === "arrives twice") await deliver(delivery);
  }
}

async function deliver(delivery: WebhookDelivery): Promise<void> {
  expect(await app.deliver(delivery)).toBe(200);
}

/** Delivers the late deliveries, newest first. */
async function arrive(): Promise<void> {
  for (const delivery of late.splice(0).toReversed()) await deliver(delivery);
}

/** A manual reconcile runs both reconcilers with a complete inventory. The hourly one compares GitHub's updates. */
async function reconcile(reason: "manual" | "reconcile"): Promise<void> {
  await idle();
  pass(webhookDelaySeconds);
  await (reason === "manual"
    ? app.services.queue.reconcile()
    : app.services.inngest.send(repositoriesReconcile.create({ reason, priority: "low" })));
  await idle();
  for (const delivery of github.takeRedeliveries()) await deliver(delivery);
  await idle();
}

const differences = () => compareRows(toTruth(github), (table) => app.rows(`github.${table}`));

async function isReportedComplete(): Promise<boolean> {
  const { repositories } = await app.services.queue.analyze();
  return repositories.every((repository) =>
    [
      repository.pull_requests,
      repository.details,
      repository.files,
      repository.reviews,
      repository.comments,
    ].every(({ percent }) => percent === 100),
  );
}

async function happen(what: Happening): Promise<void> {
  if (what.do === "arrive") return arrive();
  if (what.do === "reconcile") {
    await reconcile(what.reason);
    if (await isReportedComplete()) expect(await differences()).toEqual([]);
    return;
  }
  pass(what.pauseSeconds);
  const act: Act = acts[what.act];
  const pullRequests = [...github.state.pullRequests.values()];
  const pullRequest = pullRequests[what.on % pullRequests.length];
  const pick: Pick = (items) => items[what.pick % items.length];
  if (pullRequest) act(cast, pullRequest, pick);
  // Only its webhook shows that a thread is resolved. Without one, the next update of the pull request shows it.
  await send(what.act === "resolveThread" && what.fate === "never sent" ? "failed" : what.fate);
}

test("no row is missing or stale while analyze reports 100 %, and reconciling brings the rows in sync", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(happening, { minLength: 5, maxLength: 40 }), async (happenings) => {
      await live(async () => {
        acts.open(cast);
        await send("arrives");
        for (const each of happenings) await happen(each);
        await happen({ do: "reconcile", reason: "manual" });
        await happen({ do: "reconcile", reason: "manual" });
        expect(await differences()).toEqual([]);
        expect(await isReportedComplete()).toBe(true);
        // Deliveries that arrive now change nothing.
        await arrive();
        await idle();
        expect(await differences()).toEqual([]);
        expect(await isReportedComplete()).toBe(true);
      });
    }),
    { numRuns: 6 },
  );
}, 120_000);

/** Does the work without webhooks. */
const silently = <Result>(work: () => Result): Result => github.quietly(work);

function open(): PullRequest {
  return github.openPullRequest({ repository: cast.web, author: cast.ann, files: [{ filename: "a.ts" }] });
}

/** Opens and captures a pull request with two comments and a review with two review comments. */
async function openDiscussion(): Promise<PullRequest> {
  const pullRequest = open();
  for (const body of ["first", "second"]) {
    pass(1);
    github.createIssueComment({ on: pullRequest, author: cast.ben, body });
  }
  pass(1);
  github.submitReview({ pullRequest, author: cast.ben, comments: [{ body: "third" }, { body: "fourth" }] });
  await send("arrives");
  await idle();
  return pullRequest;
}

test("the hourly comparison finds an update behind 35 newer ones", async () => {
  await live(async () => {
    const pullRequests = Array.from({ length: 40 }, () => open());
    await send("arrives");
    await idle();
    const [fifth] = pullRequests.splice(4, 1);
    silently(() => fifth && github.editPullRequest(fifth, { title: "Changed without a webhook" }));
    for (const pullRequest of pullRequests.slice(0, 35)) {
      pass(1);
      github.editPullRequest(pullRequest, { title: "Changed with one" });
    }
    await send("arrives");
    expect(await differences()).not.toEqual([]);
    await reconcile("reconcile");
    expect(await differences()).toEqual([]);
  });
});

test.each([
  ["an issue comment", ({ comments }: PullRequest) => comments[0] && github.deleteIssueComment(comments[0])],
  [
    "a review comment",
    ({ threads }: PullRequest) =>
      threads[0]?.comments[0] && github.deleteReviewComment(threads[0].comments[0]),
  ],
])("%s that was deleted without a webhook is marked as deleted", async (_, remove) => {
  await live(async () => {
    const pullRequest = await openDiscussion();
    silently(() => remove(pullRequest));
    await reconcile("reconcile");
    expect(await app.rows("github.comments where deleted_at is not null")).toHaveLength(1);
    expect(await differences()).toEqual([]);
  });
});

test("the hourly comparison finds a lost edit of a comment behind a later webhook", async () => {
  await live(async () => {
    const pullRequest = await openDiscussion();
    const [comment] = pullRequest.comments;
    const [reviewComment] = reviewCommentsOn(pullRequest);
    pass(60);
    silently(() => {
      if (comment) github.editIssueComment(comment, "Edited");
      if (reviewComment) github.editReviewComment(reviewComment, "Edited");
    });
    pass(60);
    github.createIssueComment({ on: pullRequest, author: cast.ann, body: "Later" });
    await send("arrives");
    await idle();
    await reconcile("reconcile");
    expect(await differences()).toEqual([]);
  });
});

test.each([
  "github.pull_request_files where filename = 'a.ts'",
  "github.comments where kind = 'issue'",
  "github.comments where kind = 'review'",
  "github.reviews",
  "github.pull_requests",
])("missing rows are a gap that the hourly comparison closes: %s", async (rows) => {
  await live(async () => {
    await openDiscussion();
    await reconcile("manual"); // an inventory shows the counts
    await database.exec(`delete from ${rows}`);
    expect(await isReportedComplete()).toBe(false);
    await reconcile("reconcile");
    expect(await differences()).toEqual([]);
    expect(await isReportedComplete()).toBe(true);
  });
});

/** Removes an item from each page of a list after the first, as if the list had shifted. */
function shiftLaterPages(): () => void {
  return github.intercept(async (request, next) => {
    const isLaterPage = request.url.endsWith("/graphql")
      ? (await request.clone().text()).includes("list0:")
      : /\/comments\?.*page=2/.test(request.url);
    if (!isLaterPage) return undefined;
    const response = await next();
    const headers = Object.fromEntries(response.headers);
    return Response.json(withoutFirst(await response.json()), { status: response.status, headers });
  });
}

/** The answer without the first item of its list, by REST or by GraphQL. */
function withoutFirst(answer: unknown): unknown {
  if (Array.isArray(answer)) return answer.slice(1);
  return JSON.parse(JSON.stringify(answer), (key: string, value: unknown) =>
    key === "nodes" && Array.isArray(value) ? value.slice(1) : value,
  ) as unknown;
}

test("an existing comment that a listing lacks is not marked as deleted", async () => {
  await live(async () => {
    const pullRequest = open();
    for (let index = 0; index < 130; index++) {
      github.createIssueComment({ on: pullRequest, author: cast.ben, body: `Comment ${index}` });
      github.createReviewComment({ pullRequest, author: cast.ben, body: `Remark ${index}` });
    }
    await send("never sent");
    await reconcile("manual");
    expect(await differences()).toEqual([]);

    pass(3600);
    const heal = shiftLaterPages();
    silently(() => github.editPullRequest(pullRequest, { title: "Read it again" }));
    await reconcile("manual");
    await app.services.queue.queueBackfill("acme/web", { all: true });
    await idle();
    expect(await app.rows("github.comments where deleted_at is not null")).toEqual([]);

    heal();
    await reconcile("manual");
    expect(await differences()).toEqual([]);
    expect(await isReportedComplete()).toBe(true);
  });
});
