import { emitterEventNames } from "@octokit/webhooks";
import { Probot } from "probot";
import { beforeEach, describe, expect, test } from "vitest";
import { createApp } from "../../src/app.ts";
import type { CaptureEvent } from "../../src/lib/inngest/events.ts";
import { testEnvironment } from "../../src/testing/test-config.ts";
import { exampleOf, examplesOf, type ExamplePayload } from "../support/webhook-examples.ts";

const captured = {
  "capture/pr.details": [
    "pull_request.opened",
    "pull_request.edited",
    "pull_request.closed",
    "pull_request.reopened",
    "pull_request.synchronize",
    "pull_request.converted_to_draft",
    "pull_request.ready_for_review",
    "pull_request.labeled",
    "pull_request.unlabeled",
    "pull_request.assigned",
    "pull_request.unassigned",
    "pull_request.review_requested",
    "pull_request.review_request_removed",
    "pull_request.milestoned",
    "pull_request.demilestoned",
    "pull_request.locked",
    "pull_request.unlocked",
    "pull_request.auto_merge_enabled",
    "pull_request.auto_merge_disabled",
    "pull_request.enqueued",
    "pull_request.dequeued",
  ],
  "capture/pr.reviews": [
    "pull_request_review.submitted",
    "pull_request_review.edited",
    "pull_request_review.dismissed",
  ],
  "capture/pr.comments": [
    "pull_request_review_comment.created",
    "pull_request_review_comment.edited",
    "pull_request_review_comment.deleted",
    "pull_request_review_thread.resolved",
    "pull_request_review_thread.unresolved",
    "issue_comment.created",
    "issue_comment.edited",
    "issue_comment.deleted",
  ],
};

let sent: CaptureEvent[];
let receive: (name: string, payload: ExamplePayload) => Promise<void>;

async function createReceiver(
  send: (events: readonly CaptureEvent[]) => Promise<void>,
): Promise<typeof receive> {
  const probot = new Probot({
    appId: testEnvironment.APP_ID,
    privateKey: testEnvironment.PRIVATE_KEY,
    secret: testEnvironment.WEBHOOK_SECRET,
    logLevel: "fatal",
  });
  await probot.load(createApp(send, Date.now));
  return (name, payload) =>
    probot.webhooks.receive({ id: "guid", name, payload } as unknown as Parameters<
      typeof probot.webhooks.receive
    >[0]);
}

beforeEach(async () => {
  sent = [];
  receive = await createReceiver(async (events) => {
    sent.push(...events);
  });
});

/** A payload that is captured if its action is handled. */
function payloadOf(name: string, action: string): ExamplePayload {
  const [example] = /^pull_request|^issue_comment$/.test(name)
    ? examplesOf(name)
    : [exampleOf("issues", "opened")];
  const whole: ExamplePayload = { ...exampleOf("pull_request", "opened"), ...example, action };
  if (name !== "issue_comment") return whole;
  return { ...whole, issue: { ...whole["issue"], pull_request: { merged_at: null } } };
}

/** Every webhook and action, and an unknown action of each. */
const known = emitterEventNames.filter((name) => name.includes("."));
const unknown = [...new Set(known.map((name) => `${name.split(".", 1)[0]}.unknown_action`))];

test("GitHub's list of webhooks contains all that are captured", () => {
  expect(known).toEqual(expect.arrayContaining(Object.values(captured).flat()));
});

test.each(Object.entries(captured).flatMap(([event, names]) => names.map((name) => [name, event] as const)))(
  "%s becomes one %s",
  async (webhook, event) => {
    const [name = "", action = ""] = webhook.split(".");
    await receive(name, payloadOf(name, action));
    expect(sent).toMatchObject([{ id: `guid:${event}`, name: event, data: { observed: expect.anything() } }]);
  },
);

/** Webhooks about repositories and installations. */
const concernsNoPullRequest = (webhook: string) => /^(installation|repository|label|milestone)/.test(webhook);

test("no other webhook and no other action becomes an event", async () => {
  const all = new Set<string>(Object.values(captured).flat());
  const others = [...known, ...unknown].filter((each) => !all.has(each) && !concernsNoPullRequest(each));
  expect(others.length).toBeGreaterThan(100);
  for (const webhook of others) {
    const [name = "", action = ""] = webhook.split(".");
    await receive(name, payloadOf(name, action));
    expect({ webhook, sent }).toEqual({ webhook, sent: [] });
  }
});

test("a comment on an issue becomes no event", async () => {
  for (const example of examplesOf("issue_comment")) await receive("issue_comment", example);
  expect(sent).toEqual([]);
});

describe("the listener of", () => {
  test.each([
    "pull_request",
    "pull_request_review",
    "pull_request_review_comment",
    "pull_request_review_thread",
    "issue_comment",
  ])("%s fails when its events are not accepted", async (name) => {
    const refused = await createReceiver(() => Promise.reject(new Error("Inngest refused the events.")));
    const [example] = examplesOf(name);
    await expect(refused(name, payloadOf(name, example?.action ?? ""))).rejects.toThrow(
      "Inngest refused the events.",
    );
  });
});
