import { afterAll, beforeAll, beforeEach, describe, expect, inject, test, vi } from "vitest";
import { mergeComments, mergeThreads } from "../../../src/lib/store/comments.ts";
import type { CaptureContext } from "../../../src/lib/store/context-types.ts";
import type { AccountRow } from "../../../src/lib/records/account.ts";
import { mergePullRequestDetails } from "../../../src/lib/store/pull-requests.ts";
import { replayJobs } from "../../../src/lib/store/failures.ts";
import { beginJob, cancelJob, failJob } from "../../../src/lib/store/jobs.ts";
import { CapturesStoppedError } from "../../../src/lib/store/store.ts";
import { openStore, type TestStore } from "./open-store.ts";
import { finishSync, recordInventory } from "../../../src/lib/store/sync.ts";
import { at, inFetch, inPayload, issueComment, number, pullRequest, repositoryId } from "./observations.ts";
import { patience } from "../../support/patience.ts";

/** PGlite has one connection: there everything follows one another anyway, and nothing is shown. */
describe.runIf(inject("postgresServer"))("concurrent merges on a Postgres server", () => {
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

  /** Each call of `seenElsewhere` uses another repository. Merges of one repository would wait for each other at its row. */
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

  test("merges that name the same accounts in different orders do not deadlock", async () => {
    const merges = rounds.map((round) => {
      const named = accounts(round, (id) => `login-${id}`);
      const context = seenElsewhere(round * 2 * hour, named);
      return mergePullRequestDetails(db.store, context, pullRequest(5, { number: round }));
    });
    await all(merges);
    expect(await db.rows("github.accounts")).toHaveLength(30);
    expect(await db.rows("github.pull_requests")).toHaveLength(rounds.length);
  });

  test("merges that move logins between accounts do not deadlock, and each account gets its newest login", async () => {
    const merges = rounds.map((round) => {
      const named = accounts(round, (id) => `login-${((id + round) % 30) + 1}`).slice(0, 3 + (round % 5));
      const context = seenElsewhere(round * 2 * hour, named);
      const row = pullRequest(6, { number: round, author_id: named[0]?.id ?? null });
      return mergePullRequestDetails(db.store, context, row);
    });
    await all(merges);
    const expected = new Map(
      rounds.flatMap((round) =>
        accounts(round, (id) => `login-${((id + round) % 30) + 1}`)
          .slice(0, 3 + (round % 5))
          .map(({ id, login }) => [id, login]),
      ),
    );
    const rows = await db.rows("github.accounts");
    expect(new Map(rows.map((row) => [row["id"], row["login"]]))).toEqual(expected);
  });

  test("jobs that are cancelled, replayed and captured at once do not deadlock, and end in one state", async () => {
    const steps = rounds.map((round) =>
      inPayload(5, { job: { event_id: `event ${round}`, data: { number: round % 5, reason: "manual" } } }),
    );
    for (const context of steps) await beginJob(db.store, context);
    const ids = (await db.rows("capture.jobs")).map(({ id }) => Number(id));
    const error = { name: "Error", message: "Refused", stack: null };
    const [cancelled, failed] = [ids.slice(0, 20), ids.slice(20, 40)];
    await Promise.all(
      steps.slice(20, 40).map((context) => failJob(db.store, context, { error, event: { number: 1 } })),
    );
    const replay = (some: number[]) =>
      replayJobs(
        db.store,
        some.map((id) => ({ id, event_id: `replay:${id}` })),
      );
    const merges = steps.slice(0, 20).map((context, index) =>
      mergePullRequestDetails(db.store, context, pullRequest(5, { number: index % 5 })).catch(
        (refused: unknown) => {
          if (!(refused instanceof CapturesStoppedError)) throw refused;
        },
      ),
    );
    const [, , ...replays] = await Promise.all([
      all(merges),
      all(cancelled.map((id) => cancelJob(db.store, id))),
      replay(failed),
      replay(failed.toReversed()),
    ]);
    expect(replays.flat()).toHaveLength(20);
    const states = (await db.rows("capture.jobs")).map(({ state }) => state);
    expect(states.filter((state) => state === "pending")).toHaveLength(20);
    expect(states.filter((state) => state === "failed")).toEqual([]);
  });

  /** Resolves when that many connections wait for another's lock. */
  async function untilWaiting(connections: number): Promise<void> {
    await vi.waitFor(async () => {
      const waiting = await db.database.query(
        "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
      );
      expect(waiting).toHaveLength(connections);
    }, patience);
  }

  const seeing = (hours: number, logins: Record<number, string>) =>
    seenElsewhere(
      hours * hour,
      Object.entries(logins).map(([id, login]) => ({ id: Number(id), login, type: "User" })),
    );

  test("merges that give one login to two accounts keep it on both", async () => {
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
      { id: 1, login: "ann" },
      { id: 2, login: "ann" },
    ]);
  });

  test("merges that exchange the login of two accounts do not deadlock", async () => {
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

  const inventoried = (listed: number) => ({
    number: listed,
    node_id: `PR_${listed}`,
    created_at: at(1),
    updated_at: at(1),
    reviews: 3,
    issue_comments: 3,
    review_comments: 3,
  });

  test.each([
    ["an inventory", () => recordInventory(db.store, inFetch(hour), [inventoried(number)])],
    [
      "the end of a sync",
      () =>
        finishSync(db.store, inFetch(hour), {
          began_at: at(hour),
          since: null,
          has_all_review_comments: true,
          is_inventoried: true,
          synced: true,
          pull_requests: 1,
          counted_at: at(hour),
        }),
    ],
  ])("%s and a capture of one of its pull requests do not deadlock", async (_, store) => {
    await mergePullRequestDetails(db.store, inFetch(5), pullRequest(5, { review_comments: 2 }));
    await db.database.exec("update capture.coverage set review_comments_inventoried = 2");
    let other: Promise<unknown> | undefined;
    await db.database.transaction(async (tx) => {
      await tx.query("select from github.pull_requests for update");
      other = store();
      await Promise.race([other, untilWaiting(1)]);
      await tx.query("update capture.coverage set read_at = now()");
    });
    await other;
    expect(await db.rows("capture.coverage where read_at is not null")).toHaveLength(1);
  });

  test("an inventory and captures of a pull request that appears meanwhile do not deadlock", async () => {
    const next = number + 1;
    await recordInventory(db.store, inFetch(5), [inventoried(number), inventoried(next)]);
    const saveAgain = `insert into github.pull_requests (repository_id, number) values (${repositoryId}, ${number})
      on conflict (repository_id, number) do update set changed_files = 1`;
    const others: Promise<unknown>[] = [];
    await db.database.transaction(async (later) => {
      await later.query("select from capture.coverage where number = $1 for update", [next]);
      await db.database.transaction(async (first) => {
        await first.query("select from capture.coverage where number = $1 for update", [number]);
        others.push(recordInventory(db.store, inFetch(hour), [inventoried(number), inventoried(next)]));
        await untilWaiting(1); // the inventory has locked the pull requests that exist: none
        await first.query("insert into github.pull_requests (repository_id, number) values ($1, $2)", [
          repositoryId,
          number,
        ]);
        others.push(db.database.query(saveAgain));
        await untilWaiting(2);
      });
      // The second writer has locked the pull request and the inventory its row of coverage, unless the second writer came first.
      await Promise.race([others[1], untilWaiting(2)]);
    });
    await all(others);
    expect(await db.rows("github.pull_requests")).toMatchObject([{ number, changed_files: 1, reviews: 3 }]);
  });

  test("merges of one pull request keep all their rows", async () => {
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
