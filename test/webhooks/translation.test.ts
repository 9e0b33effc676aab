import { describe, expect, test } from "vitest";
import { ZodError } from "zod";
import {
  pullRequestComments,
  pullRequestDetails,
  pullRequestReviews,
  type CaptureEvent,
} from "../../src/lib/inngest/events.ts";
import { toIssueComment } from "../../src/webhooks/issue-comment.ts";
import { toPullRequestDetails } from "../../src/webhooks/pull-request.ts";
import { toPullRequestReview } from "../../src/webhooks/pull-request-review.ts";
import { toReviewComment } from "../../src/webhooks/pull-request-review-comment.ts";
import { toReviewThread } from "../../src/webhooks/pull-request-review-thread.ts";
import { exampleOf, examplesOf, type ExamplePayload } from "../support/webhook-examples.ts";

interface Translation {
  webhook: string;
  type: typeof pullRequestDetails | typeof pullRequestReviews | typeof pullRequestComments;
  /** The delivery's event, null where there is none. */
  translate: (id: string, payload: ExamplePayload) => CaptureEvent | null;
  examples: ExamplePayload[];
  /** What bears the text that people write. */
  written: "pull_request" | "review" | "comment" | "thread";
}

/** None of GitHub's own examples is of a comment on a pull request. */
const onPullRequest = (payload: ExamplePayload): ExamplePayload => ({
  ...payload,
  issue: { ...payload["issue"], pull_request: { url: "https://api.github.com/x", merged_at: null } },
});

const translations: Translation[] = [
  {
    webhook: "pull_request",
    type: pullRequestDetails,
    translate: (id, payload) =>
      toPullRequestDetails({ id, payload: { ...payload, pull_request: payload["pull_request"] } }),
    examples: examplesOf("pull_request"),
    written: "pull_request",
  },
  {
    webhook: "pull_request_review",
    type: pullRequestReviews,
    translate: (id, payload) =>
      toPullRequestReview({
        id,
        payload: { ...payload, review: payload["review"], pull_request: payload["pull_request"] },
      }),
    examples: examplesOf("pull_request_review"),
    written: "review",
  },
  {
    webhook: "pull_request_review_comment",
    type: pullRequestComments,
    translate: (id, payload) =>
      toReviewComment({
        id,
        payload: { ...payload, comment: payload["comment"], pull_request: payload["pull_request"] },
      }),
    examples: examplesOf("pull_request_review_comment"),
    written: "comment",
  },
  {
    webhook: "pull_request_review_thread",
    type: pullRequestComments,
    translate: (id, payload) =>
      toReviewThread({
        id,
        payload: { ...payload, thread: payload["thread"], pull_request: payload["pull_request"] },
      }),
    examples: examplesOf("pull_request_review_thread"),
    written: "thread",
  },
  {
    webhook: "issue_comment",
    type: pullRequestComments,
    translate: (id, payload) =>
      toIssueComment({ id, payload: { ...payload, comment: payload["comment"], issue: payload["issue"] } }),
    examples: examplesOf("issue_comment").map(onPullRequest),
    written: "comment",
  },
];

/** Every key of an object and of all in it. */
function keysOf(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [];
  if (Array.isArray(value)) return value.flatMap(keysOf);
  return Object.entries(value).flatMap(([key, inner]) => [key, ...keysOf(inner)]);
}

/** The payload with that text in the place of what people wrote. */
function withBody(payload: ExamplePayload, written: Translation["written"], body: string): ExamplePayload {
  if (written !== "thread") return { ...payload, [written]: { ...payload[written], body } };
  const [first, ...rest] = payload["thread"].comments;
  return { ...payload, thread: { ...payload["thread"], comments: [{ ...first, body }, ...rest] } };
}

const title = (payload: ExamplePayload, index: number) =>
  [`${payload.action}, example ${index + 1}`, payload] as const;

describe.each(translations)("a $webhook delivery", ({ type, translate, examples, written }) => {
  const [example] = examples;
  if (!example) throw new Error("There is no example.");

  test.each(examples.map(title))(
    "%s, asks for a capture of its pull request, and carries what it shows",
    (_, payload) => {
      const { repository, installation } = payload;
      expect(translate("guid", payload)).toEqual({
        id: `guid:${type.name}`,
        name: type.name,
        data: {
          repository: { id: repository.id, owner: repository.owner.login, name: repository.name },
          installationId: installation?.id ?? null,
          reason: "webhook",
          priority: "high",
          number: (payload["pull_request"] ?? payload["issue"]).number,
          observed: expect.anything(),
        },
      });
    },
  );

  test.each(examples.map(title))("%s, is reduced to what is captured", (_, payload) => {
    const event = translate("guid", payload);
    const keys = keysOf(event?.data);
    expect(
      keys.filter((key) => /url$|^_links$|^node_id$|^gravatar_id$|^reactions$|^sender$/.test(key)),
    ).toEqual([]);
    expect(JSON.stringify(event).length).toBeLessThan(JSON.stringify(payload).length / 3);
  });

  test.each(examples.map(title))(
    "%s, is as its event's schema has it, which changes nothing in it",
    (_, payload) => {
      const event = translate("guid", payload);
      expect(type.schema.parse(event?.data)).toEqual(event?.data);
    },
  );

  test("leaves the payload as it is, and says the same again", () => {
    const payload = structuredClone(example);
    expect(translate("guid", payload)).toEqual(translate("guid", payload));
    expect(payload).toEqual(example);
  });

  test("names the installation, and null where a repository's own webhook names none", () => {
    for (const [installation, installationId] of [
      [{ id: 51 }, 51],
      [undefined, null],
      [null, null],
    ]) {
      expect(translate("guid", { ...example, installation })?.data).toMatchObject({ installationId });
    }
  });

  const broken: [string, (payload: ExamplePayload) => ExamplePayload][] = [
    ["without a repository", (payload) => ({ ...payload, repository: undefined })],
    [
      "whose repository has no id",
      (payload) => ({ ...payload, repository: { ...payload["repository"], id: null } }),
    ],
    [
      "whose repository's name is a path",
      (payload) => ({ ...payload, repository: { ...payload["repository"], name: "a/../b" } }),
    ],
    ["whose installation is no number", (payload) => ({ ...payload, installation: { id: "51" } })],
    ["without what changed", (payload) => ({ ...payload, [written]: undefined })],
    ["without its pull request", (payload) => ({ ...payload, pull_request: undefined, issue: undefined })],
    ["of another shape", (payload) => withBody(payload, written, 5 as unknown as string)],
  ];

  test.each(broken)("%s is refused", (_, breakIt) => {
    expect(() => translate("guid", breakIt(example))).toThrow(ZodError);
  });
});

test("each webhook of one delivery id has an event id of its own", () => {
  const ids = translations.map(
    ({ translate, examples: [example] }) => example && translate("guid", example)?.id,
  );
  expect(new Set(ids)).toEqual(
    new Set(["guid:capture/pr.details", "guid:capture/pr.reviews", "guid:capture/pr.comments"]),
  );
});

describe("a comment", () => {
  test.each(examplesOf("issue_comment").map(title))("%s, on an issue is no event", (_, payload) => {
    expect(
      toIssueComment({
        id: "guid",
        payload: { ...payload, comment: payload["comment"], issue: payload["issue"] },
      }),
    ).toBeNull();
  });

  test.each(["created", "edited", "deleted"])("that was %s says whether it is gone", (action) => {
    for (const { webhook, translate } of translations.filter((each) => each.written === "comment")) {
      const example =
        webhook === "issue_comment" ? onPullRequest(exampleOf(webhook, action)) : exampleOf(webhook, action);
      const kind = webhook === "issue_comment" ? "issue" : "review";
      expect(translate("guid", example)?.data).toMatchObject({
        observed: { kind, deleted: action === "deleted" },
      });
    }
  });
});

describe("a thread", () => {
  const thread = (action: string, changes: Record<string, unknown> = {}) => {
    const payload = exampleOf("pull_request_review_thread", action);
    const { data } = toReviewThread({
      id: "guid",
      payload: { ...payload, thread: payload["thread"], pull_request: payload["pull_request"], ...changes },
    });
    return data;
  };

  test.each([
    ["resolved", true],
    ["unresolved", false],
  ])("that was %s carries all its comments and whether it is resolved", (action, resolved) => {
    const { comments } = exampleOf("pull_request_review_thread", action)["thread"];
    expect(thread(action)).toMatchObject({
      observed: {
        kind: "thread",
        thread: { resolved, comments: comments.map(({ id }: { id: number }) => ({ id })) },
      },
    });
  });

  test("was seen so when its payload says, or else when its pull request was", () => {
    const updated_at = "2026-11-23T20:00:00Z";
    expect(thread("resolved", { updated_at })).toMatchObject({ observed: { thread: { updated_at } } });
    const { pull_request } = exampleOf("pull_request_review_thread", "resolved");
    expect(thread("resolved", { updated_at: undefined })).toMatchObject({
      observed: { thread: { updated_at: pull_request.updated_at } },
    });
  });
});
