import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { mergeComments, mergeThreads } from "../../../src/lib/store/comments.ts";
import { mergePullRequestDetails } from "../../../src/lib/store/pull-requests.ts";
import { mergeReviews } from "../../../src/lib/store/reviews.ts";
import { openStore, type TestStore } from "./open-store.ts";
import {
  at,
  inFetch,
  inPayload,
  issueComment,
  number,
  partialPullRequest,
  pullRequest,
  review,
  reviewComment,
} from "./observations.ts";

/**
 * Observations in the order in which GitHub made them, and the same in any other order, some of them doubled: the rows are the same.
 * Where seconds are shared, an answer of GitHub's from after them is among the observations, at any place.
 */

let db: TestStore;

beforeAll(async () => {
  db = await openStore();
});
afterAll(() => db.close());

const settings = { numRuns: 20 };
const timeout = 120_000;

interface Arrivals<Observation> {
  made: Observation[];
  arrived: Observation[];
}

/** Observations, and the order in which they arrive. */
function inAnyOrder<Observation>(made: fc.Arbitrary<Observation[]>): fc.Arbitrary<Arrivals<Observation>> {
  return made.chain((observations) =>
    fc
      .subarray(observations)
      .chain((doubled) => {
        const all = [...observations, ...doubled];
        return fc.shuffledSubarray(all, { minLength: all.length });
      })
      .map((arrived) => ({ made: observations, arrived })),
  );
}

async function expectSameRows<Observation>(
  { made, arrived }: Arrivals<Observation>,
  tables: string[],
  merge: (observation: Observation) => Promise<unknown>,
): Promise<void> {
  const expected = await rowsAfter(made, tables, merge);
  expect(await rowsAfter(arrived, tables, merge)).toEqual(expected);
}

async function rowsAfter<Observation>(
  observations: Observation[],
  tables: string[],
  merge: (observation: Observation) => Promise<unknown>,
): Promise<Record<string, unknown>[][]> {
  await db.clear();
  for (const observation of observations) await merge(observation);
  const rows = [];
  for (const table of tables) rows.push(await db.rows(table));
  // Which observation came first is all that this column tells.
  return rows.map((table) => table.map((row) => ({ ...row, details_requested_by: "the first" })));
}

const second = fc.integer({ min: 1, max: 9 });
const resolvedAt = 20;

const bySecond = (a: { second: number }, b: { second: number }) => a.second - b.second;

describe("a pull request", () => {
  type Observation = { second: number; requested_reviewers: number[] } & (
    | { how: "partial" }
    | { how: "payload" | "fetch"; title: string; additions: number; comments: number }
  );

  const content = {
    title: fc.constantFrom("One", "Other"),
    additions: fc.integer({ min: 0, max: 2 }),
    comments: fc.integer({ min: 0, max: 2 }),
  };
  const requested_reviewers = fc.subarray([1, 2]);
  const payload = fc.record({
    how: fc.constant("payload" as const),
    second,
    requested_reviewers,
    ...content,
  });
  const partial = fc.record({ how: fc.constant("partial" as const), second, requested_reviewers });

  async function merge(observation: Observation): Promise<unknown> {
    if (observation.how === "partial") {
      const shown = { requested_reviewers: observation.requested_reviewers, requested_teams: [] };
      return mergeReviews(db.store, inPayload(observation.second), {
        number,
        pull_request: partialPullRequest(observation.second, shown),
        reviews: [],
        finished: true,
      });
    }
    const { how, second: clock, ...row } = observation;
    const context = how === "fetch" ? inFetch(resolvedAt) : inPayload(clock);
    return mergePullRequestDetails(db.store, context, pullRequest(clock, row));
  }

  const ofDistinctSeconds = fc
    .tuple(
      fc.uniqueArray(payload, { minLength: 1, maxLength: 5, selector: (each) => each.second }),
      fc.array(partial, { maxLength: 3 }),
    )
    .map(([payloads, partials]) =>
      [...payloads, ...partials]
        .map((each) => ({ ...each, requested_reviewers: [each.second] })) // of one second, the same
        .toSorted(bySecond),
    );

  test(
    "the row is the same in every order of observations from different seconds",
    () =>
      fc.assert(
        fc.asyncProperty(inAnyOrder<Observation>(ofDistinctSeconds), async (arrivals) => {
          await expectSameRows(arrivals, ["github.pull_requests"], merge);
          const newest = arrivals.made.findLast((each) => each.how === "payload");
          const last = arrivals.made.at(-1);
          expect(await db.rows("github.pull_requests")).toMatchObject([
            {
              title: newest?.how === "payload" && newest.title,
              additions: newest?.how === "payload" && newest.additions,
              requested_reviewers: last?.requested_reviewers,
              updated_at: last && at(last.second),
              details_clock: newest && at(newest.second),
            },
          ]);
        }),
        settings,
      ),
    timeout,
  );

  const ofSharedSeconds = fc
    .tuple(
      fc.array(payload, { minLength: 1, maxLength: 5 }),
      fc.array(partial, { maxLength: 3 }),
      fc.record({ requested_reviewers, ...content }),
    )
    .map(([payloads, partials, truth]) => {
      const observed = [...payloads, ...partials].toSorted(bySecond);
      return [...observed, { how: "fetch" as const, second: observed.at(-1)?.second ?? 0, ...truth }];
    });

  test(
    "the row is the same in every order of observations within seconds, after ambiguous ones are resolved",
    () =>
      fc.assert(
        fc.asyncProperty(inAnyOrder<Observation>(ofSharedSeconds), async (arrivals) => {
          await expectSameRows(arrivals, ["github.pull_requests"], merge);
          const truth = arrivals.made.at(-1);
          expect(await db.rows("github.pull_requests")).toMatchObject([
            truth?.how === "fetch" && {
              title: truth.title,
              additions: truth.additions,
              requested_reviewers: truth.requested_reviewers,
              comments: truth.comments,
              updated_at: at(truth.second),
            },
          ]);
        }),
        settings,
      ),
    timeout,
  );
});

describe("reviews", () => {
  interface Observation {
    how: "payload" | "fetch";
    id: number;
    second: number;
    state: string;
    body: string;
  }

  const id = fc.constantFrom(1, 2);
  const body = fc.constantFrom("One", "Other");
  const payload = fc.record({
    how: fc.constant("payload" as const),
    id,
    second,
    state: fc.constantFrom("APPROVED", "COMMENTED", "CHANGES_REQUESTED", "DISMISSED"),
    body,
  });

  const merge = ({ how, id: reviewId, second: clock, ...row }: Observation) =>
    mergeReviews(db.store, how === "fetch" ? inFetch(clock) : inPayload(clock), {
      number,
      pull_request: partialPullRequest(1),
      reviews: [review(reviewId, clock, row)],
      finished: true,
    });

  const ofDistinctSeconds = fc
    .uniqueArray(payload, { minLength: 1, maxLength: 6, selector: (each) => `${each.id} ${each.second}` })
    .map((payloads) => payloads.toSorted(bySecond));

  test(
    "the rows are the same in every order of observations from different seconds",
    () =>
      fc.assert(
        fc.asyncProperty(inAnyOrder<Observation>(ofDistinctSeconds), async (arrivals) => {
          await expectSameRows(arrivals, ["github.reviews", "github.pull_requests"], merge);
          const isDismissed = (each: Observation) => each.state === "DISMISSED";
          const latest = arrivals.made.toSorted((a, b) => Number(isDismissed(a)) - Number(isDismissed(b)));
          for (const row of await db.rows("github.reviews")) {
            const truth = latest.findLast((each) => each.id === row["id"]);
            expect(row).toMatchObject({ state: truth?.state, body: truth?.body });
          }
        }),
        settings,
      ),
    timeout,
  );

  const ofSharedSeconds = fc
    .tuple(
      fc.array(payload, { minLength: 1, maxLength: 6 }),
      fc.record({ state: payload.map((each) => each.state), body }),
    )
    .map(([payloads, { state, body: text }]) => {
      const answers = [...new Set(payloads.map((each) => each.id))].map((reviewId) => ({
        how: "fetch" as const,
        id: reviewId,
        second: resolvedAt,
        state: payloads.some((each) => each.id === reviewId && each.state === "DISMISSED")
          ? "DISMISSED"
          : state,
        body: text,
      }));
      return [...payloads.toSorted(bySecond), ...answers];
    });

  test(
    "the rows are the same in every order of observations within seconds, after ambiguous ones are resolved",
    () =>
      fc.assert(
        fc.asyncProperty(inAnyOrder<Observation>(ofSharedSeconds), async (arrivals) => {
          await expectSameRows(arrivals, ["github.reviews", "github.pull_requests"], merge);
          const truths = arrivals.made.filter((each) => each.how === "fetch").toSorted((a, b) => a.id - b.id);
          expect(await db.rows("github.reviews")).toMatchObject(
            truths.map(({ id: reviewId, state, body: text }) => ({ id: reviewId, state, body: text })),
          );
        }),
        settings,
      ),
    timeout,
  );
});

describe("comments", () => {
  type Payload = { how: "payload"; kind: "issue" | "review"; id: number; second: number; body: string } & {
    what: "written" | "deleted" | "resolved" | "unresolved";
  };
  type Observation =
    | Payload
    | {
        how: "fetch";
        bodies: { kind: "issue" | "review"; id: number; second: number }[];
        body: string;
        resolved: boolean;
      };

  const body = fc.constantFrom("One", "Other");
  const payload = fc.record({
    how: fc.constant("payload" as const),
    kind: fc.constantFrom("issue" as const, "review" as const),
    id: fc.constantFrom(1, 2),
    second,
    body,
    what: fc.constantFrom("written" as const, "deleted" as const, "resolved" as const, "unresolved" as const),
  });

  const toRow = (kind: "issue" | "review") => (kind === "issue" ? issueComment : reviewComment);

  function toComment({ kind, id, second: clock, body: text, what }: Payload) {
    const thread = { resolved: what === "resolved", resolved_clock: at(clock) };
    return toRow(kind)(id, clock, {
      body: text,
      ...(what === "deleted" && { deleted_at: at(clock) }),
      ...(kind === "review" && what.endsWith("resolved") && thread),
    });
  }

  async function merge(observation: Observation): Promise<unknown> {
    const told = { number, pull_request: partialPullRequest(1), finished: true };
    if (observation.how === "payload") {
      const comments = [toComment(observation)];
      return mergeComments(db.store, inPayload(observation.second), { ...told, comments });
    }
    const comments = observation.bodies.map(({ kind, id, second: clock }) =>
      toRow(kind)(id, clock, { body: observation.body }),
    );
    await mergeComments(db.store, inFetch(resolvedAt), { ...told, comments });
    const threads = comments.flatMap(({ kind, id }) =>
      kind === "review" ? [{ comment_id: id, resolved: observation.resolved }] : [],
    );
    return mergeThreads(db.store, inFetch(resolvedAt), threads);
  }

  const nameOf = ({ kind, id }: { kind: string; id: number }) => `${kind} ${id}`;

  /** A comment is deleted once at most. */
  const deletedOnce = (payloads: Payload[]) =>
    payloads.filter(
      (each, index) =>
        each.what !== "deleted" ||
        payloads.findIndex((other) => other.what === "deleted" && nameOf(other) === nameOf(each)) === index,
    );

  const ofDistinctSeconds = fc
    .uniqueArray(payload, {
      minLength: 1,
      maxLength: 7,
      selector: (each) => `${nameOf(each)} ${each.second}`,
    })
    .map((payloads) => deletedOnce(payloads).toSorted(bySecond));

  test(
    "the rows are the same in every order of observations from different seconds",
    () =>
      fc.assert(
        fc.asyncProperty(inAnyOrder<Observation>(ofDistinctSeconds), async (arrivals) => {
          await expectSameRows(arrivals, ["github.comments", "github.pull_requests"], merge);
          const made = arrivals.made.filter((each) => each.how === "payload");
          for (const row of await db.rows("github.comments")) {
            const seen = made.filter((each) => each.kind === row["kind"] && each.id === row["id"]);
            const deletion = seen.find((each) => each.what === "deleted");
            const thread = seen.findLast((each) => each.kind === "review" && each.what.endsWith("resolved"));
            expect(row).toMatchObject({
              body: (deletion ?? seen.at(-1))?.body,
              deleted_at: deletion ? at(deletion.second) : null,
              resolved: thread ? thread.what === "resolved" : null,
            });
          }
        }),
        settings,
      ),
    timeout,
  );

  const ofSharedSeconds = fc
    .tuple(fc.array(payload, { minLength: 1, maxLength: 7 }), body, fc.boolean())
    .map(([payloads, text, resolved]) => {
      const observed = deletedOnce(payloads).toSorted(bySecond);
      const newest = new Map(observed.map((each) => [nameOf(each), each]));
      const bodies = [...newest.values()].map(({ kind, id, second: clock }) => ({ kind, id, second: clock }));
      return [...observed, { how: "fetch" as const, bodies, body: text, resolved }];
    });

  test(
    "the rows are the same in every order of observations within seconds, after ambiguous ones are resolved",
    () =>
      fc.assert(
        fc.asyncProperty(inAnyOrder<Observation>(ofSharedSeconds), async (arrivals) => {
          await expectSameRows(arrivals, ["github.comments", "github.pull_requests"], merge);
          const truth = arrivals.made.at(-1);
          const alive = (await db.rows("github.comments")).filter((row) => row["deleted_at"] === null);
          for (const row of alive) expect(row["body"]).toBe(truth?.body);
          const deleted = arrivals.made.filter((each) => each.how === "payload" && each.what === "deleted");
          const all = await db.rows("github.comments");
          expect(all.length - alive.length).toBe(deleted.length);
        }),
        settings,
      ),
    timeout,
  );
});

/** Names pass between holders at moments more than an hour apart: nearer sights that tell nothing new are not noted. */
const twoHours = 7200;

interface NamesSeen {
  second: number;
  names: { id: number; name: string }[];
}

const namesSeen = fc
  .record({
    second: fc.integer({ min: 1, max: 9 }).map((hours) => hours * twoHours),
    ids: fc.shuffledSubarray([1, 2, 3], { minLength: 1 }),
    names: fc.shuffledSubarray(["ann", "ben", "cem", "Ann"], { minLength: 4 }),
  })
  .map(({ second: seenAt, ids, names }) => {
    const distinct = names.filter(
      (name) => name !== (names.indexOf("ann") < names.indexOf("Ann") ? "Ann" : "ann"),
    );
    return { second: seenAt, names: ids.map((id, index) => ({ id, name: distinct[index] ?? "" })) };
  });

/** Each holder's newest name; null where names are unique and another was seen with that name later. */
function holders(made: NamesSeen[], areUnique: boolean): Record<number, string | null> {
  const sights = made.flatMap(({ second: seenAt, names }) => names.map((each) => ({ ...each, seenAt })));
  const newest = new Map(sights.map((sight) => [sight.id, sight]));
  return Object.fromEntries(
    [...newest.values()].map(({ id, name, seenAt }) => {
      const taken = sights.some(
        (other) =>
          other.id !== id && other.seenAt > seenAt && other.name.toLowerCase() === name.toLowerCase(),
      );
      return [id, areUnique && taken ? null : name];
    }),
  );
}

const ofNames = (perSight: number) =>
  fc
    .uniqueArray(namesSeen, { minLength: 1, maxLength: 6, selector: (each) => each.second })
    .map((seen) =>
      seen.map((each) => ({ ...each, names: each.names.slice(0, perSight) })).toSorted(bySecond),
    );

test(
  "accounts and their logins are the same in every order of observations",
  () =>
    fc.assert(
      fc.asyncProperty(inAnyOrder(ofNames(3)), async (arrivals) => {
        await expectSameRows(arrivals, ["github.accounts"], ({ second: seenAt, names }) => {
          const accounts = names.map(({ id, name }) => ({ id, login: name, type: "User" }));
          return mergeThreads(db.store, inPayload(seenAt, { accounts }), []);
        });
        const rows = await db.rows("github.accounts");
        expect(Object.fromEntries(rows.map((row) => [row["id"], row["login"]]))).toEqual(
          holders(arrivals.made, false),
        );
      }),
      settings,
    ),
  timeout,
);

test(
  "repositories and their names are the same in every order of observations",
  () =>
    fc.assert(
      fc.asyncProperty(inAnyOrder(ofNames(1)), async (arrivals) => {
        await expectSameRows(arrivals, ["github.repositories"], async ({ second: seenAt, names }) => {
          const [named] = names;
          if (!named) return;
          const repository = { id: named.id, owner: "acme", name: named.name, seen_at: at(seenAt) };
          await mergeThreads(db.store, inPayload(seenAt, { repository }), []);
        });
        const rows = await db.rows("github.repositories");
        expect(Object.fromEntries(rows.map((row) => [row["id"], row["name"]]))).toEqual(
          holders(arrivals.made, true),
        );
      }),
      settings,
    ),
  timeout,
);
