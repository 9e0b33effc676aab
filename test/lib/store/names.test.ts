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
async function seeAccounts(second: number, logins: Record<number, string>, type = "User"): Promise<void> {
  const accounts = Object.entries(logins).map(([id, login]) => ({ id: Number(id), login, type }));
  await mergeThreads(db.store, inPayload(second, { accounts }), []);
}

const logins = async () =>
  Object.fromEntries((await db.rows("github.accounts")).map((row) => [row["id"], row["login"]]));

describe("an account", () => {
  test("of any type keeps its row", async () => {
    const accounts = [
      { id: 1, login: "ann", type: "User" },
      { id: 2, login: "linter[bot]", type: "Bot" },
      { id: 3, login: "acme", type: "Organization" },
      { id: 4, login: "old-ann", type: "Mannequin" },
    ];
    await mergeThreads(db.store, inPayload(5, { accounts }), []);
    expect(await db.rows("github.accounts")).toEqual(accounts.map((row) => ({ ...row, seen_at: at(5) })));
  });

  test("takes its newest login and type, whatever comes last", async () => {
    await seeAccounts(2, { 1: "ann" });
    await seeAccounts(9, { 1: "anna" }, "Organization");
    await seeAccounts(5, { 1: "anne" });
    expect(await db.rows("github.accounts")).toEqual([
      { id: 1, login: "anna", type: "Organization", seen_at: at(9) },
    ]);
  });

  test("named twice in one observation is one row", async () => {
    const accounts = [1, 1, 2].map((id) => ({ id, login: `login-${id}`, type: "User" }));
    await mergeThreads(db.store, inPayload(5, { accounts }), []);
    expect(await logins()).toEqual({ 1: "login-1", 2: "login-2" });
  });

  test("seen in one second with two logins ends with the same one in either order", async () => {
    await seeAccounts(5, { 1: "ann" });
    await seeAccounts(5, { 1: "anna" });
    await seeAccounts(5, { 2: "benn" });
    await seeAccounts(5, { 2: "ben" });
    expect(await logins()).toEqual({ 1: "anna", 2: "benn" });
  });
});

describe("a login that passes to another account", () => {
  test("is handed over, also where it differs in case", async () => {
    await seeAccounts(2, { 1: "ann", 3: "Ben" });
    await seeAccounts(5, { 2: "Ann", 4: "ben" });
    expect(await logins()).toEqual({ 1: null, 2: "Ann", 3: null, 4: "ben" });
  });

  test("is not taken back by the older sight that comes late, again or for the first time", async () => {
    await seeAccounts(5, { 2: "ann" });
    await seeAccounts(2, { 1: "ann" });
    await seeAccounts(2, { 1: "ann" });
    expect(await logins()).toEqual({ 1: null, 2: "ann" });
  });

  test("leaves the other without one until it is seen with its new", async () => {
    await seeAccounts(2, { 1: "ann" });
    await seeAccounts(5, { 2: "ann" });
    await seeAccounts(6, { 1: "old-ann" });
    expect(await logins()).toEqual({ 1: "old-ann", 2: "ann" });
  });

  test("is exchanged between two accounts seen together", async () => {
    await seeAccounts(2, { 1: "ann", 2: "ben" });
    await seeAccounts(5, { 1: "ben", 2: "ann" });
    expect(await logins()).toEqual({ 1: "ben", 2: "ann" });
  });

  test("belongs to the higher id when both were seen in one second, in either order", async () => {
    await seeAccounts(5, { 1: "ann" });
    await seeAccounts(5, { 2: "ann" });
    await seeAccounts(5, { 4: "ben" });
    await seeAccounts(5, { 3: "ben" });
    expect(await logins()).toEqual({ 1: null, 2: "ann", 3: null, 4: "ben" });
  });

  test("and on to a third is nobody else's, in any order of arrival", async () => {
    const sights = [
      { second: 2, logins: { 1: "ann" } },
      { second: 5, logins: { 2: "ann" } },
      { second: 7, logins: { 2: "anna" } },
    ];
    for (const order of [sights, sights.toReversed()]) {
      await db.clear();
      for (const sight of order) await seeAccounts(sight.second, sight.logins);
      expect(await logins()).toEqual({ 1: null, 2: "anna" });
    }
  });
});

async function seeRepository(
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
  test("takes its newest owner and name, whatever comes last", async () => {
    await seeRepository(2, 1, "acme/web");
    await seeRepository(9, 1, "umbrella/site");
    await seeRepository(5, 1, "acme/site");
    expect(await names()).toEqual({ 1: "umbrella/site" });
  });

  test("keeps its name when a capture was asked for with an old one", async () => {
    await seeRepository(2, 1, "acme/site");
    await seeRepository(null, 1, "acme/web");
    expect(await names()).toEqual({ 1: "acme/site" });
  });

  test("not seen before bears the name that the capture was asked with, until it is seen", async () => {
    await seeRepository(null, 1, "acme/web");
    expect(await names()).toEqual({ 1: "acme/web" });
    await seeRepository(2, 1, "acme/site");
    expect(await names()).toEqual({ 1: "acme/site" });
  });

  test("asked for under a name that is another's by now does not take it", async () => {
    await seeRepository(2, 1, "acme/web");
    await seeRepository(null, 2, "acme/web");
    expect(await names()).toEqual({ 1: "acme/web", 2: null });
  });

  test("hands its name over to the one seen with it later, in either order and any case", async () => {
    await seeRepository(2, 1, "acme/web");
    await seeRepository(5, 2, "Acme/Web");
    await seeRepository(5, 4, "acme/api");
    await seeRepository(2, 3, "acme/api");
    expect(await names()).toEqual({ 1: null, 2: "Acme/Web", 3: null, 4: "acme/api" });
  });

  test("of the same name under another owner is no conflict", async () => {
    await seeRepository(2, 1, "acme/web");
    await seeRepository(5, 2, "umbrella/web");
    expect(await names()).toEqual({ 1: "acme/web", 2: "umbrella/web" });
  });

  test("keeps the installation it was last seen through, when it is then read without one", async () => {
    await seeRepository(2, 1, "acme/web", 51);
    await seeRepository(5, 1, "acme/web", null);
    expect(await db.rows("github.repositories")).toMatchObject([{ installation_id: 51 }]);
    expect(await db.rows("github.installations")).toMatchObject([{ id: 51, account_id: null }]);
  });

  test("installed anew belongs to the new installation, though a late delivery names the old", async () => {
    await seeRepository(2, 1, "acme/web", 51);
    await seeRepository(9, 1, "acme/web", 52);
    await seeRepository(5, 1, "acme/web", 51);
    expect(await db.rows("github.repositories")).toMatchObject([{ installation_id: 52 }]);
  });

  test("first read without an installation belongs to the one it is then seen through, in either order", async () => {
    await seeRepository(5, 1, "acme/web", null);
    await seeRepository(2, 1, "acme/web", 51);
    await seeRepository(2, 2, "acme/api", 51);
    await seeRepository(5, 2, "acme/api", null);
    expect(await db.rows("github.repositories")).toMatchObject([
      { installation_id: 51 },
      { installation_id: 51 },
    ]);
  });
});

test("busy rows are not written again for a sight that tells nothing new", async () => {
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
