import { beforeEach, describe, expect, test } from "vitest";
import { failures, type Account, type Repository } from "../../src/fake-github/index.ts";
import type { TestGitHub } from "../support/open-github.ts";
import { useScene } from "../support/scene.ts";

/** The reconcilers find and repair what GitHub failed to deliver or never sent. */

const scene = useScene({ installation: "delivered" });
const { deliver, differences, reconcile, rows, takeDeliveries } = scene;

let github: TestGitHub;
let ann: Account;
let acme: Account;
let web: Repository;

beforeEach(() => {
  ({ github, ann, acme, web } = scene);
});

/** Fails all new deliveries, as when no server listens. */
function missDeliveries(): void {
  for (const delivery of takeDeliveries()) github.recordAttempt(delivery, 0);
}

const open = () => github.openPullRequest({ repository: web, author: ann, files: [{ filename: "a.ts" }] });

describe("a failed delivery", () => {
  test("a failed delivery is redelivered once", async () => {
    const pullRequest = github.after(0, open);
    await deliver();
    github.after(5, () => github.submitReview({ pullRequest, author: ann, body: "Fine" }));
    missDeliveries();
    expect(await reconcile()).toBe(1);
    expect(await differences()).toEqual([]);
    expect(await reconcile()).toBe(0);
  });

  test("a delivery whose second attempt succeeded is not redelivered", async () => {
    github.after(0, open);
    const missed = [...github.deliveries];
    missDeliveries();
    await deliver(missed);
    expect(await reconcile()).toBe(0);
  });

  test("a delivery that the app does not capture is not redelivered", async () => {
    github.after(0, open);
    const [opened] = takeDeliveries();
    if (opened) github.recordAttempt({ ...opened, name: "check_run" }, 0);
    expect(await reconcile()).toBe(0);
  });

  test.each([
    ["malformed", 400],
    ["too large for the host", 413],
  ])(
    "what a delivery announced that was refused as %s is read from GitHub, and the delivery stays",
    async (_, status) => {
      github.after(0, open);
      const [opened] = takeDeliveries();
      if (opened) github.recordAttempt(opened, status);
      expect(await reconcile()).toBe(0);
      expect(await differences()).toEqual([]);
      expect(await rows("github.pull_requests")).toHaveLength(1);
    },
  );

  test("a delivery whose event was accepted is not redelivered, although GitHub received no answer", async () => {
    github.after(0, open);
    const [opened] = [...github.deliveries];
    await deliver();
    if (opened) github.recordAttempt({ ...opened, id: opened.id }, 0);
    expect(await reconcile()).toBe(0);
  });

  test("a failed delivery whose run failed is replayed", async () => {
    const stop = github.intercept(failures.matching(/\/files/, failures.refused(410, "Gone")));
    github.after(0, open);
    for (const delivery of takeDeliveries()) {
      await scene.app.deliver(delivery);
      github.recordAttempt(delivery, 0); // the answer came too late
    }
    await scene.idle();
    expect(await rows("capture.jobs where state = 'failed'")).toHaveLength(1);

    stop();
    expect(await reconcile()).toBe(0);
    expect(await differences()).toEqual([]);
    const runs = await rows("capture.jobs where event_id like 'replay:%'");
    expect(runs).toMatchObject([{ state: "completed" }]);
    await reconcile();
    expect(await rows("capture.jobs where event_id like 'replay:%'")).toEqual(runs);
  });

  test("a failed delivery is found among hundreds, and each page of the log is read once", async () => {
    const pullRequest = github.after(0, open);
    await deliver();
    github.after(1, () => github.createIssueComment({ on: pullRequest, author: ann, body: "missed" }));
    missDeliveries();
    for (let index = 0; index < 250; index++) {
      github.after(2, () => github.editPullRequest(pullRequest, { title: `Title ${index}` }));
    }
    for (const delivery of takeDeliveries()) github.recordAttempt(delivery, 200);
    const pages = () => github.requests.filter(({ path }) => path.startsWith("/app/hook/deliveries?")).length;
    expect(await reconcile()).toBe(1);
    expect(pages()).toBe(3);
  });

  /** The newest job of the reconciler of deliveries. */
  const lastJob = async () =>
    (await rows("capture.jobs where event_name = 'capture/deliveries.reconcile' order by id desc --"))[0];

  /** Creates that many comments whose deliveries fail. */
  function missComments(count: number) {
    const pullRequest = github.quietly(() => github.after(0, open));
    for (let index = 0; index < count; index++)
      github.after(1 + index, () =>
        github.createIssueComment({ on: pullRequest, author: ann, body: `${index}` }),
      );
    const missed = takeDeliveries();
    return github.after(300, () => missed.map((delivery) => github.recordAttempt(delivery, 0)));
  }

  test("failed deliveries are found although GitHub's log answers 502 to pages of more than 25", async () => {
    missComments(120);
    github.intercept(failures.tooLarge(/\/app\/hook\/deliveries$/, 25));
    expect(await reconcile()).toBe(120);
    expect(await lastJob()).toMatchObject({ state: "completed", done: 120 });
  });

  test.each([404, 422, 500])(
    "a redelivery that GitHub refuses with %i is named by the job, and the others are redelivered",
    async (status) => {
      const [refused] = missComments(30);
      const stop = github.intercept(
        failures.matching(new RegExp(`POST .*/${refused?.id}/attempts$`), failures.refused(status, "No")),
      );
      expect(await reconcile()).toBe(29);
      expect(await lastJob()).toMatchObject({
        state: "failed",
        done: 29,
        error: {
          message: expect.stringContaining(
            `GitHub does not redeliver ${refused?.delivery.id} (issue_comment.created): ${status} No`,
          ),
        },
      });
      await reconcile();
      stop();
      // A delivery that GitHub no longer has is given up. The others are tried again.
      expect(await reconcile()).toBe(status === 404 ? 0 : 1);
      expect(await lastJob()).toMatchObject({ state: "completed" });
    },
  );
});

describe("a webhook that GitHub never sent", () => {
  beforeEach(async () => {
    await deliver();
    github.quietly(() => github.after(0, open));
  });

  test("a missed pull request is found by the newest updates, and synced", async () => {
    await reconcile();
    expect(await differences()).toEqual([]);
    expect(await rows("capture.jobs where event_name = 'capture/repository.sync'")).toMatchObject([
      { reason: "install" },
      { reason: "reconcile", state: "completed" },
    ]);
  });

  test("comparing repositories that are in sync costs one point for updates and one for names", async () => {
    await reconcile();
    const before = github.requests.length;
    await scene.reconcileUpdates();
    const spent = github.requests.slice(before).filter(({ path }) => path === "/graphql");
    expect(spent).toMatchObject([{ cost: 1 }, { cost: 1 }]);
    expect(await rows("capture.jobs where event_name = 'capture/repository.sync'")).toHaveLength(2);
  });

  test("a missed edit is found behind a later comment that was delivered", async () => {
    await reconcile();
    const [pullRequest] = github.state.pullRequests.values();
    if (!pullRequest) throw new Error("There is no pull request.");
    github.quietly(() => github.after(5, () => github.editPullRequest(pullRequest, { title: "Other" })));
    github.after(6, () => github.createIssueComment({ on: pullRequest, author: ann, body: "Better" }));
    await deliver();
    await reconcile();
    expect(await differences()).toEqual([]);
  });

  test("a missed rename of a repository is found", async () => {
    github.quietly(() => github.renameRepository(web, "site"));
    await reconcile();
    expect(await differences()).toEqual([]);
  });

  test("the history of a missed new repository is captured, even if another webhook showed it first", async () => {
    await reconcile();
    const repository = github.quietly(() => {
      const created = github.createRepository({ owner: acme, name: "api" });
      github.after(10, () => github.openPullRequest({ repository: created, author: ann }));
      return created;
    });
    github.after(20, () => github.openPullRequest({ repository, author: ann }));
    await scene.deliver();
    await scene.reconcileUpdates();
    expect(await scene.differences()).toEqual([]);
    expect(await scene.gaps()).toEqual([]);
  });

  test("a repository that was archived, made private, or has another default branch is found, once", async () => {
    github.after(10, () => github.archiveRepository(web));
    await deliver();
    await reconcile();
    const seen = { archived: true, private: false, default_branch: "main" };
    expect(await rows("github.repositories")).toMatchObject([seen]);
    scene.pass(5);
    github.quietly(() => {
      github.unarchiveRepository(web);
      github.privatizeRepository(web);
      github.editRepository(web, { defaultBranch: "trunk" });
    });
    scene.pass(5);
    await scene.reconcileUpdates();
    const changed = { archived: false, private: true, default_branch: "trunk" };
    expect(await rows("github.repositories")).toMatchObject([changed]);
    scene.pass(5);
    await scene.reconcileUpdates();
    expect(await scene.jobs("event_name = 'capture/repository.changed'")).toHaveLength(2);
  });

  test("the history of a repository whose first sync was lost is captured", async () => {
    await reconcile();
    await scene.database.exec(`
      update github.repositories
      set history_since = null, synced_at = null, inventoried_at = null, sync_requested_at = now() - interval '7 hours';
      truncate capture.jobs;
    `);
    github.quietly(() => github.after(10, () => github.openPullRequest({ repository: web, author: ann })));
    await scene.reconcileUpdates();
    expect(await scene.differences()).toEqual([]);
    expect(await scene.gaps()).toEqual([]);
  });

  test("a missed new repository and a missed deletion are found", async () => {
    const api = github.quietly(() => github.createRepository({ owner: acme, name: "api" }));
    github.quietly(() => github.after(1, () => github.openPullRequest({ repository: api, author: ann })));
    github.quietly(() => github.deleteRepository(web));
    await reconcile();
    expect(await rows("github.repositories")).toMatchObject([
      { id: web.id, removed_at: expect.any(Date) },
      { id: api.id, removed_at: null },
    ]);
    expect(await rows(`github.pull_requests where repository_id = ${api.id}`)).toHaveLength(1);
  });

  test("a deleted repository that its owner restores is captured again, without the labels that GitHub drops", async () => {
    github.after(1, () => github.openPullRequest({ repository: web, author: ann, labels: ["bug"] }));
    await deliver();
    github.deleteRepository(web);
    await deliver();
    expect(await rows("github.repositories")).toMatchObject([{ deleted_at: expect.any(Date) }]);
    scene.pass(300);
    github.restoreRepository(web);
    github.after(301, () => github.openPullRequest({ repository: web, author: ann }));
    await deliver(); // nothing is captured before a reconciler has found the repository
    scene.pass(60);
    await reconcile();
    await scene.reconcileUpdates();
    expect(await differences()).toEqual([]);
    expect(await scene.gaps()).toEqual([]);
    const [number] = [web.pullRequests.size];
    expect(await rows("github.pull_requests")).toHaveLength(number);
  });

  test("a backfill captures a restored repository at once", async () => {
    await deliver();
    github.deleteRepository(web);
    await deliver();
    scene.pass(300);
    github.restoreRepository(web);
    await scene.backfill();
    expect(await differences()).toEqual([]);
  });

  test("an installation that GitHub did not show for a while is captured again", async () => {
    github.quietly(() => github.uninstall(scene.installation));
    await reconcile();
    expect(await rows("github.installations")).toMatchObject([{ deleted_at: expect.any(Date) }]);
    scene.installation.deletedAt = null; // such as the end of a flagged account's suspension, or a restored Enterprise Server
    scene.pass(300);
    github.after(301, () => github.openPullRequest({ repository: web, author: ann }));
    await deliver();
    await reconcile();
    expect(await differences()).toEqual([]);
    expect(await scene.gaps()).toEqual([]);
    expect((await scene.analyze()).repositories).toHaveLength(1);
  });

  test("a missed installation is found, and its history is captured", async () => {
    const ben = github.createAccount({ login: "ben" });
    const other = github.quietly(() => github.createRepository({ owner: ben, name: "other" }));
    github.quietly(() => github.install({ account: ben }));
    github.quietly(() => github.after(2, () => github.openPullRequest({ repository: other, author: ben })));
    await reconcile();
    expect(await rows("github.installations")).toHaveLength(2);
    expect(await rows(`github.pull_requests where repository_id = ${other.id}`)).toHaveLength(1);
  });

  test("a missed uninstallation is found", async () => {
    github.quietly(() => github.uninstall(scene.installation));
    await reconcile();
    expect(await rows("github.installations")).toMatchObject([{ deleted_at: expect.any(Date) }]);
  });

  test("a missed suspension is found, and so is its end", async () => {
    github.quietly(() => github.suspend(scene.installation));
    await reconcile();
    expect(await rows("github.installations")).toMatchObject([{ suspended_at: expect.any(Date) }]);
    github.quietly(() => github.unsuspend(scene.installation));
    await reconcile();
    expect(await rows("github.installations")).toMatchObject([{ suspended_at: null }]);
    expect(await differences()).toEqual([]);
  });
});

test("/healthz and the jobs show when each reconciler last succeeded", async () => {
  await deliver();
  await reconcile();
  const response = await fetch(`${scene.app.url}/healthz`);
  expect(await response.json()).toMatchObject({
    reconcilers: {
      "capture/deliveries.reconcile": { age_seconds: expect.any(Number) },
      "capture/repositories.reconcile": { age_seconds: expect.any(Number) },
    },
  });
  const jobs = await rows("capture.jobs where event_name like '%.reconcile' order by event_name, id --");
  expect(jobs.map((job) => [job["event_name"], job["state"], job["reason"]])).toEqual([
    ["capture/deliveries.reconcile", "completed", "manual"],
    ["capture/installation.reconcile", "completed", "reconcile"],
    ["capture/installation.reconcile", "completed", "reconcile"],
    ["capture/repositories.reconcile", "completed", "manual"],
  ]);
});
