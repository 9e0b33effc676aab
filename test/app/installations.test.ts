import fc from "fast-check";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type {
  Account,
  Delivery,
  Installation,
  PullRequest,
  Repository,
} from "../../src/demo/github/index.ts";
import { installationOf } from "../../src/demo/github/state.ts";
import type { SqlDatabase } from "../../src/lib/embedded/sql-database.ts";
import { openTestDatabase, resetDatabase } from "../support/database.ts";
import { openGitHub, type TestGitHub } from "../support/open-github.ts";
import { startApp, type TestApp } from "../support/start-app.ts";
import { examplesOf, type ExamplePayload } from "../support/webhook-examples.ts";

/** Where the App is installed, and what that begins and ends. */

let database: SqlDatabase;
let github: TestGitHub;
let app: TestApp;
let ann: Account;
let acme: Account;
let web: Repository;
let api: Repository;

beforeAll(async () => {
  database = await openTestDatabase();
});
beforeEach(async () => {
  github = await openGitHub();
  github.after(0, () => {
    ann = github.createAccount({ login: "ann" });
    acme = github.createOrganization({ login: "acme", members: [ann] });
    web = github.createRepository({ owner: acme, name: "web" });
    api = github.createRepository({ owner: acme, name: "api" });
  });
});
afterEach(async () => {
  await app.close();
  await github.close();
  await resetDatabase(database);
});
afterAll(() => database.close());

async function start(environment: Record<string, string> = {}): Promise<void> {
  app = await startApp(database, { GITHUB_API_URL: github.url, ...environment });
}

/** Sends everything that has happened since the last call, and waits until it is worked off. */
async function deliverAll(): Promise<void> {
  for (const delivery of github.deliveries.splice(0)) expect(await app.deliver(delivery)).toBe(200);
  await app.settled();
}

function install(repositories?: Repository[]): Installation {
  return github.after(10, () => github.install({ account: acme, ...(repositories && { repositories }) }));
}

function open(second: number, repository = web): PullRequest {
  return github.after(second, () => github.openPullRequest({ repository, author: ann }));
}

const numbers = async () => (await app.rows("github.pull_requests")).map((row) => row["number"]);

const jobs = (name: string) => app.rows(`capture.jobs where event_name = '${name}'`);

/** How often GitHub was asked where a repository is installed. */
const questions = () => github.requests.filter(({ path }) => path.endsWith("/installation")).length;

/** A repository's row, with whether there is a date in place of the dates of which GitHub tells nothing. */
async function repositoryRows(): Promise<Record<string, unknown>[]> {
  const rows = await app.rows("github.repositories");
  return rows.map(({ removed_at, deleted_at, ...row }) => ({
    ...row,
    removed: removed_at !== null,
    deleted: deleted_at !== null,
  }));
}

describe("GitHub's examples", () => {
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

  test.each(examplesOf("installation").map(title))("installation: %s", async (_, payload) => {
    await start();
    expect(await app.deliver({ name: "installation", payload })).toBe(200);
    await app.settled();
    expect(await app.rows("github.installations")).toEqual([installationRow(payload)]);
    const { login, type } = payload["installation"].account;
    expect(await app.rows("github.accounts")).toMatchObject([
      { id: payload["installation"].account.id, login, type },
    ]);
    const listed = payload.action === "created" ? payload["repositories"] : [];
    expect(await repositoryRows()).toEqual(
      listed.map((repository: ExamplePayload) => listedRow(payload, repository, false)),
    );
    expect(await jobs("capture/installation.changed")).toMatchObject([
      { state: "completed", installation_id: payload["installation"].id, repository: null, number: null },
    ]);
    expect(await jobs("capture/repository.sync")).toHaveLength(listed.length);
  });

  test.each(examplesOf("installation_repositories").map(title))(
    "installation_repositories: %s",
    async (_, payload) => {
      await start();
      expect(await app.deliver({ name: "installation_repositories", payload })).toBe(200);
      await app.settled();
      expect(await app.rows("github.installations")).toEqual([installationRow({ ...payload })]);
      const { repositories_added: added, repositories_removed: removed } = payload;
      expect(await repositoryRows()).toEqual([
        ...added.map((repository: ExamplePayload) => listedRow(payload, repository, false)),
        ...removed.map((repository: ExamplePayload) => listedRow(payload, repository, true)),
      ]);
      expect(await jobs("capture/repository.sync")).toHaveLength(added.length);
    },
  );

  test.each(examplesOf("repository").map(title))("repository: %s", async (_, payload) => {
    await start();
    expect(await app.deliver({ name: "repository", payload })).toBe(200);
    await app.settled();
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
    expect(await jobs("capture/repository.changed")).toMatchObject([{ state: "completed" }]);
  });
});

describe("history", () => {
  const day = 86_400_000;

  /** What happened so many days ago, before the App was there. */
  function daysAgo<Result>(days: number, work: () => Result): Result {
    return github.at(new Date(Date.now() - days * day), () => github.quietly(work));
  }

  test("of BACKFILL_DAYS is captured of every repository on which the App is installed", async () => {
    await start({ BACKFILL_DAYS: "30" });
    daysAgo(40, () => github.openPullRequest({ repository: web, author: ann }));
    daysAgo(20, () => github.openPullRequest({ repository: web, author: ann }));
    daysAgo(10, () => github.openPullRequest({ repository: api, author: ann }));
    const { id } = install();
    const [created] = github.deliveries;
    await deliverAll();
    expect(await app.rows("github.pull_requests")).toMatchObject([
      { repository_id: web.id, number: 2 },
      { repository_id: api.id, number: 1 },
    ]);
    const sync = { reason: "install", priority: "medium", installation_id: id, state: "completed" };
    const syncs = await jobs("capture/repository.sync"); // which of them begins first is open
    expect(syncs.toSorted((a, b) => Number(a["repository_id"]) - Number(b["repository_id"]))).toMatchObject(
      [web, api].map((repository) => ({
        ...sync,
        repository_id: repository.id,
        event_id: `${created?.id}:capture/installation.changed:capture/repository.sync:${repository.id}`,
      })),
    );
  });

  test("is asked for once, however often the installation is told of", async () => {
    await start();
    install();
    const [created] = github.deliveries;
    if (created) github.deliveries.push(created, created);
    await deliverAll();
    expect(await jobs("capture/repository.sync")).toHaveLength(2);
  });

  test("of a repository that is added later is captured then", async () => {
    await start();
    const installation = install([api]);
    await deliverAll();
    daysAgo(5, () => github.openPullRequest({ repository: web, author: ann }));
    github.after(20, () => github.addToInstallation(installation, [web]));
    await deliverAll();
    expect(await app.rows("github.pull_requests")).toMatchObject([{ repository_id: web.id }]);
  });

  test("that was missed while suspended is captured when the suspension ends, of all that are still there", async () => {
    await start();
    const installation = install();
    github.after(20, () => github.removeFromInstallation(installation, [api]));
    github.after(30, () => github.suspend(installation));
    await deliverAll();
    open(40);
    expect(github.deliveries).toEqual([]);
    github.after(50, () => github.unsuspend(installation));
    const before = (await jobs("capture/repository.sync")).length;
    await deliverAll();
    expect(await numbers()).toEqual([1]);
    const syncs = await jobs("capture/repository.sync");
    expect(syncs.slice(before)).toMatchObject([{ repository_id: web.id, reason: "install" }]);
  });
});

describe("captures stop", () => {
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

  test.each(ends)("when %s: what arrives late is acknowledged, and not stored", async (_, reason, end) => {
    await start();
    const installation = install();
    open(20);
    await deliverAll();
    open(30);
    const late = github.deliveries.splice(0);
    github.after(40, () => end(installation));
    await deliverAll();
    github.requests.length = 0;

    github.deliveries.push(...late);
    await deliverAll();

    expect(await numbers()).toEqual([1]);
    expect(github.requests).toEqual([]);
    expect(await app.rows("capture.jobs where state <> 'completed'")).toMatchObject([
      {
        event_name: "capture/pr.details",
        state: "cancelled",
        attempts: 1,
        number: 2,
        event: null,
        error: { name: "CapturesStoppedError", message: expect.stringMatching(reason) },
      },
    ]);
  });

  test.each(ends)(
    "when %s: what a person asks for is refused before GitHub is asked",
    async (end, reason, stop) => {
      await start();
      const installation = install();
      open(20);
      await deliverAll();
      github.after(40, () => stop(installation));
      await deliverAll();
      github.requests.length = 0;
      const asked = app.services.queue.queuePullRequest(web.id, 1);
      if (end === "deleted") return expect(asked).rejects.toThrow(/has not seen/);
      expect(await asked).toBe(3);
      await app.settled();
      expect(github.requests).toEqual([]);
      const cancelled = await app.rows("capture.jobs where state <> 'completed'");
      expect(cancelled).toHaveLength(3);
      for (const job of cancelled) {
        expect(job).toMatchObject({ state: "cancelled", error: { message: expect.stringMatching(reason) } });
      }
    },
  );

  test("and go on when the repository is added again", async () => {
    await start();
    const installation = install();
    github.after(20, () => github.removeFromInstallation(installation, [web]));
    github.after(30, () => github.addToInstallation(installation, [web]));
    open(40);
    await deliverAll();
    expect(await numbers()).toEqual([1]);
  });

  test("only of what was removed", async () => {
    await start();
    const installation = install();
    github.after(20, () => github.removeFromInstallation(installation, [web]));
    open(30, api);
    await deliverAll();
    expect(await app.rows("github.pull_requests")).toMatchObject([{ repository_id: api.id }]);
  });
});

describe("uninstalling", () => {
  /** Two installations that share ann; ben was only seen by the one that ends. */
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
    await deliverAll();
    expect(await app.rows("github.accounts")).toHaveLength(4);
    return { elsewhere, stays, ends, umbrella, captured };
  }

  const tables = ["repositories", "pull_requests", "pull_request_files", "reviews", "comments"];

  test("keeps the rows", async () => {
    await start();
    const { ends } = await captureTwo();
    const before = await Promise.all(tables.slice(1).map((table) => app.rows(`github.${table}`)));
    github.after(50, () => github.uninstall(ends));
    await deliverAll();
    expect(await Promise.all(tables.slice(1).map((table) => app.rows(`github.${table}`)))).toEqual(before);
    expect(await app.rows("github.installations where deleted_at is not null")).toMatchObject([
      { id: ends.id, account_id: acme.id },
    ]);
  });

  test("with PURGE_ON_UNINSTALL deletes all that was captured through it, for good", async () => {
    await start({ PURGE_ON_UNINSTALL: "true" });
    const { elsewhere, stays, ends, umbrella, captured } = await captureTwo();
    github.after(50, () => github.uninstall(ends));
    await deliverAll();

    async function expectPurged() {
      expect(await app.rows("github.repositories")).toMatchObject([{ id: elsewhere.id }]);
      expect(await app.rows("github.pull_requests")).toMatchObject([{ repository_id: elsewhere.id }]);
      expect(await app.rows("github.reviews")).toEqual([]);
      expect(await app.rows("github.comments")).toEqual([]);
      const files = await app.rows("github.pull_request_files");
      expect(files.filter((file) => file["repository_id"] !== elsewhere.id)).toEqual([]);
      const accounts = (await app.rows("github.accounts")).map((account) => account["id"]);
      expect(accounts).toEqual([ann.id, umbrella.id].toSorted((a, b) => a - b));
      expect(await app.rows(`github.installations where id <> ${stays.id}`)).toEqual([
        {
          id: ends.id,
          account_id: null,
          repository_selection: null,
          created_at: null,
          updated_at: null,
          suspended_at: null,
          deleted_at: expect.any(Date),
        },
      ]);
      const traces = await app.rows("capture.names where name like '%acme%' or name like '%ben%'");
      expect(traces).toEqual([]);
    }
    await expectPurged();
    expect(await app.rows(`capture.jobs where installation_id = ${ends.id}`)).toMatchObject([
      { event_name: "capture/installation.changed", state: "completed" },
    ]);

    for (const delivery of captured) {
      const id = `late ${delivery.id}`; // not a redelivery, which Inngest would drop
      if (delivery.installationId === ends.id) github.deliveries.push({ ...delivery, id });
    }
    await deliverAll();
    await expectPurged();
    for (const job of await app.rows(`capture.jobs where installation_id = ${ends.id}`)) {
      expect(job).toMatchObject({ repository: null, event: null });
    }
  });

  test("and installing again is another installation, to which the repositories go over", async () => {
    await start();
    const first = install();
    open(20);
    github.after(30, () => github.uninstall(first));
    const second = github.after(40, () => github.install({ account: acme }));
    open(50);
    await deliverAll();
    expect(await numbers()).toEqual([1, 2]);
    expect(await repositoryRows()).toMatchObject(
      [web, api].map(({ id }) => ({ id, installation_id: second.id, removed: false })),
    );
  });
});

describe("a repository", () => {
  const theRow = async () => (await repositoryRows()).find((row) => row["id"] === web.id);

  test("keeps its id and its rows when it is renamed, and its history under its new name", async () => {
    await start();
    install();
    open(20);
    github.after(30, () => github.renameRepository(web, "site"));
    open(40);
    await deliverAll();
    expect(await theRow()).toMatchObject({ full_name: "acme/site", updated_at: new Date(web.updatedAt) });
    expect(await numbers()).toEqual([1, 2]);
  });

  test("changed twice within a second is as GitHub says that it is, in either order", async () => {
    await start();
    install();
    await deliverAll();
    github.after(30, () => github.archiveRepository(web));
    github.after(30, () => github.privatizeRepository(web));
    github.deliveries.reverse();
    await deliverAll();
    expect(await theRow()).toMatchObject({ archived: true, private: true });
    expect(github.requests.filter(({ path }) => path === `/repositories/${web.id}`)).toHaveLength(1);
    expect(await jobs("capture/repository.changed")).toMatchObject([
      { state: "completed" },
      { state: "completed" },
    ]);
  });

  test("that goes to another account belongs to the installation there", async () => {
    await start();
    const umbrella = github.createOrganization({ login: "umbrella" });
    const theirs = github.after(5, () => github.install({ account: umbrella }));
    install();
    open(20);
    github.after(30, () => github.transferRepository(web, umbrella));
    await deliverAll();
    expect(await theRow()).toMatchObject({
      full_name: "umbrella/web",
      installation_id: theirs.id,
      removed: false,
    });
    expect(await numbers()).toEqual([1]);
    expect(await jobs("capture/repository.sync")).toMatchObject([{}, {}, { installation_id: theirs.id }]);
  });

  test("that goes where the App is not is captured no more", async () => {
    await start();
    install();
    github.after(30, () => github.transferRepository(web, ann));
    await deliverAll();
    expect(await theRow()).toMatchObject({ full_name: "ann/web", removed: true });
  });
});

describe("where GitHub did not move the installation's clock", () => {
  /** As in GitHub's own examples: what is added or removed leaves `updated_at` as it was. */
  function withoutClock(delivery: Delivery, installation: Installation): Delivery {
    const shown = delivery.payload["installation"] as object;
    return {
      ...delivery,
      payload: { ...delivery.payload, installation: { ...shown, updated_at: installation.createdAt } },
    };
  }

  test("GitHub is asked whether a repository is still there", async () => {
    await start();
    const installation = install();
    github.after(20, () => github.removeFromInstallation(installation, [web]));
    github.deliveries.push(
      ...github.deliveries.splice(0).map((delivery) => withoutClock(delivery, installation)),
    );
    await deliverAll();
    expect(questions()).toBe(1);
    expect(await repositoryRows()).toMatchObject([
      { id: web.id, removed: true },
      { id: api.id, removed: false },
    ]);

    github.after(30, () => github.addToInstallation(installation, [web]));
    const [added] = github.deliveries.splice(0);
    if (added) github.deliveries.push(withoutClock(added, installation));
    await deliverAll();
    expect(questions()).toBe(2);
    expect(await repositoryRows()).toMatchObject([{ removed: false }, { removed: false }]);
    expect(await jobs("capture/repository.sync")).toHaveLength(3);
    expect(await jobs("capture/installation.changed")).toMatchObject([
      { state: "completed", requests: 0 },
      { state: "completed", requests: 1 },
      { state: "completed", requests: 1 },
    ]);
  });
});

describe("any order of the deliveries, any of them doubled", () => {
  /**
   * Some things happen within one second; what a repository itself tells does so only while the App stays, since afterwards nobody may ask
   * GitHub which was later. `ends`: the App is uninstalled, and perhaps installed again.
   */
  function liveThrough(ends: "stays" | "uninstalled" | "installed again"): Delivery[] {
    github.state.installations.clear();
    github.deliveries.length = 0;
    const { after } = github;
    const docs = github.quietly(() =>
      github.createRepository({ owner: acme, name: `docs-${ends.replace(" ", "-")}` }),
    );
    const first = after(100, () => github.install({ account: acme, repositories: [web, api] }));
    after(105, () => github.archiveRepository(api));
    after(ends === "stays" ? 105 : 106, () => github.editRepository(api, { defaultBranch: `trunk-${ends}` }));
    after(110, () => github.suspend(first));
    after(120, () => github.unsuspend(first));
    after(125, () => github.addToInstallation(first, [docs]));
    after(130, () => github.removeFromInstallation(first, [web]));
    after(130, () => github.addToInstallation(first, [web]));
    after(140, () => github.removeFromInstallation(first, [docs]));
    after(145, () => github.privatizeRepository(web));
    after(145, () => github.unarchiveRepository(api));
    if (ends !== "stays") after(150, () => github.uninstall(first));
    if (ends === "installed again") {
      after(150, () => github.install({ account: acme, repositories: [web, api] }));
    }
    return github.deliveries.splice(0);
  }

  async function deliverInOrder(deliveries: readonly Delivery[], order: readonly number[]): Promise<void> {
    for (const index of order) {
      const delivery = deliveries[index];
      if (delivery) expect(await app.deliver(delivery)).toBe(200);
    }
    await app.settled();
  }

  const lives = ["stays", "uninstalled", "installed again"] as const;

  test.each(lives)(
    "ends in GitHub's rows: %s",
    async (life) => {
      await start();
      const deliveries = liveThrough(life);
      const each = deliveries.map((_, index) => index);
      const order = fc
        .subarray(each)
        .chain((doubled) =>
          fc.shuffledSubarray([...each, ...doubled], { minLength: each.length + doubled.length }),
        );
      const installations = [...github.state.installations.values()].map((installation) => ({
        id: installation.id,
        account_id: acme.id,
        repository_selection: installation.repositorySelection,
        created_at: new Date(installation.createdAt),
        updated_at: new Date(installation.updatedAt),
        suspended_at: null,
        deleted_at: installation.deletedAt === null ? null : expect.any(Date),
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
          await resetDatabase(database);
          await deliverInOrder(deliveries, shuffled);
          expect(await app.rows("github.installations")).toEqual(installations);
          expect(await repositoryRows()).toEqual(repositories);
          expect(
            await app.rows("github.repositories where archived or default_branch is null"),
          ).toMatchObject([{ name: expect.stringMatching(/^docs/), archived: null }]);
          const others =
            "capture.jobs where event_name <> 'capture/repository.sync' and state <> 'completed'";
          expect(await app.rows(others)).toEqual([]);
        }),
        { numRuns: 4 },
      );
    },
    240_000,
  );

  test("ends purged, where that is wanted", async () => {
    await start({ PURGE_ON_UNINSTALL: "true" });
    const deliveries = liveThrough("uninstalled");
    const [installation] = github.state.installations.values();
    const each = deliveries.map((_, index) => index);
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray(each, { minLength: each.length }), async (shuffled) => {
        await resetDatabase(database);
        await deliverInOrder(deliveries, shuffled);
        expect(await app.rows("github.installations")).toMatchObject([
          { id: installation?.id, account_id: null, updated_at: null, deleted_at: expect.any(Date) },
        ]);
        expect(await app.rows("github.repositories")).toEqual([]);
        expect(await app.rows("github.accounts")).toEqual([]);
      }),
      { numRuns: 4 },
    );
  }, 240_000);
});
