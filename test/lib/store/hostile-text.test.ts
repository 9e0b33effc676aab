import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { PullRequestDetailsData } from "../../../src/lib/inngest/events.ts";
import { fileSchema, toFile } from "../../../src/lib/records/file.ts";
import { toAccounts } from "../../../src/lib/records/account.ts";
import { toPullRequest } from "../../../src/lib/records/pull-request.ts";
import { mergePullRequestDetails, replaceFiles } from "../../../src/lib/store/pull-requests.ts";
import { pullRequestWebhook } from "../../../src/webhooks/pull-request.ts";
import { exampleOf } from "../../support/webhook-examples.ts";
import { openStore, type TestStore } from "./open-store.ts";
import { inFetch, inPayload } from "./observations.ts";

/** Text as people and scripts write it, from the webhook's payload through its translation into the rows. */

let db: TestStore;

beforeAll(async () => {
  db = await openStore();
});
beforeEach(() => db.clear());
afterAll(() => db.close());

async function capture(changes: Record<string, unknown>): Promise<Record<string, unknown>> {
  const payload = exampleOf("pull_request", "opened");
  const pull_request = { ...payload["pull_request"], ...changes };
  const delivery = { id: "guid", payload: { ...payload, pull_request }, receivedAt: new Date() };
  const [event] = pullRequestWebhook.translate(delivery);
  const { observed } = (event?.data ?? {}) as Partial<PullRequestDetailsData>;
  if (!observed) throw new Error("The event carries no pull request.");
  const accounts = toAccounts([observed.pull_request.user]);
  await mergePullRequestDetails(db.store, inPayload(5, { accounts }), toPullRequest(observed.pull_request));
  return (await db.rows("github.pull_requests"))[0] ?? {};
}

test("a NUL or a lone surrogate loses one character and not the row", async () => {
  expect(await capture({ title: "a\0b\ud800c\udfffd", body: "\0" })).toMatchObject({
    title: "a\ufffdb\ufffdc\ufffdd",
    body: "\ufffd",
  });
});

test("a title of 64 kB is stored completely", async () => {
  const title = "🙈".repeat(16_384);
  expect(await capture({ title })).toMatchObject({ title });
});

test("text that looks like SQL, JSON or an array is stored as text", async () => {
  const odd = [
    "'; drop table github.pull_requests; --",
    '{"a": "\\u0000"}',
    "{a,b}",
    '"quoted"',
    "back\\slash",
    "NULL",
    "",
    " ",
    "line\nbreak\ttab\r",
    "$1",
    "%I",
    "e\u0301 \u202e \u200b \ufeff",
    "👩‍👩‍👧‍👦",
  ];
  const row = await capture({
    title: odd.join(" "),
    labels: odd.map((name) => ({ name })),
    requested_teams: odd.map((slug) => ({ slug })),
  });
  expect(row).toMatchObject({
    title: odd.join(" "),
    labels: odd.toSorted(),
    requested_teams: odd.toSorted(),
  });
});

test("any file name is stored unchanged, or without its unstorable characters", async () => {
  await capture({ head: { ref: "feature", sha: "aaaa", repo: null } });
  const base_ref = exampleOf("pull_request", "opened")["pull_request"].base.ref;
  const names = fc.uniqueArray(fc.string({ unit: "binary", minLength: 1 }), { maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(names, async (filenames) => {
      const files = filenames.map((filename) =>
        toFile(
          fileSchema.parse({
            filename,
            status: "added",
            additions: 1,
            deletions: 0,
            changes: 1,
            contents_url: "https://api.github.com/",
          }),
        ),
      );
      const number = exampleOf("pull_request", "opened")["pull_request"].number;
      const context = inFetch(8);
      expect(
        await replaceFiles(db.store, context, number, {
          head_sha: "aaaa",
          base_ref,
          files,
          truncated: false,
        }),
      ).toBe(true);
      const stored = (await db.rows("github.pull_request_files")).map((row) => row["filename"]);
      const made = filenames.map((name) => name.replaceAll("\0", "\ufffd").toWellFormed());
      expect(new Set(stored)).toEqual(new Set(made));
    }),
    { numRuns: 50 },
  );
});

test("an account's login can contain every character that GitHub allows", async () => {
  const user = { id: 1, login: "dependabot[bot]", type: "Bot" };
  await capture({ user });
  expect(await db.rows("github.accounts")).toMatchObject([user]);
});
