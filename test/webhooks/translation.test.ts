import { describe, expect, test } from "vitest";
import {
  pullRequestComments,
  pullRequestDetails,
  pullRequestReviews,
  type CaptureEvent,
} from "../../src/lib/inngest/events.ts";
import { InvalidPayloadError } from "../../src/webhooks/parse-payload.ts";
import { issueCommentWebhook } from "../../src/webhooks/issue-comment.ts";
import { pullRequestWebhook } from "../../src/webhooks/pull-request.ts";
import { pullRequestReviewWebhook } from "../../src/webhooks/pull-request-review.ts";
import { pullRequestReviewCommentWebhook } from "../../src/webhooks/pull-request-review-comment.ts";
import { pullRequestReviewThreadWebhook } from "../../src/webhooks/pull-request-review-thread.ts";
import type { Webhook } from "../../src/webhooks/webhook.ts";
import { exampleOf, examplesOf, type ExamplePayload } from "../support/webhook-examples.ts";

const receivedAt = new Date("2026-11-24T12:00:00.500Z");

interface Translation {
  name: string;
  type: typeof pullRequestDetails | typeof pullRequestReviews | typeof pullRequestComments;
  webhook: Webhook;
  examples: ExamplePayload[];
  /** The field that has the text that people write. */
  written: "pull_request" | "review" | "comment" | "thread";
}

/** The events of a delivery. */
const translate = (webhook: Webhook, payload: unknown): CaptureEvent[] =>
  webhook.translate({ id: "guid", payload, receivedAt });

/** None of GitHub's own examples is of a comment on a pull request. */
const onPullRequest = (payload: ExamplePayload): ExamplePayload => ({
  ...payload,
  issue: { ...payload["issue"], pull_request: { url: "https://api.github.com/x", merged_at: null } },
});

const translations: Translation[] = [
  {
    name: "pull_request",
    type: pullRequestDetails,
    webhook: pullRequestWebhook,
    examples: examplesOf("pull_request"),
    written: "pull_request",
  },
  {
    name: "pull_request_review",
    type: pullRequestReviews,
    webhook: pullRequestReviewWebhook,
    examples: examplesOf("pull_request_review"),
    written: "review",
  },
  {
    name: "pull_request_review_comment",
    type: pullRequestComments,
    webhook: pullRequestReviewCommentWebhook,
    examples: examplesOf("pull_request_review_comment"),
    written: "comment",
  },
  {
    name: "pull_request_review_thread",
    type: pullRequestComments,
    webhook: pullRequestReviewThreadWebhook,
    examples: examplesOf("pull_request_review_thread"),
    written: "thread",
  },
  {
    name: "issue_comment",
    type: pullRequestComments,
    webhook: issueCommentWebhook,
    examples: examplesOf("issue_comment").map(onPullRequest),
    written: "comment",
  },
];

/** Every key of an object and of all in it. Of a label, a `node_id` is captured: GraphQL knows no other id of it. */
function keysOf(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [];
  if (Array.isArray(value)) return value.flatMap(keysOf);
  return Object.entries(value).flatMap(([key, inner]) => {
    const keys = keysOf(inner);
    return [key, ...(key === "labels" ? keys.filter((each) => each !== "node_id") : keys)];
  });
}

/** The payload with that text in the place of what people wrote. */
function withBody(payload: ExamplePayload, written: Translation["written"], body: string): ExamplePayload {
  if (written !== "thread") return { ...payload, [written]: { ...payload[written], body } };
  const [first, ...rest] = payload["thread"].comments;
  return { ...payload, thread: { ...payload["thread"], comments: [{ ...first, body }, ...rest] } };
}

const title = (payload: ExamplePayload, index: number) =>
  [`${payload.action}, example ${index + 1}`, payload] as const;

describe.each(translations)("a $name delivery", ({ type, webhook, examples, written }) => {
  const [example] = examples;
  if (!example) throw new Error("There is no example.");

  test.each(examples.map(title))(
    "%s, becomes one event, which names the pull request and carries what the payload shows",
    (_, payload) => {
      const { repository, installation } = payload;
      expect(translate(webhook, payload)).toEqual([
        {
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
        },
      ]);
    },
  );

  test.each(examples.map(title))("%s, loses every field that is not captured", (_, payload) => {
    const [event] = translate(webhook, payload);
    const keys = keysOf(event?.data);
    expect(
      keys.filter((key) => /url$|^_links$|^node_id$|^gravatar_id$|^reactions$|^sender$/.test(key)),
    ).toEqual([]);
    expect(JSON.stringify(event).length).toBeLessThan(JSON.stringify(payload).length / 3);
  });

  test.each(examples.map(title))(
    "%s, becomes data that its event's schema accepts and leaves unchanged",
    (_, payload) => {
      const [event] = translate(webhook, payload);
      expect(type.schema.parse(event?.data)).toEqual(event?.data);
    },
  );

  test("is not changed, and becomes the same event each time", () => {
    const payload = structuredClone(example);
    expect(translate(webhook, payload)).toEqual(translate(webhook, payload));
    expect(payload).toEqual(example);
  });

  test("becomes an event with its installation, or null for a repository's own webhook", () => {
    for (const [installation, installationId] of [
      [{ id: 51 }, 51],
      [undefined, null],
      [null, null],
    ]) {
      expect(translate(webhook, { ...example, installation })).toMatchObject([{ data: { installationId } }]);
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

  // A thread without its comments is no refusal: GitHub is asked for them.
  const refused = broken.filter(([what]) => written !== "thread" || what !== "without what changed");

  test.each(refused)("%s is refused", (_, breakIt) => {
    expect(() => translate(webhook, breakIt(example))).toThrow(InvalidPayloadError);
  });
});

test("webhooks with one delivery id have different event ids", () => {
  const ids = translations.flatMap(({ webhook, examples: [example] }) =>
    translate(webhook, example).map(({ id }) => id),
  );
  expect(new Set(ids)).toEqual(
    new Set(["guid:capture/pr.details", "guid:capture/pr.reviews", "guid:capture/pr.comments"]),
  );
});

describe("a comment", () => {
  test.each(examplesOf("issue_comment").map(title))("%s, on an issue becomes no event", (_, payload) => {
    expect(translate(issueCommentWebhook, payload)).toEqual([]);
  });

  test.each(["created", "edited", "deleted"])(
    "that was %s becomes an event with the time its deletion was received, or null",
    (action) => {
      for (const { name, webhook } of translations.filter((each) => each.written === "comment")) {
        const example =
          name === "issue_comment" ? onPullRequest(exampleOf(name, action)) : exampleOf(name, action);
        const kind = name === "issue_comment" ? "issue" : "review";
        const deletedAt = action === "deleted" ? receivedAt.toISOString() : null;
        expect(translate(webhook, example)).toMatchObject([{ data: { observed: { kind, deletedAt } } }]);
      }
    },
  );
});

describe("a thread", () => {
  const thread = (action: string, changes: Record<string, unknown> = {}) => {
    const payload = exampleOf("pull_request_review_thread", action);
    return translate(pullRequestReviewThreadWebhook, { ...payload, ...changes })[0]?.data;
  };

  test.each([
    ["resolved", true],
    ["unresolved", false],
  ])("that was %s becomes an event with all its comments and whether it is resolved", (action, resolved) => {
    const { comments } = exampleOf("pull_request_review_thread", action)["thread"];
    expect(thread(action)).toMatchObject({
      observed: {
        kind: "thread",
        thread: { resolved, comments: comments.map(({ id }: { id: number }) => ({ id })) },
      },
    });
  });

  test("has its payload's time, or else its pull request's", () => {
    const updated_at = "2026-11-23T20:00:00Z";
    expect(thread("resolved", { updated_at })).toMatchObject({ observed: { thread: { updated_at } } });
    const { pull_request } = exampleOf("pull_request_review_thread", "resolved");
    expect(thread("resolved", { updated_at: undefined })).toMatchObject({
      observed: { thread: { updated_at: pull_request.updated_at } },
    });
  });
});
