import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { InstallationRow } from "../../../src/lib/records/installation.ts";
import { mergeThreads } from "../../../src/lib/store/comments.ts";
import type { InstallationOutcome } from "../../../src/lib/store/repository-types.ts";
import { mergeInstallation, resolveInstalled } from "../../../src/lib/store/installations.ts";
import { beginJob, failJob } from "../../../src/lib/store/jobs.ts";
import { mergePullRequestDetails } from "../../../src/lib/store/pull-requests.ts";
import { mergeRepository } from "../../../src/lib/store/repositories.ts";
import { CapturesStoppedError } from "../../../src/lib/store/store.ts";
import { openStore, type TestStore } from "./open-store.ts";
import { at, inFetch, inPayload, pullRequest, repositoryId } from "./observations.ts";

let db: TestStore;

beforeAll(async () => {
  db = await openStore();
});
beforeEach(() => db.clear());
afterAll(() => db.close());

const web = { id: repositoryId, owner: "acme", name: "web", private: true };

interface Change extends Partial<Omit<Parameters<typeof mergeInstallation>[2], "installation">> {
  id?: number;
  row?: Partial<InstallationRow>;
}

/** A payload of installation 51, or another, whose `updated_at` is that second. */
async function change(second: number, { id = 51, row, ...merge }: Change = {}): Promise<InstallationOutcome> {
  const { repository: _, ...context } = inPayload(second, {
    accounts: [{ id: 9, login: "acme", type: "Organization" }],
  });
  return mergeInstallation(
    db.store,
    { ...context, installation_id: id },
    {
      installation: {
        id,
        account_id: 9,
        repository_selection: "selected",
        created_at: at(1),
        updated_at: at(second),
        suspended_at: null,
        ...row,
      },
      added: [],
      removed: [],
      deleted: false,
      everything: false,
      purge: false,
      ...merge,
    },
  );
}

const installation = async () => (await db.rows("github.installations"))[0];
const repository = async () => (await db.rows("github.repositories"))[0];
const isInstalled = async () => {
  const row = await repository();
  return { installation_id: row?.["installation_id"], removed: row?.["removed_at"] !== null };
};

/** Makes the store call of a capture without rows. It creates and checks the installation like any other. */
const capture = (second = 60, installation_id: number | null = 51) =>
  mergeThreads(db.store, inPayload(second, { installation_id }), []);

describe("an installation", () => {
  test("an installation has the values of its newest payload in any order", async () => {
    await change(5, { row: { repository_selection: "all" } });
    await change(3, { row: { suspended_at: at(3) } });
    expect(await installation()).toEqual({
      id: 51,
      account_id: 9,
      repository_selection: "all",
      created_at: at(1),
      updated_at: at(5),
      suspended_at: null,
      deleted_at: null,
      column_clocks: {},
    });
  });

  test("an installation that is suspended and unsuspended within one second is unsuspended", async () => {
    const sights = [{ row: { suspended_at: at(5) } }, {}];
    for (const order of [sights, sights.toReversed()]) {
      await db.clear();
      for (const sight of order) await change(5, sight);
      expect(await installation()).toMatchObject({ suspended_at: null });
    }
  });

  test("a deleted installation stays deleted after a late creation", async () => {
    await change(5, { deleted: true });
    const before = await installation();
    expect(before).toMatchObject({ deleted_at: expect.any(String) });
    await change(9, { deleted: true });
    expect(await change(3, { added: [web] })).toEqual({ syncs: [], ambiguous: [] });
    expect(await installation()).toMatchObject({ deleted_at: before?.["deleted_at"] });
    expect(await isInstalled()).toEqual({ installation_id: 51, removed: true });
  });

  test("an installation that a capture created gets the values of its payload", async () => {
    await capture();
    expect(await installation()).toMatchObject({ id: 51, updated_at: null });
    await change(5);
    expect(await installation()).toMatchObject({ account_id: 9, updated_at: at(5) });
  });
});

describe("a repository of an installation", () => {
  const { private: _, ...named } = web;

  test("an added repository is synced, also when the call is repeated", async () => {
    expect(await change(5, { added: [web] })).toEqual({ syncs: [named], ambiguous: [] });
    expect(await change(5, { added: [web] })).toEqual({ syncs: [named], ambiguous: [] });
    expect(await repository()).toMatchObject({ full_name: "acme/web", private: true, installation_id: 51 });
  });

  test("a repository is not synced while its installation is suspended", async () => {
    await change(5, { row: { suspended_at: at(5) } });
    expect(await change(3, { added: [web] })).toEqual({ syncs: [], ambiguous: [] });
  });

  test("a repository is removed or added by the newest payload in any order", async () => {
    await change(8, { removed: [web] });
    expect(await change(5, { added: [web] })).toEqual({ syncs: [], ambiguous: [] });
    expect(await isInstalled()).toEqual({ installation_id: 51, removed: true });
    await change(9, { added: [web] });
    expect(await isInstalled()).toEqual({ installation_id: 51, removed: false });
  });

  test("a repository that is added and removed at one clock is ambiguous", async () => {
    await change(5, { added: [web] });
    expect(await change(5, { removed: [web] })).toEqual({ syncs: [], ambiguous: [named] });
    expect(await isInstalled()).toMatchObject({ removed: false });
    expect(await db.rows("capture.jobs")).toMatchObject([{ state: "completed" }, { state: "processing" }]);
  });

  test("a repository that is added to two installations is ambiguous, and a removal from the other changes nothing", async () => {
    await change(5, { added: [web] });
    expect(await change(9, { id: 52, removed: [web] })).toEqual({ syncs: [], ambiguous: [] });
    expect(await change(9, { id: 52, added: [web] })).toEqual({ syncs: [], ambiguous: [named] });
    expect(await isInstalled()).toEqual({ installation_id: 51, removed: false });
  });

  test("a repository of a deleted installation moves to the next one", async () => {
    await change(5, { added: [web] });
    await change(7, { deleted: true });
    expect(await change(6, { id: 52, added: [web] })).toEqual({ syncs: [named], ambiguous: [] });
    expect(await isInstalled()).toEqual({ installation_id: 52, removed: false });
    await change(5, { added: [web] });
    expect(await isInstalled()).toEqual({ installation_id: 52, removed: false });
  });

  test("a repository does not move back after a late payload of its former installation", async () => {
    await capture(3, 51);
    await change(5, { id: 52, added: [web] });
    await resolveInstalled(db.store, inFetch(8), { id: 52, updated_at: at(5) }, true);
    await capture(7200, 51);
    expect(await isInstalled()).toEqual({ installation_id: 52, removed: false });
  });

  test("an installation's list does not replace the values of a repository's own payload", async () => {
    const details = { archived: true, default_branch: "main", updated_at: at(4) };
    const merge = { repository: { private: false, ...details }, deleted: false, asked: false, purge: false };
    expect(await mergeRepository(db.store, inPayload(4), merge)).toBe("newer");
    await change(9, { added: [web] });
    expect(await repository()).toMatchObject({ private: false, ...details });
  });
});

describe("GitHub's answer to where a repository is installed", () => {
  beforeEach(() => change(5, { added: [web] }));

  test("a repository in no installation is removed", async () => {
    expect(await resolveInstalled(db.store, inFetch(8), null, true)).toBe(false);
    expect(await isInstalled()).toEqual({ installation_id: 51, removed: true });
    expect(await db.rows("capture.jobs")).toMatchObject([{}, { state: "completed" }]);
  });

  test("a repository in another installation moves there", async () => {
    expect(await resolveInstalled(db.store, inFetch(8), { id: 52, updated_at: at(3) }, true)).toBe(true);
    expect(await isInstalled()).toEqual({ installation_id: 52, removed: false });
  });

  test("a newer payload or answer replaces the answer", async () => {
    await change(9, { removed: [web] });
    await resolveInstalled(db.store, inFetch(8), { id: 51, updated_at: at(5) }, true);
    expect(await isInstalled()).toMatchObject({ removed: true });
    await resolveInstalled(db.store, inFetch(12), { id: 51, updated_at: at(9) }, true);
    await resolveInstalled(db.store, inFetch(11), null, true);
    expect(await isInstalled()).toMatchObject({ removed: false });
  });

  test("an older payload is ambiguous after the answer", async () => {
    await resolveInstalled(db.store, inFetch(20), null, true);
    expect(await change(7, { added: [web] })).toMatchObject({ syncs: [], ambiguous: [{ id: web.id }] });
    expect(await change(21, { added: [web] })).toMatchObject({ syncs: [{ id: web.id }], ambiguous: [] });
  });
});

describe("a refused capture", () => {
  const stops: [string, () => Promise<unknown>][] = [
    ["uninstalled", () => change(9, { deleted: true })],
    ["suspended", () => change(9, { row: { suspended_at: at(9) } })],
    ["removed", () => change(9, { removed: [web] })],
    [
      "deleted",
      () =>
        mergeRepository(db.store, inPayload(9), {
          repository: { private: true, archived: false, default_branch: "main", updated_at: at(9) },
          deleted: true,
          asked: false,
          purge: false,
        }),
    ],
  ];

  test.each(stops)("a capture writes nothing when %s", async (_, stop) => {
    await change(5, { added: [web] });
    await stop();
    const before = await db.rows("github.accounts");
    const accounts = [{ id: 1, login: "ann", type: "User" }];
    const refused = mergePullRequestDetails(db.store, inPayload(60, { accounts }), pullRequest(60));
    await expect(refused).rejects.toThrow(CapturesStoppedError);
    await expect(beginJob(db.store, inPayload(60))).rejects.toThrow(CapturesStoppedError);
    expect(await db.rows("github.pull_requests")).toEqual([]);
    expect(await db.rows("github.accounts")).toEqual(before);
    expect(
      await db.rows("capture.jobs where event_name <> 'capture/pr.details' or state <> 'completed'"),
    ).toEqual([]);
  });

  test("a capture through another installation or none is refused only when the repository was deleted", async () => {
    await change(5, { added: [web] });
    await change(9, { removed: [web] });
    await capture(60, null);
    await capture(60, 52);
    await stops[3]?.[1]();
    await expect(capture(60, null)).rejects.toThrow(/was deleted/);
    await expect(capture(60, 52)).rejects.toThrow(/was deleted/);
  });

  test("the job is cancelled with the reason, whatever error the run failed with", async () => {
    await change(5, { added: [web] });
    await stops[1]?.[1]();
    const error = { name: "Error", message: "GitHub answered 403", stack: null };
    const context = inPayload(60, { job: { event_id: "late" } });
    await failJob(db.store, context, { error, event: { observed: "a title" } });
    expect(await db.rows("capture.jobs where event_id = 'late'")).toMatchObject([
      {
        state: "cancelled",
        error: { name: "CapturesStoppedError", message: expect.stringMatching(/suspended/) },
        event: null,
        repository: "acme/web",
      },
    ]);
  });
});

test("a failed change of a suspended installation can be replayed", async () => {
  await change(5, { row: { suspended_at: at(5) } });
  const { job, installation_id } = inPayload(60, { job: { event_id: "change" } });
  const error = { name: "Error", message: "GitHub answered 500", stack: null };
  await failJob(db.store, { job, installation_id }, { error, event: { action: "added" } });
  expect(await db.rows("capture.jobs where event_id = 'change'")).toMatchObject([
    { state: "failed", error, event: { action: "added" }, installation_id: 51, repository_id: null },
  ]);
});

describe("a repository's own payload", () => {
  const row = (second: number, archived = false) => ({
    repository: { private: false, archived, default_branch: "main", updated_at: at(second) },
    deleted: false,
    asked: false,
    purge: false,
  });

  test("two payloads of one second are ambiguous until GitHub resolves them", async () => {
    expect(await mergeRepository(db.store, inPayload(5), row(5, true))).toBe("newer");
    expect(await mergeRepository(db.store, inPayload(5), row(5))).toBe("ambiguous");
    expect(await mergeRepository(db.store, inFetch(9), row(5))).toBe("newer");
    expect(await mergeRepository(db.store, inPayload(5), row(5, true))).toBe("older");
    expect(await repository()).toMatchObject({ archived: false, updated_at: at(5) });
  });

  test("the payload of a deletion is the newest in either order", async () => {
    const told = [row(5, true), { ...row(5), deleted: true }, row(3, true)];
    for (const order of [told, told.toReversed()]) {
      await db.clear();
      for (const merge of order) await mergeRepository(db.store, inPayload(5), merge);
      expect(await repository()).toMatchObject({ archived: false, deleted_at: expect.any(String) });
    }
  });
});

describe("a purge", () => {
  test("a purge leaves no rows of concurrent captures", async () => {
    await change(5, { added: [web] });
    const capturePullRequest = async (index: number): Promise<unknown> => {
      const accounts = [{ id: 100 + index, login: `login-${index}`, type: "User" }];
      const row = pullRequest(60, { number: index + 1, id: index + 1, author_id: 100 + index });
      return mergePullRequestDetails(db.store, inPayload(60, { accounts }), row);
    };
    const all = Array.from({ length: 40 }, (_, index) =>
      index === 20 ? change(9, { deleted: true, purge: true }) : capturePullRequest(index),
    );
    const refused = (await Promise.allSettled(all)).flatMap((result) =>
      result.status === "rejected" ? [result.reason as unknown] : [],
    );
    for (const error of refused) expect(error).toBeInstanceOf(CapturesStoppedError);
    for (const table of ["repositories", "pull_requests", "accounts"]) {
      expect(await db.rows(`github.${table}`)).toEqual([]);
    }
    expect(await db.database.query("select * from capture.repository_names")).toEqual([]);
  });

  test("a purge keeps accounts that rows of other installations refer to", async () => {
    await change(5, { added: [web] });
    await change(5, { id: 52, row: { account_id: 10 } });
    const api = { id: 2002, owner: "umbrella", name: "api", seen_at: at(6) };
    const ids = [11, 12, 13, 14, 15];
    const accounts = ids.map((id) => ({ id, login: `login-${id}`, type: "User" }));
    const people = { author_id: 11, merged_by_id: 12, assignees: [13], requested_reviewers: [14] };
    await mergePullRequestDetails(
      db.store,
      inPayload(6, { accounts }),
      pullRequest(6, { ...people, assignees: [13, 15] }),
    );
    const elsewhere = inPayload(6, { repository: api, installation_id: 52, accounts });
    await mergePullRequestDetails(db.store, elsewhere, pullRequest(6, people));
    await change(9, { deleted: true, purge: true });
    expect((await db.rows("github.accounts")).map((account) => account["id"])).toEqual([11, 12, 13, 14]);
    expect(await db.rows("github.pull_requests")).toMatchObject([{ repository_id: 2002 }]);
  });
});
