import { afterAll, beforeAll, beforeEach, describe, expect, inject, test, vi } from "vitest";
import { mergeComments, mergeThreads } from "../../../src/lib/store/comments.ts";
import type { CaptureContext } from "../../../src/lib/store/functions.ts";
import type { AccountRow } from "../../../src/lib/records/rows.ts";
import { mergePullRequest } from "../../../src/lib/store/pull-requests.ts";
import { openStore, type TestStore } from "./open-store.ts";
import { at, inPayload, issueComment, pullRequest } from "./observations.ts";

/** PGlite has one connection: there everything follows one another anyway, and nothing is shown. */
describe.runIf(inject("postgresServer"))("merges at the same time, on a Postgres server", () => {
  let db: TestStore;

  beforeAll(async () => {
    db = await openStore();
  });
  beforeEach(() => db.clear());
  afterAll(() => db.close());

  const hour = 3600;

  /** Accounts in another order every time, seen late enough after the last time to be written again. */
  function accounts(round: number, login: (id: number) => string) {
    const ids = Array.from({ length: 30 }, (_, index) => index + 1);
    const start = (round * 7) % ids.length;
    const turned = [...ids.slice(start), ...ids.slice(0, start)];
    return (round % 2 ? turned.toReversed() : turned).map((id) => ({ id, login: login(id), type: "User" }));
  }

  /** Of another repository every time: the row of one and the same would make the merges wait for one another. */
  let repositories = 0;
  function seenElsewhere(second: number, named: AccountRow[]): CaptureContext {
    repositories += 1;
    const repository = {
      id: repositories,
      owner: "acme",
      name: `repository-${repositories}`,
      seen_at: at(second),
    };
    return inPayload(second, { repository, accounts: named });
  }

  /** Waits for all, also when one fails: the next test begins with nothing under way. */
  async function all<Outcome>(merges: Promise<Outcome>[]): Promise<Outcome[]> {
    await Promise.allSettled(merges);
    return Promise.all(merges);
  }

  const rounds = Array.from({ length: 60 }, (_, index) => index + 1);

  test("that name the same accounts in different orders do not deadlock", async () => {
    const merges = rounds.map((round) => {
      const named = accounts(round, (id) => `login-${id}`);
      const context = seenElsewhere(round * 2 * hour, named);
      return mergePullRequest(db.store, context, pullRequest(5, { number: round }));
    });
    await all(merges);
    expect(await db.rows("github.accounts")).toHaveLength(30);
    expect(await db.rows("github.pull_requests")).toHaveLength(rounds.length);
  });

  test("in which logins pass between accounts do not deadlock, and no login has two holders", async () => {
    const merges = rounds.map((round) => {
      const named = accounts(round, (id) => `login-${((id + round) % 30) + 1}`).slice(0, 3 + (round % 5));
      const context = seenElsewhere(round * 2 * hour, named);
      return mergePullRequest(db.store, context, pullRequest(6, { number: round }));
    });
    await all(merges);
    const logins = (await db.rows("github.accounts"))
      .map((row) => row["login"])
      .filter((login) => login !== null);
    expect(new Set(logins).size).toBe(logins.length);
  });

  /** Resolves when that many connections wait for another's lock. */
  async function untilWaiting(connections: number): Promise<void> {
    await vi.waitFor(
      async () => {
        const waiting = await db.database.query(
          "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
        );
        expect(waiting).toHaveLength(connections);
      },
      { timeout: 10_000, interval: 10 },
    );
  }

  const seeing = (hours: number, logins: Record<number, string>) =>
    seenElsewhere(
      hours * hour,
      Object.entries(logins).map(([id, login]) => ({ id: Number(id), login, type: "User" })),
    );

  test("that give one login to two accounts leave it to one", async () => {
    await mergeThreads(db.store, seeing(1, {}), []); // the installation, which both would wait for
    let second: Promise<unknown> | undefined;
    await db.database.transaction(async (tx) => {
      const first = seeing(2, { 1: "ann" });
      await tx.query("select public.capture_merge_threads($1, '[]')", [JSON.stringify(first)]);
      second = mergeThreads(db.store, seeing(4, { 2: "ann" }), []);
      await Promise.race([second, untilWaiting(1)]);
    });
    await second;
    expect(await db.rows("github.accounts")).toMatchObject([
      { id: 1, login: null },
      { id: 2, login: "ann" },
    ]);
  });

  test("one of which takes the login of an account that the other is about to write do not deadlock", async () => {
    await mergeThreads(db.store, seeing(2, { 3: "ann", 5: "ben" }), []);
    const merges: Promise<unknown>[] = [];
    await db.database.transaction(async (tx) => {
      await tx.query("select from github.accounts where id = 3 for update");
      merges.push(mergeThreads(db.store, seeing(4, { 3: "anna", 5: "bea" }), []));
      await untilWaiting(1);
      merges.push(mergeThreads(db.store, seeing(6, { 5: "ann" }), []));
      await untilWaiting(2);
    });
    await all(merges);
    expect(await db.rows("github.accounts")).toMatchObject([{ login: "anna" }, { login: "ann" }]);
  });

  test("of one pull request all keep their rows", async () => {
    const merges = rounds.map((round) =>
      mergeComments(db.store, inPayload(round), {
        number: 7,
        pull_request: null,
        comments: [issueComment(round, 5), issueComment(round + 1, 5)],
        finished: true,
      }),
    );
    const outcomes = await all(merges);
    expect(outcomes.filter((outcome) => outcome.details_needed)).toHaveLength(1);
    expect(await db.rows("github.comments")).toHaveLength(rounds.length + 1);
  });
});
