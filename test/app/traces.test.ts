import { afterAll, beforeAll, expect, test } from "vitest";
import { openOtlpReceiver, type ReceivedSpan } from "../support/otlp-receiver.ts";
import { useScene } from "../support/scene.ts";

let receiver: Awaited<ReturnType<typeof openOtlpReceiver>>;
beforeAll(async () => {
  receiver = await openOtlpReceiver();
});
afterAll(() => receiver.close());

const scene = useScene({
  environment: async () => ({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url }),
});

/** The spans of a trace that have arrived, by name. */
async function spansOf(traceId: string): Promise<Map<string, ReceivedSpan>> {
  await scene.app.services.flush();
  const spans = receiver.spans.filter((span) => span.traceId === traceId);
  return new Map(spans.map((span) => [span.name, span]));
}

function attributesOf(span: ReceivedSpan | undefined): Record<string, unknown> {
  return Object.fromEntries((span?.attributes ?? []).map(({ key, value }) => [key, Object.values(value)[0]]));
}

test("a webhook's trace has its GUID as id, and reaches from the webhook to the steps of its captures", async () => {
  const { github, web, ann } = scene;
  github.openPullRequest({ repository: web, author: ann });
  const [delivery] = scene.takeDeliveries();
  if (!delivery) throw new Error("GitHub sent nothing.");
  await scene.deliver([delivery]);

  const spans = await spansOf(delivery.id.replaceAll("-", ""));
  const webhook = spans.get("webhook pull_request");
  const capture = spans.get("capture capture/pr.details");
  expect(webhook?.parentSpanId ?? "").toBe("");
  expect(attributesOf(webhook)).toMatchObject({
    "github.delivery": delivery.id,
    "http.response.status_code": 200,
  });
  expect(spans.get("send events")).toMatchObject({ parentSpanId: webhook?.spanId });
  expect(capture).toMatchObject({ parentSpanId: webhook?.spanId });
  expect(attributesOf(capture)).toMatchObject({
    "github.repository": "acme/web",
    "github.pull_request": 1,
    "pr_capture.reason": "webhook",
  });
  expect(spans.get("step store-observed-pull-request")).toMatchObject({ parentSpanId: capture?.spanId });
  for (const { startTimeUnixNano, endTimeUnixNano } of spans.values())
    expect(BigInt(endTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(startTimeUnixNano));
});

test("a capture that fails is an error in its trace, with its reason", async () => {
  await scene.app.services.queue.queuePullRequest("acme/web", 999);
  await scene.idle();
  await scene.app.services.flush();
  const failed = receiver.spans.filter(({ status }) => status.code === 2);
  expect(failed.map(({ name }) => name)).toEqual(
    expect.arrayContaining(["step fetch-pull-request", "capture capture/pr.details"]),
  );
  for (const { status } of failed) expect(status.message).toMatch(/not found/i);
});

test("an unsigned request leaves no span, and captures go on without a collector", async () => {
  const before = receiver.spans.length;
  const response = await fetch(`${scene.app.url}/api/github/webhooks`, {
    method: "POST",
    body: "{}",
    headers: { "x-github-event": "pull_request", "x-github-delivery": "1" },
  });
  expect(response.status).toBe(401);
  await scene.app.services.flush();
  expect(receiver.spans).toHaveLength(before);

  await scene.restart({ OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9" });
  scene.github.openPullRequest({ repository: scene.web, author: scene.ann });
  await scene.deliver();
  await scene.app.services.flush();
  expect(await scene.rows("github.pull_requests")).toHaveLength(1);
});
