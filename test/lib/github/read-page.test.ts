import { RequestError } from "@octokit/request-error";
import fc from "fast-check";
import nock from "nock";
import { beforeEach, expect, test } from "vitest";
import { z } from "zod";
import type { GitHubClient } from "../../../src/lib/github/github-client.ts";
import { UnreadableAnswerError } from "../../../src/lib/github/errors.ts";
import { reviewCommentsListing } from "../../../src/lib/github/list-comments.ts";
import {
  hasShifted,
  listStart,
  readPage,
  type Listing,
  type ListPosition,
} from "../../../src/lib/github/read-page.ts";
import { exampleOf } from "../../support/webhook-examples.ts";
import { api, createTestGitHub, interceptGitHub, ref } from "./intercept.ts";

interceptGitHub();

let client: GitHubClient;

beforeEach(async () => {
  client = await createTestGitHub().forInstallation(null);
});

const things: Listing<{ id: number }> = {
  noun: "thing",
  route: "GET /things",
  item: z.object({ id: z.int() }),
};

/**
 * Answers for GitHub with `total` items, which have the ids 1, 2, … A page that has one of the `bad` offsets, or more than `maxItems`,
 * answers 502. It is a hook of Octokit's, since nock takes minutes for thousands of requests.
 */
function serve({
  total,
  bad = [],
  maxItems = 100,
  isDown = () => false,
  toLink = (isLast) => `<${api}/things?page=2>; rel="${isLast ? "prev" : "next"}"`,
}: {
  total: number;
  bad?: readonly number[];
  maxItems?: number;
  isDown?: () => boolean;
  toLink?: (isLast: boolean) => string | undefined;
}): void {
  client.hook.wrap("request", (_, options) => {
    const size = Number(options["per_page"]);
    const first = (Number(options["page"]) - 1) * size;
    const all = Array.from({ length: size }, (__, index) => first + index);
    const offsets = all.filter((offset) => offset < total);
    const url = `${api}/things`;
    if (isDown() || size > maxItems || offsets.some((offset) => bad.includes(offset)))
      throw new RequestError("Server Error", 502, { request: { method: "GET", url, headers: {} } });
    const link = toLink(first + size >= total);
    const data: unknown = offsets.map((offset) => ({ id: offset + 1 }));
    return { status: 200, url, headers: { link }, data } as never;
  });
}

/** Reads a list to its end as steps do, with retries. */
async function readAll(): Promise<{ ids: number[]; unreadable: number[]; requests: number }> {
  const read = { ids: [] as number[], unreadable: [] as number[], requests: 0 };
  for (let position: ListPosition | null = listStart; position;) {
    const from: ListPosition = JSON.parse(JSON.stringify(position));
    for (let attempt = 0; ; attempt++) {
      const page = await readPage(client, things, from, attempt).catch((error: unknown) => {
        if (attempt === 12) throw error;
        return null;
      });
      if (!page) continue;
      read.ids.push(...page.data.map(({ id }) => id));
      read.unreadable.push(...page.unreadable.map(({ offset }) => offset));
      read.requests += page.requests;
      position = page.next;
      break;
    }
  }
  return read;
}

test("all items but those that make their pages fail are read exactly once, in order", async () => {
  const listing = fc.record({
    total: fc.integer({ min: 0, max: 230 }),
    bad: fc.uniqueArray(fc.nat({ max: 229 }), { maxLength: 4 }),
    maxItems: fc.constantFrom(100, 50, 25, 5, 1),
  });
  await fc.assert(
    fc.asyncProperty(listing, async (github) => {
      client = await createTestGitHub().forInstallation(null);
      serve(github);
      const bad = github.bad.filter((offset) => offset < github.total);
      const { ids, unreadable } = await readAll();
      const all = Array.from({ length: github.total }, (_, offset) => offset);
      expect(unreadable.toSorted((a, b) => a - b)).toEqual(bad.toSorted((a, b) => a - b));
      expect(ids).toEqual(all.filter((offset) => !bad.includes(offset)).map((offset) => offset + 1));
    }),
    { numRuns: 25 },
  );
});

test("a list that serves pages of 50 but not of 100 costs one failed request", async () => {
  serve({ total: 400, maxItems: 50 });
  expect(await readAll()).toMatchObject({ requests: 9 });
});

test.each([
  ["without a link header", () => undefined],
  [
    "with a link to the last page only",
    (isLast: boolean) => (isLast ? '<x>; rel="first"' : '<x>; rel="last"'),
  ],
  [
    "with relative links",
    (isLast: boolean) => (isLast ? '</t?page=1>; rel="prev"' : '</t?page=2>; rel="next"'),
  ],
  ["whose every page, even an empty one, links to a next one", () => '<x>; rel="next"'],
])("a list %s is read to its end", async (_, toLink) => {
  serve({ total: 230, toLink });
  const { ids, requests } = await readAll();
  expect(ids).toHaveLength(230);
  expect(requests).toBeLessThanOrEqual(4);
});

test("a list that always fails throws, and skips no item", async () => {
  serve({ total: 10, isDown: () => true });
  for (let attempt = 0; attempt <= 12; attempt++)
    await expect(readPage(client, things, listStart, attempt)).rejects.toMatchObject({ status: 502 });
});

test("one call makes no more than four requests", async () => {
  let requests = 0;
  serve({ total: 100, isDown: () => ++requests > 0 });
  for (let attempt = 0; attempt < 6; attempt++) {
    requests = 0;
    await readPage(client, things, listStart, attempt).catch(() => {});
    expect(requests).toBeLessThanOrEqual(4);
  }
});

test.each([403, 404, 422, 429])("a refusal with %i does not shrink the page", async (status) => {
  nock(api).get("/things?per_page=100&page=1").reply(status, { message: "No" });
  await expect(readPage(client, things, listStart, 0)).rejects.toMatchObject({ status });
});

test("an item that cannot be parsed is reported with its field, and the others are read", async () => {
  const { comment } = exampleOf("pull_request_review_comment", "created");
  const comments = [
    { ...comment, id: 122 },
    { ...comment, id: 123, path: 7 },
    { ...comment, id: "x" },
  ];
  nock(api)
    .get(/pulls\/2\/comments/)
    .reply(200, comments);
  const page = await readPage(client, reviewCommentsListing(ref), listStart, 0);
  expect(page.data.map(({ id }) => id)).toEqual([122]);
  expect(page.unreadable).toEqual([
    {
      offset: 1,
      id: 123,
      message: "GitHub's review comment 123 cannot be read: path: expected string, received number.",
    },
    {
      offset: 2,
      id: null,
      message: "GitHub's review comment at position 3 cannot be read: id: expected number, received string.",
    },
  ]);
});

test("an answer that is not a list throws", async () => {
  nock(api).get("/things?per_page=100&page=1").reply(200, { message: "OK" });
  await expect(readPage(client, things, listStart, 0)).rejects.toThrow(UnreadableAnswerError);
});

test("a list has shifted when its last item is missing or another", async () => {
  serve({ total: 100 });
  expect(await hasShifted(client, things, { offset: 99, id: 100 })).toBe(false);
  expect(await hasShifted(client, things, { offset: 98, id: 100 })).toBe(true);
  expect(await hasShifted(client, things, { offset: 100, id: 101 })).toBe(true);
});
