import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import type {
  Account,
  Installation,
  PullRequest,
  Repository,
  WebhookDelivery,
} from "../../src/fake-github/index.ts";
import { installationOf } from "../../src/fake-github/state.ts";
import { resetDatabase } from "../support/database.ts";
import type { TestGitHub } from "../support/open-github.ts";
import { useScene } from "../support/scene.ts";
import { examplesOf, type ExamplePayload } from "../support/webhook-examples.ts";

/** Where the App is installed, and what an installation starts and ends. */

const scene = useScene({ installation: "none" });
const { deliver, rows, takeDeliveries } = scene;

let github: TestGitHub;
let ann: Account;
let acme: Account;
let web: Repository;
let api: Repository;

beforeEach(() => {
  ({ github, ann, acme, web } = scene);
  api = github.after(0, () => github.createRepository({ owner: acme, name: "api" }));
});

function install(repositories?: Repository[]): Installation {
  return github.after(10, () => github.install({ account: acme, ...(repositories && { repositories }) }));
}

function open(second: number, repository = web): PullRequest {
  return github.after(second, () => github.openPullRequest({ repository, author: ann }));
}

const pullRequestNumbers = async () => (await rows("github.pull_requests")).map((row) => row["number"]);

const jobsOf = (eventName: string) => scene.jobs(`event_name = '${eventName}'`);

/** The number of requests that ask where a repository is installed. */
const installationRequests = () =>
  github.requests.filter(({ path }) => path.endsWith("/installation")).length;

/** The repositories' rows. Dates that GitHub does not name are replaced by whether they are set. */
async function repositoryRows(): Promise<Record<string, unknown>[]> {
  const stored = await rows("github.repositories");
  return stored.map(({ removed_at, deleted_at, ...row }) => ({
    ...row,
    removed: removed_at !== null,
    deleted: deleted_at !== null,
  }));
}

describe("GitHub's example payloads", () => {
  const title = (payload: ExamplePayload, index: number) =>
    [`${payload.action}, example ${index + 1}`, payload] as const;

  const moment = (value: string | number | null | undefined) => {
    if (typeof value === "number") return new Date(value * 1000);
    return value ? new Date(value) : null;
  };

  function installationRow({ action, installation }: ExamplePayload) {
    return {
      id: installation.id,
      account_id: installation.account.id,
      repository_selection: installation.repository_selection,
      created_at: moment(installation.created_at),
      updated_at: moment(installation.updated_at),
      suspended_at: moment(installation.suspended_at),
      deleted_at: action === "deleted" ? expect.any(Date) : null,
      column_clocks: installation.suspended_at === undefined ? { suspended_at: [null, null] } : {},
    };
  }

  function listedRow({ installation }: ExamplePayload, listed: ExamplePayload, removed: boolean) {
    const [owner, name] = listed["full_name"].split("/");
    return expect.objectContaining({
      id: listed["id"],
      owner,
      name,
      private: listed["private"],
      installation_id: installation.id,
      installed_clock: moment(installation.updated_at),
      removed,
      deleted: false,
    });
  }

  test.each(examplesOf("installation").map(title))(
    "GitHub's example of installation is stored: %s",
    async (_, payload) => {
      expect(await scene.app.deliver({ name: "installation", payload })).toBe(200);
      await scene.idle();
      expect(await rows("github.installations")).toEqual([installationRow(payload)]);
      const { login, type } = payload["installation"].account;
      expect(await rows("github.accounts")).toMatchObject([
        { id: payload["installation"].account.id, login, type },
      ]);
      const listed = payload.action === "created" ? payload["repositories"] : [];
      expect(await repositoryRows()).toEqual(
        listed.map((repository: ExamplePayload) => listedRow(payload, repository, false)),
      );
      expect(await jobsOf("capture/installation.changed")).toMatchObject([
        { state: "completed", installation_id: payload["installation"].id, repository: null, number: null },
      ]);
      expect(await jobsOf("capture/repository.sync")).toHaveLength(listed.length);
    },
  );

  test.each(examplesOf("installation_repositories").map(title))(
    "GitHub's example of installation_repositories is stored: %s",
    async (_, payload) => {
      expect(await scene.app.deliver({ name: "installation_repositories", payload })).toBe(200);
      await scene.idle();
      expect(await rows("github.installations")).toEqual([installationRow({ ...payload })]);
      const { repositories_added: added, repositories_removed: removed } = payload;
      expect(await repositoryRows()).toEqual([
        ...added.map((repository: ExamplePayload) => listedRow(payload, repository, false)),
        ...removed.map((repository: ExamplePayload) => listedRow(payload, repository, true)),
      ]);
      expect(await jobsOf("capture/repository.sync")).toHaveLength(added.length);
    },
  );

  test.each(examplesOf("repository").map(title))(
    "GitHub's example of repository is stored: %s",
    async (_, payload) => {
      expect(await scene.app.deliver({ name: "repository", payload })).toBe(200);
      await scene.idle();
      const { repository, installation } = payload;
      if (payload.action === "created") {
        expect(await repositoryRows()).toEqual([]);
        return;
      }
      expect(await repositoryRows()).toEqual([
        expect.objectContaining({
          id: repository.id,
          owner: repository.owner.login,
          name: repository.name,
          private: repository.private,
          archived: repository.archived,
          default_branch: repository.default_branch,
          updated_at: moment(repository.updated_at),
          seen_at: moment(repository.updated_at),
          installation_id: installation?.id ?? null,
          deleted: payload.action === "deleted",
        }),
      ]);
      expect(await jobsOf("capture/repository.changed")).toMatchObject([{ state: "completed" }]);
    },
  );
});

describe("history", () => {
  const day = 86_400_000;

  /** Does the work that many days ago, before the App was installed. */
  function daysAgo<Result>(days: number, work: () => Result): Result {
    return github.at(new Date(Date.now() - days * day), () => github.quietly(work));
  }

  test("an installation captures the last BACKFILL_DAYS of all its repositories", async () => {
    await scene.restart({ BACKFILL_DAYS: "30" });
    daysAgo(40, () => github.openPullRequest({ repository: web, author: ann }));
    daysAgo(20, () => github.openPullRequest({ repository: web, author: ann }));
    daysAgo(10, () => github.openPullRequest({ repository: api, author: ann }));
    const { id } = install();
    const [created] = github.deliveries;
    await deliver();
    expect(await rows("github.pull_requests")).toMatchObject([
      { repository_id: web.id, number: 2 },
      { repository_id: api.id, number: 1 },
    ]);
    const sync = { reason: "install", priority: "medium", installation_id: id, state: "completed" };
    const syncs = await jobsOf("capture/repository.sync"); // in any order
    expect(syncs.toSorted((a, b) => Number(a["repository_id"]) - Number(b["repository_id"]))).toMatchObject(
      [web, api].map((repository) => ({
        ...sync,
        repository_id: repository.id,
        event_id: `${created?.id}:capture/installation.changed:capture/repository.sync:${repository.id}`,
      })),
    );
  });

  test("repeated deliveries of an installation request its history once", async () => {
    install();
    const [created] = github.deliveries;
    await deliver([...takeDeliveries(), ...(created ? [created, created] : [])]);
    expect(await jobsOf("capture/repository.sync")).toHaveLength(2);
  });

  test("a repository that is added later has its history captured", async () => {
    const installation = install([api]);
    await deliver();
    daysAgo(5, () => github.openPullRequest({ repository: web, author: ann }));
    github.after(20, () => github.addToInstallation(installation, [web]));
    await deliver();
    expect(await rows("github.pull_requests")).toMatchObject([{ repository_id: web.id }]);
  });

  test("the end of a suspension captures what was missed, except in removed repositories", async () => {
    const installation = install();
    github.after(20, () => github.removeFromInstallation(installation, [api]));
    github.after(30, () => github.suspend(installation));
    await deliver();
    open(40);
    expect(github.deliveries).toEqual([]);
    github.after(50, () => github.unsuspend(installation));
    const before = (await jobsOf("capture/repository.sync")).length;
    await deliver();
    expect(await pullRequestNumbers()).toEqual([1]);
    const syncs = await jobsOf("capture/repository.sync");
    expect(syncs.slice(before)).toMatchObject([{ repository_id: web.id, reason: "install" }]);
  });
});

describe("the end of captures", () => {
  const ends: [string, RegExp, (installation: Installation) => void][] = [
    ["uninstalled", /was uninstalled/, (installation) => github.uninstall(installation)],
    ["suspended", /is suspended/, (installation) => github.suspend(installation)],
    [
      "removed",
      /was taken out of installation/,
      (installation) => github.removeFromInstallation(installation, [web]),
    ],
    ["deleted", /was deleted/, () => github.deleteRepository(web)],
  ];

  test.each(ends)(
    "a late delivery is acknowledged and not stored when the target is %s",
    async (_, reason, end) => {
      const installation = install();
      open(20);
      await deliver();
      open(30);
      const late = takeDeliveries();
      github.after(40, () => end(installation));
      await deliver();
      github.requests.length = 0;

      await deliver(late);

      expect(await pullRequestNumbers()).toEqual([1]);
      expect(github.requests).toEqual([]);
      expect(await rows("capture.jobs where state <> 'completed'")).toMatchObject([
        {
          event_name: "capture/pr.details",
          state: "cancelled",
          attempts: 1,
          number: 2,
          event: null,
          error: { name: "CapturesStoppedError", message: expect.stringMatching(reason) },
        },
      ]);
    },
  );

  test.each(ends)(
    "a manual capture is cancelled without a request to GitHub when the target is %s",
    async (end, reason, stop) => {
      const installation = install();
      open(20);
      await deliver();
      github.after(40, () => stop(installation));
      await deliver();
      github.requests.length = 0;
      const asked = scene.app.services.queue.queuePullRequest(web.id, 1);
      if (end === "deleted") return expect(asked).rejects.toThrow(/has not seen/);
      expect(await asked).toBe(3);
      await scene.idle();
      expect(github.requests).toEqual([]);
      const cancelled = await rows("capture.jobs where state <> 'completed'");
      expect(cancelled).toHaveLength(3);
      for (const job of cancelled) {
        expect(job).toMatchObject({ state: "cancelled", error: { message: expect.stringMatching(reason) } });
      }
    },
  );

  test("captures resume when the repository is added again", async () => {
    const installation = install();
    github.after(20, () => github.removeFromInstallation(installation, [web]));
    github.after(30, () => github.addToInstallation(installation, [web]));
    open(40);
    await deliver();
    expect(await pullRequestNumbers()).toEqual([1]);
  });

  test("the removal of one repository does not stop captures of another", async () => {
    const installation = install();
    github.after(20, () => github.removeFromInstallation(installation, [web]));
    open(30, api);
    await deliver();
    expect(await rows("github.pull_requests")).toMatchObject([{ repository_id: api.id }]);
  });
});

describe("uninstalling", () => {
  /** Captures two installations. Both have seen ann, and only the one that ends has seen ben. */
  async function captureTwo() {
    const umbrella = github.createOrganization({ login: "umbrella", members: [ann] });
    const elsewhere = github.createRepository({ owner: umbrella, name: "elsewhere" });
    const stays = github.after(5, () => github.install({ account: umbrella }));
    const ends = install();
    const ben = github.createAccount({ login: "ben" });
    open(20, elsewhere);
    const pullRequest = open(20);
    github.after(30, () => github.submitReview({ pullRequest, author: ben, comments: [{ body: "Why?" }] }));
    github.after(31, () => github.createIssueComment({ on: pullRequest, author: ben, body: "So" }));
    const captured = [...github.deliveries];
    await deliver();
    expect(await rows("github.accounts")).toHaveLength(4);
    return { elsewhere, stays, ends, umbrella, captured };
  }

  const tables = ["repositories", "pull_requests", "pull_request_files", "reviews", "comments"];

  test("an uninstallation keeps the rows", async () => {
    const { ends } = await captureTwo();
    const before = await Promise.all(tables.slice(1).map((table) => rows(`github.${table}`)));
    github.after(50, () => github.uninstall(ends));
    await deliver();
    expect(await Promise.all(tables.slice(1).map((table) => rows(`github.${table}`)))).toEqual(before);
    expect(await rows("github.installations where deleted_at is not null")).toMatchObject([
      { id: ends.id, account_id: acme.id },
    ]);
  });

  test("an uninstallation with PURGE_ON_UNINSTALL deletes its rows, and late deliveries do not restore them", async () => {
    await scene.restart({ PURGE_ON_UNINSTALL: "true" });
    const { elsewhere, stays, ends, umbrella, captured } = await captureTwo();
    github.after(50, () => github.uninstall(ends));
    await deliver();

    async function expectPurged() {
      expect(await rows("github.repositories")).toMatchObject([{ id: elsewhere.id }]);
      expect(await rows("github.pull_requests")).toMatchObject([{ repository_id: elsewhere.id }]);
      expect(await rows("github.reviews")).toEqual([]);
      expect(await rows("github.comments")).toEqual([]);
      const files = await rows("github.pull_request_files");
      expect(files.filter((file) => file["repository_id"] !== elsewhere.id)).toEqual([]);
      const accounts = (await rows("github.accounts")).map((account) => account["id"]);
      expect(accounts).toEqual([ann.id, umbrella.id].toSorted((a, b) => a - b));
      expect(await rows(`github.installations where id <> ${stays.id}`)).toEqual([
        {
          id: ends.id,
          account_id: null,
          repository_selection: null,
          created_at: null,
          updated_at: null,
          suspended_at: null,
          deleted_at: expect.any(Date),
          column_clocks: {},
        },
      ]);
      const traces = await rows(
        "capture.repository_names where full_name like '%acme%' or full_name like '%ben%'",
      );
      expect(traces).toEqual([]);
    }
    await expectPurged();
    expect(await rows(`capture.jobs where installation_id = ${ends.id}`)).toMatchObject([
      { event_name: "capture/installation.changed", state: "completed" },
    ]);

    for (const delivery of captured) {
      const id = `late ${delivery.id}`; // not a redelivery, which Inngest would deduplicate
      if (delivery.installationId === ends.id) await deliver([{ ...delivery, id }]);
    }
    await expectPurged();
    for (const job of await rows(`capture.jobs where installation_id = ${ends.id}`)) {
      expect(job).toMatchObject({ repository: null, event: null });
    }
  });

  test("a new installation takes over the repositories of the old one", async () => {
    const first = install();
    open(20);
    github.after(30, () => github.uninstall(first));
    const second = github.after(40, () => github.install({ account: acme }));
    open(50);
    await deliver();
    expect(await pullRequestNumbers()).toEqual([1, 2]);
    expect(await repositoryRows()).toMatchObject(
      [web, api].map(({ id }) => ({ id, installation_id: second.id, removed: false })),
    );
  });
});

describe("a repository", () => {
  const webRow = async () => (await repositoryRows()).find((row) => row["id"] === web.id);

  test("a renamed repository keeps its rows, and new ones are captured under its new name", async () => {
    install();
    open(20);
    github.after(30, () => github.renameRepository(web, "site"));
    open(40);
    await deliver();
    expect(await webRow()).toMatchObject({ full_name: "acme/site", updated_at: new Date(web.updatedAt) });
    expect(await pullRequestNumbers()).toEqual([1, 2]);
  });

  test("a repository that changes twice within a second is resolved by one request", async () => {
    install();
    await deliver();
    github.after(30, () => github.archiveRepository(web));
    github.after(30, () => github.privatizeRepository(web));
    await deliver(takeDeliveries().toReversed());
    expect(await webRow()).toMatchObject({ archived: true, private: true });
    expect(github.requests.filter(({ path }) => path === `/repositories/${web.id}`)).toHaveLength(1);
    expect(await jobsOf("capture/repository.changed")).toMatchObject([
      { state: "completed" },
      { state: "completed" },
    ]);
  });

  test("a transferred repository belongs to the installation of its new owner", async () => {
    const umbrella = github.createOrganization({ login: "umbrella" });
    const theirs = github.after(5, () => github.install({ account: umbrella }));
    install();
    open(20);
    github.after(30, () => github.transferRepository(web, umbrella));
    await deliver();
    expect(await webRow()).toMatchObject({
      full_name: "umbrella/web",
      installation_id: theirs.id,
      removed: false,
    });
    expect(await pullRequestNumbers()).toEqual([1]);
    expect(await jobsOf("capture/repository.sync")).toMatchObject([{}, {}, { installation_id: theirs.id }]);
  });

  test("a repository that is transferred to an account without the App is removed", async () => {
    install();
    github.after(30, () => github.transferRepository(web, ann));
    await deliver();
    expect(await webRow()).toMatchObject({ full_name: "ann/web", removed: true });
  });
});

describe("an installation whose clock GitHub does not change", () => {
  /** As in GitHub's own examples, where adding and removing repositories does not change `updated_at`. */
  function withoutClock(delivery: WebhookDelivery, installation: Installation): WebhookDelivery {
    const shown = delivery.payload["installation"] as object;
    return {
      ...delivery,
      payload: { ...delivery.payload, installation: { ...shown, updated_at: installation.createdAt } },
    };
  }

  test("a request to GitHub shows whether a repository is still installed", async () => {
    const installation = install();
    github.after(20, () => github.removeFromInstallation(installation, [web]));
    await deliver(takeDeliveries().map((delivery) => withoutClock(delivery, installation)));
    expect(installationRequests()).toBe(1);
    expect(await repositoryRows()).toMatchObject([
      { id: web.id, removed: true },
      { id: api.id, removed: false },
    ]);

    github.after(30, () => github.addToInstallation(installation, [web]));
    await deliver(takeDeliveries().map((delivery) => withoutClock(delivery, installation)));
    expect(installationRequests()).toBe(2);
    expect(await repositoryRows()).toMatchObject([{ removed: false }, { removed: false }]);
    expect(await jobsOf("capture/repository.sync")).toHaveLength(3);
    expect(await jobsOf("capture/installation.changed")).toMatchObject([
      { state: "completed", requests: 0 },
      { state: "completed", requests: 1 },
      { state: "completed", requests: 1 },
    ]);
  });
});

describe("deliveries in any order, some of them doubled", () => {
  /**
   * Some events happen within one second. Changes of a repository do so only while the App stays installed, since afterwards GitHub does not
   * answer which was later.
   */
  function liveThrough(ends: "kept" | "uninstalled" | "installed again"): WebhookDelivery[] {
    github.state.installations.clear();
    takeDeliveries();
    const { after } = github;
    const docs = github.quietly(() =>
      github.createRepository({ owner: acme, name: `docs-${ends.replace(" ", "-")}` }),
    );
    const first = after(100, () => github.install({ account: acme, repositories: [web, api] }));
    after(105, () => github.archiveRepository(api));
    after(ends === "kept" ? 105 : 106, () => github.editRepository(api, { defaultBranch: `trunk-${ends}` }));
    after(110, () => github.suspend(first));
    after(120, () => github.unsuspend(first));
    after(125, () => github.addToInstallation(first, [docs]));
    after(130, () => github.removeFromInstallation(first, [web]));
    after(130, () => github.addToInstallation(first, [web]));
    after(140, () => github.removeFromInstallation(first, [docs]));
    after(145, () => github.privatizeRepository(web));
    after(145, () => github.unarchiveRepository(api));
    if (ends !== "kept") after(150, () => github.uninstall(first));
    if (ends === "installed again") {
      after(150, () => github.install({ account: acme, repositories: [web, api] }));
    }
    return takeDeliveries();
  }

  const lives = ["kept", "uninstalled", "installed again"] as const;

  test.each(lives)(
    "the rows are in sync whatever the order, when the App is: %s",
    async (life) => {
      const deliveries = liveThrough(life);
      const order = fc
        .subarray(deliveries)
        .chain((doubled) =>
          fc.shuffledSubarray([...deliveries, ...doubled], { minLength: deliveries.length + doubled.length }),
        );
      const installations = [...github.state.installations.values()].map((installation) => ({
        id: installation.id,
        account_id: acme.id,
        repository_selection: installation.repositorySelection,
        created_at: new Date(installation.createdAt),
        updated_at: new Date(installation.updatedAt),
        suspended_at: null,
        deleted_at: installation.deletedAt === null ? null : expect.any(Date),
        column_clocks: {},
      }));
      const [first] = installations;
      const repositories = [...github.state.repositories.values()].map((repository) => {
        const installation = installationOf(github.state, repository);
        return expect.objectContaining({
          id: repository.id,
          full_name: `acme/${repository.name}`,
          private: repository.private,
          installation_id: installation?.id ?? first?.id,
          removed: installation === null,
          deleted: false,
        });
      });

      await fc.assert(
        fc.asyncProperty(order, async (shuffled) => {
          await resetDatabase(scene.database);
          await deliver(shuffled);
          expect(await rows("github.installations")).toEqual(installations);
          expect(await repositoryRows()).toEqual(repositories);
          expect(await rows("github.repositories where archived or default_branch is null")).toMatchObject([
            { name: expect.stringMatching(/^docs/), archived: null },
          ]);
          const others =
            "capture.jobs where event_name <> 'capture/repository.sync' and state <> 'completed'";
          expect(await rows(others)).toEqual([]);
        }),
        { numRuns: 3 },
      );
    },
    240_000,
  );

  test("everything is purged whatever the order, with PURGE_ON_UNINSTALL", async () => {
    await scene.restart({ PURGE_ON_UNINSTALL: "true" });
    const deliveries = liveThrough("uninstalled");
    const [installation] = github.state.installations.values();
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray(deliveries, { minLength: deliveries.length }),
        async (shuffled) => {
          await resetDatabase(scene.database);
          await deliver(shuffled);
          expect(await rows("github.installations")).toMatchObject([
            { id: installation?.id, account_id: null, updated_at: null, deleted_at: expect.any(Date) },
          ]);
          expect(await rows("github.repositories")).toEqual([]);
          expect(await rows("github.accounts")).toEqual([]);
        },
      ),
      { numRuns: 3 },
    );
  }, 240_000);
});
