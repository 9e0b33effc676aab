import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { compareRows } from "../../src/testing/compare-rows.ts";
import type { WebhookDelivery } from "../../src/fake-github/index.ts";
import { toTruth } from "../../src/testing/truth.ts";
import type { SqlDatabase } from "../../src/lib/embedded/sql-database.ts";
import { openTestDatabase, resetDatabase } from "../support/database.ts";
import { openGitHub, type TestGitHub } from "../support/open-github.ts";
import { startApp, type TestApp } from "../support/start-app.ts";

let database: SqlDatabase;
let github: TestGitHub;
let app: TestApp;

beforeAll(async () => {
  database = await openTestDatabase();
  github = await openGitHub();
  app = await startApp(database, { GITHUB_API_URL: github.url });
});
afterAll(async () => {
  await app.close();
  await github.close();
  await database.close();
});

/** Lives through the life of a pull request. Some events happen within one second, as when a bot acts. */
function liveThrough(): WebhookDelivery[] {
  const { after } = github;
  return after(0, () => {
    const ann = github.createAccount({ login: "ann" });
    const ben = github.createAccount({ login: "ben" });
    const bot = github.createAccount({ login: "linter", type: "Bot" });
    const acme = github.createOrganization({ login: "acme", members: [ann, ben] });
    const repository = github.createRepository({ owner: acme, name: "web" });
    github.install({ account: acme });
    github.deliveries.length = 0;

    const pullRequest = github.openPullRequest({ repository, author: ann, files: [{ filename: "a.ts" }] });
    github.label(pullRequest, "bug"); // in the second of its opening
    const first = after(5, () =>
      github.createIssueComment({ on: pullRequest, author: bot, body: "CI is red" }),
    );
    after(5, () => github.editIssueComment(first, "CI is green"));
    after(9, () => github.push(pullRequest, { files: [{ filename: "a.ts" }, { filename: "b.ts" }] }));
    const review = after(12, () =>
      github.submitReview({
        pullRequest,
        author: ben,
        state: "CHANGES_REQUESTED",
        comments: [{ body: "Why?" }],
      }),
    );
    const question = review.comments[0];
    if (!question) throw new Error("The review has no comment.");
    const answer = after(20, () =>
      github.createReviewComment({ pullRequest, author: ann, body: "So", inReplyTo: question }),
    );
    after(22, () => github.deleteReviewComment(answer));
    after(25, () => github.resolveThread(question.thread));
    after(30, () => github.dismissReview(review));
    after(40, () => github.mergePullRequest(pullRequest, { by: ben }));
    after(40, () => github.deleteIssueComment(first));
    after(45, () => github.requestReview(pullRequest, ben));
    after(45, () => github.submitReview({ pullRequest, author: ben, comments: [{ body: "Late" }] })); // which ends the request
    return [...github.deliveries];
  });
}

test("the rows are in sync whatever the order of a pull request's deliveries, and whichever are doubled", async () => {
  const deliveries = liveThrough();
  const order = fc
    .subarray(deliveries)
    .chain((doubled) =>
      fc.shuffledSubarray([...deliveries, ...doubled], { minLength: deliveries.length + doubled.length }),
    );

  await fc.assert(
    fc.asyncProperty(order, async (shuffled) => {
      await resetDatabase(database);
      for (const delivery of shuffled) expect(await app.deliver(delivery)).toBe(200);
      await app.idle();
      expect(await compareRows(toTruth(github), (table) => app.rows(`github.${table}`))).toEqual([]);
      expect(await app.rows("capture.jobs where state <> 'completed'")).toEqual([]);
    }),
    { numRuns: 12 },
  );
}, 120_000);
