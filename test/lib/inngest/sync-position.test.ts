import fc from "fast-check";
import { expect, test } from "vitest";
import type { SyncPosition } from "../../../src/lib/inngest/events/sync-position-schema.ts";
import {
  afterAbsentReviewComments,
  afterBatch,
  afterFailedInventory,
  afterInventory,
  afterLeaving,
  afterListing,
  afterReviewComments,
  afterTails,
  firstPosition,
  nextStep,
  type SyncStep,
} from "../../../src/lib/inngest/sync/sync-position.ts";

/** Where a sync goes, against a GitHub of numbers that fails whatever contains a bad pull request, or is too much at once. */

interface Simulated {
  /** How many pull requests there are. */
  count: number;
  /** Numbers that no query can return. */
  poisoned: number[];
  /** Numbers that a query returns as null while it returns the others. */
  withheld: number[];
  /** Queries fail for more pull requests than this. */
  largestBatch: number;
  largestInventory: number;
  /** Queries fail for more lists than this. */
  maxTails: number;
  /** Numbers with a list that goes on. */
  long: number[];
}

const date = "2026-11-25T00:00:00.000Z";
const numbers = fc.uniqueArray(fc.integer({ min: 1, max: 300 }), { maxLength: 8 });
const simulated: fc.Arbitrary<Simulated> = fc.record({
  count: fc.integer({ min: 0, max: 300 }),
  poisoned: numbers,
  withheld: numbers,
  largestBatch: fc.integer({ min: 1, max: 100 }),
  largestInventory: fc.integer({ min: 1, max: 100 }),
  maxTails: fc.integer({ min: 1, max: 20 }),
  long: fc.uniqueArray(fc.integer({ min: 1, max: 300 }), { maxLength: 60 }),
});

/** Goes through a whole sync. `read` and `left` say what came of each number, in order. */
function run(github: Simulated) {
  const { count, poisoned, withheld } = github;
  const read: number[] = [];
  const left: number[] = [];
  const tailsRead: number[] = [];
  const listed = new Set<number>();
  let steps = 0;
  let position: SyncPosition = firstPosition("job", {}, { inventoried_at: null, began_at: date });

  function take(step: SyncStep): SyncPosition | null {
    switch (step.do) {
      case "list-review-comments":
        return afterReviewComments(position, { date, last: null, next: null, isComplete: true, left: [] });
      case "take-inventory":
        return takeInventory();
      case "read-pull-requests":
        return readBatch(step);
      case "read-tails": {
        if (step.tails.length > github.maxTails) return afterTails(position, step.tails, null);
        tailsRead.push(...step.tails.map(({ number }) => number));
        return afterTails(position, step.tails, { tails: [], listings: [], left: [] });
      }
      case "read-listing":
        return afterListing(position, { tails: [], listings: [], left: [] });
      case "find-absent-review-comments":
        return afterAbsentReviewComments(position, []);
      case "leave":
        left.push(...step.left.map(({ number }) => number));
        return afterLeaving(position);
      case "finish":
        return null;
    }
  }

  function takeInventory(): SyncPosition {
    const { by, pageSize, cursor, list } = position.inventory;
    const from = by === "graphql" ? Number(cursor ?? 0) : list.offset;
    const size = by === "graphql" ? pageSize : list.pageSize;
    const page = Array.from(
      { length: Math.max(Math.min(size, count - from), 0) },
      (_, index) => from + index + 1,
    );
    const isLast = from + page.length >= count;
    if (by === "graphql" && (size > github.largestInventory || page.some((each) => poisoned.includes(each))))
      return afterFailedInventory(position);
    const given = by === "rest" ? page : page.filter((each) => !withheld.includes(each));
    for (const each of given) listed.add(each);
    return afterInventory(position, {
      date,
      total: by === "graphql" ? count : null,
      listed: given.length,
      unreadable: page.length - given.length,
      isLast,
      cursor: by === "graphql" && !isLast ? String(from + page.length) : null,
      list: by === "rest" && !isLast ? { offset: from + page.length, pageSize: size, last: null } : null,
    });
  }

  function readBatch({
    numbers: wanted,
    max,
  }: Extract<SyncStep, { do: "read-pull-requests" }>): SyncPosition {
    const unread = [...listed].filter((each) => !read.includes(each) && !left.includes(each));
    const asked = (wanted ? unread.filter((each) => wanted.includes(each)) : unread).slice(
      0,
      wanted?.length ?? max,
    );
    const none = { tails: [], listings: [], left: [] };
    const isRefused = asked.length > github.largestBatch || asked.some((each) => poisoned.includes(each));
    const failed = isRefused ? asked : asked.filter((each) => withheld.includes(each));
    if (failed.length === 1 && asked.length === 1)
      return afterBatch(position, {
        ...none,
        asked,
        failed: [],
        left: failed.map((number) => ({ number, parts: ["details"] })),
      });
    const given = asked.filter((each) => !failed.includes(each));
    read.push(...given);
    const tails = given.filter((each) => github.long.includes(each)).map(toTail);
    return afterBatch(position, { ...none, asked, failed, tails });
  }

  for (;;) {
    const next = take(nextStep(position));
    if (!next) return { read, left, tailsRead, steps, position };
    position = next;
    if (++steps > 10_000) throw new Error("The sync does not end.");
  }
}

function toTail(number: number) {
  const head = { head_sha: "sha", base_ref: "main", changed_files: 0 };
  return { id: `PR_${number}`, number, head, list: "reviews" as const, after: null, beganAt: date, files: 0 };
}

const ascending = (all: number[]) => all.toSorted((a, b) => a - b);

test("a sync reads every readable pull request once, and leaves exactly the others", () => {
  fc.assert(
    fc.property(simulated, (github) => {
      const { read, left } = run(github);
      const all = Array.from({ length: github.count }, (_, index) => index + 1);
      const isBad = (each: number) => github.poisoned.includes(each) || github.withheld.includes(each);
      expect(ascending(read)).toEqual(all.filter((each) => !isBad(each)));
      expect(ascending(left)).toEqual(all.filter(isBad));
    }),
    { numRuns: 300 },
  );
});

test("a list with more pages is read once, whatever the size of GitHub's pages", () => {
  fc.assert(
    fc.property(simulated, (github) => {
      const { read, tailsRead } = run(github);
      expect(ascending(tailsRead)).toEqual(ascending(read.filter((each) => github.long.includes(each))));
    }),
    { numRuns: 300 },
  );
});

test("a bad pull request costs a number of steps that grows with the logarithm of the batch", () => {
  fc.assert(
    fc.property(simulated, (github) => {
      const generous = { ...github, largestBatch: 100, largestInventory: 100, long: [] };
      const bad = new Set([...github.poisoned, ...github.withheld]).size;
      const { steps } = run(generous);
      expect(steps).toBeLessThanOrEqual(40 + 20 * bad);
    }),
    { numRuns: 300 },
  );
});

test("a sync ends although GitHub gives one pull request at a time", () => {
  const github = {
    poisoned: [7],
    withheld: [],
    long: [],
    largestBatch: 1,
    largestInventory: 1,
    maxTails: 1,
  };
  const { read, left } = run({ ...github, count: 100 });
  expect([read.length, left]).toEqual([99, [7]]);
});

const inventoried = { inventoried_at: date, began_at: date };

test("a sync of gaps reads what the last inventory shows", () => {
  const { stages, beganAt } = firstPosition("job", { scope: "gaps" }, inventoried);
  expect([stages, beganAt]).toEqual([["read"], date]);
});

test.each([
  ["where one is asked for", { scope: "gaps", inventory: true }, inventoried],
  ["where there is none", { scope: "gaps" }, { ...inventoried, inventoried_at: null }],
] as const)("a sync of gaps takes an inventory first %s", (_, asked, begun) => {
  const { stages, beganAt } = firstPosition("job", asked, begun);
  // GitHub's first answer says when it began.
  expect([stages, beganAt]).toEqual([["complete-inventory", "read"], ""]);
});

test("review comments that a complete list lacks are left to captures of their own before the sync ends", () => {
  const position = firstPosition("job", {}, inventoried);
  const last = { ...position, stages: position.stages.slice(-1) };
  expect(nextStep(last)).toEqual({ do: "find-absent-review-comments" });
  const found = afterAbsentReviewComments(last, [3]);
  expect(nextStep(found)).toEqual({ do: "leave", left: [{ number: 3, parts: ["review_comments"] }] });
  expect(nextStep(afterLeaving(found))).toEqual({ do: "finish" });
});

test("a position is unchanged after serialization as JSON", () => {
  fc.assert(
    fc.property(simulated, (github) => {
      const { position } = run(github);
      expect(JSON.parse(JSON.stringify(position))).toEqual(position);
    }),
    { numRuns: 20 },
  );
});
