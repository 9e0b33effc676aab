import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { mergeThreads } from "../../../src/lib/store/comments.ts";
import { openStore, type TestStore } from "./open-store.ts";
import { at, inFetch, inPayload } from "./observations.ts";

let db: TestStore;

beforeAll(async () => {
  db = await openStore();
});
beforeEach(() => db.clear());
afterAll(() => db.close());

/** Sights of one second: id to login. Only whom a merge names matters here, so it merges nothing else. */
async function recordAccounts(second: number, logins: Record<number, string>, type = "User"): Promise<void> {
  const accounts = Object.entries(logins).map(([id, login]) => ({ id: Number(id), login, type }));
  await mergeThreads(db.store, inPayload(second, { accounts }), []);
}

const logins = async () =>
  Object.fromEntries((await db.rows("github.accounts")).map((row) => [row["id"], row["login"]]));

describe("an account", () => {
  test("an account of any type has a row", async () => {
    const accounts = [
      { id: 1, login: "ann", type: "User" },
      { id: 2, login: "linter[bot]", type: "Bot" },
      { id: 3, login: "acme", type: "Organization" },
      { id: 4, login: "old-ann", type: "Mannequin" },
    ];
    await mergeThreads(db.store, inPayload(5, { accounts }), []);
    expect(await db.rows("github.accounts")).toEqual(accounts.map((row) => ({ ...row, seen_at: at(5) })));
  });

  test("an account gets its newest login and type in any order", async () => {
    await recordAccounts(2, { 1: "ann" });
    await recordAccounts(9, { 1: "anna" }, "Organization");
    await recordAccounts(5, { 1: "anne" });
    expect(await db.rows("github.accounts")).toEqual([
      { id: 1, login: "anna", type: "Organization", seen_at: at(9) },
    ]);
  });

  test("an account that an observation names twice is one row", async () => {
    const accounts = [1, 1, 2].map((id) => ({ id, login: `login-${id}`, type: "User" }));
    await mergeThreads(db.store, inPayload(5, { accounts }), []);
    expect(await logins()).toEqual({ 1: "login-1", 2: "login-2" });
  });

  test("an account with two logins in one second ends with the same one in either order", async () => {
    await recordAccounts(5, { 1: "ann" });
    await recordAccounts(5, { 1: "anna" });
    await recordAccounts(5, { 2: "benn" });
    await recordAccounts(5, { 2: "ben" });
    expect(await logins()).toEqual({ 1: "anna", 2: "benn" });
  });
});

describe("a bot's login", () => {
  const inGraphql = (second: number, login: string) =>
    mergeThreads(
      db.store,
      inFetch(second, { accounts: [{ id: 4, login: `${login}[bot]`, type: "Bot", derived: true }] }),
      [],
    );

  test("a login from REST replaces the one from GraphQL, even in an older payload", async () => {
    await inGraphql(90, "copilot-swe-agent");
    expect(await logins()).toEqual({ 4: "copilot-swe-agent[bot]" });
    await recordAccounts(5, { 4: "Copilot" }, "Bot");
    expect(await logins()).toEqual({ 4: "Copilot" });
  });

  test("a login from REST is not replaced by GraphQL's", async () => {
    await recordAccounts(5, { 4: "Copilot" }, "Bot");
    await inGraphql(9_000, "copilot-swe-agent");
    expect(await db.rows("github.accounts")).toEqual([
      { id: 4, login: "Copilot", type: "Bot", seen_at: at(5) },
    ]);
  });

  test("a login from REST is used when an observation has both", async () => {
    const accounts = [
      { id: 4, login: "zz-agent[bot]", type: "Bot", derived: true as const },
      { id: 4, login: "Copilot", type: "Bot" },
    ];
    await mergeThreads(db.store, inFetch(10, { accounts }), []);
    expect(await logins()).toEqual({ 4: "Copilot" });
  });
});

describe("a login that several accounts have", () => {
  test("each account keeps the login, like GitHub's two bots named Copilot", async () => {
    await recordAccounts(2, { 175728472: "Copilot" });
    await recordAccounts(5, { 198982749: "Copilot" });
    await recordAccounts(3, { 175728472: "Copilot" });
    expect(await logins()).toEqual({ 175728472: "Copilot", 198982749: "Copilot" });
  });

  test("the former account keeps the login until its new one is known", async () => {
    await recordAccounts(2, { 1: "ann" });
    await recordAccounts(5, { 2: "ann" });
    await recordAccounts(6, { 1: "old-ann" });
    expect(await logins()).toEqual({ 1: "old-ann", 2: "ann" });
  });

  test("two accounts in one observation can exchange their logins", async () => {
    await recordAccounts(2, { 1: "ann", 2: "ben" });
    await recordAccounts(5, { 1: "ben", 2: "ann" });
    expect(await logins()).toEqual({ 1: "ben", 2: "ann" });
  });

  test("each account has its newest login in any order of observations", async () => {
    const sights = [
      { second: 2, logins: { 1: "ann" } },
      { second: 5, logins: { 2: "ann" } },
      { second: 7, logins: { 2: "anna" } },
    ];
    for (const order of [sights, sights.toReversed()]) {
      await db.clear();
      for (const sight of order) await recordAccounts(sight.second, sight.logins);
      expect(await logins()).toEqual({ 1: "ann", 2: "anna" });
    }
  });
});

async function recordRepository(
  second: number | null,
  id: number,
  fullName: string,
  installation_id: number | null = 51,
): Promise<void> {
  const [owner = "", name = ""] = fullName.split("/");
  const repository = { id, owner, name, seen_at: second === null ? null : at(second) };
  await mergeThreads(db.store, inPayload(second ?? 5, { repository, installation_id }), []);
}

const names = async () =>
  Object.fromEntries((await db.rows("github.repositories")).map((row) => [row["id"], row["full_name"]]));

describe("a repository", () => {
  test("a repository gets its newest owner and name in any order", async () => {
    await recordRepository(2, 1, "acme/web");
    await recordRepository(9, 1, "umbrella/site");
    await recordRepository(5, 1, "acme/site");
    expect(await names()).toEqual({ 1: "umbrella/site" });
  });

  test("a repository keeps its name when a capture is requested with an old one", async () => {
    await recordRepository(2, 1, "acme/site");
    await recordRepository(null, 1, "acme/web");
    expect(await names()).toEqual({ 1: "acme/site" });
  });

  test("a new repository has the requested name until GitHub shows its name", async () => {
    await recordRepository(null, 1, "acme/web");
    expect(await names()).toEqual({ 1: "acme/web" });
    await recordRepository(2, 1, "acme/site");
    expect(await names()).toEqual({ 1: "acme/site" });
  });

  test("a repository that is requested by a name that another has taken does not get it", async () => {
    await recordRepository(2, 1, "acme/web");
    await recordRepository(null, 2, "acme/web");
    expect(await names()).toEqual({ 1: "acme/web", 2: null });
  });

  test("a repository loses its name to the one that is seen with it later, in any order and case", async () => {
    await recordRepository(2, 1, "acme/web");
    await recordRepository(5, 2, "Acme/Web");
    await recordRepository(5, 4, "acme/api");
    await recordRepository(2, 3, "acme/api");
    expect(await names()).toEqual({ 1: null, 2: "Acme/Web", 3: null, 4: "acme/api" });
  });

  test("two owners can have repositories with the same name", async () => {
    await recordRepository(2, 1, "acme/web");
    await recordRepository(5, 2, "umbrella/web");
    expect(await names()).toEqual({ 1: "acme/web", 2: "umbrella/web" });
  });

  test("a repository keeps its installation when it is read without one", async () => {
    await recordRepository(2, 1, "acme/web", 51);
    await recordRepository(5, 1, "acme/web", null);
    expect(await db.rows("github.repositories")).toMatchObject([{ installation_id: 51 }]);
    expect(await db.rows("github.installations")).toMatchObject([{ id: 51, account_id: null }]);
  });

  test("a reinstalled repository belongs to the new installation after a late delivery of the old one", async () => {
    await recordRepository(2, 1, "acme/web", 51);
    await recordRepository(9, 1, "acme/web", 52);
    await recordRepository(5, 1, "acme/web", 51);
    expect(await db.rows("github.repositories")).toMatchObject([{ installation_id: 52 }]);
  });

  test("a repository that was read without an installation gets the first one, in either order", async () => {
    await recordRepository(5, 1, "acme/web", null);
    await recordRepository(2, 1, "acme/web", 51);
    await recordRepository(2, 2, "acme/api", 51);
    await recordRepository(5, 2, "acme/api", null);
    expect(await db.rows("github.repositories")).toMatchObject([
      { installation_id: 51 },
      { installation_id: 51 },
    ]);
  });
});

test("busy rows are not rewritten when nothing changed", async () => {
  const accounts = [{ id: 1, login: "ann", type: "User" }];
  await mergeThreads(db.store, inPayload(5, { accounts }), []);
  const versions = () =>
    db.database.query(
      "select xmin::text, ctid::text from github.accounts union all select xmin::text, ctid::text from github.repositories",
    );
  const before = await versions();
  await mergeThreads(db.store, inPayload(60, { accounts }), []);
  await mergeThreads(db.store, inFetch(90, { accounts }), []);
  expect(await versions()).toEqual(before);
});
