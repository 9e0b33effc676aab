import { createApp } from "../../src/app.ts";
import { createFakeGitHub } from "../../src/fake-github/index.ts";
import { paths } from "../../src/http/routes.ts";
import { pullRequestComments, pullRequestReviews, type CaptureEvent } from "../../src/lib/inngest/events.ts";
import { webhookSecret } from "../../src/testing/test-config.ts";
import type { Probot } from "probot";
import { playObservedWebhooks } from "./observed-webhooks.ts";

const functionIds: Record<string, string> = {
  [pullRequestComments.name]: "pr-capture-capture-pr-comments",
  [pullRequestReviews.name]: "pr-capture-capture-pr-reviews",
};

interface Operation {
  id: string;
  op: string;
  data?: unknown;
}

/** Captures the events of observed comments and reviews, calling the servers in turn as Inngest does. Returns the captures a second. */
export async function callFunctions({
  servers,
  captures,
  atOnce,
}: {
  servers: readonly { url: string }[];
  captures: number;
  atOnce: number;
}): Promise<number> {
  const events = (await toEvents(captures)).entries();
  const begin = performance.now();
  const work = async () => {
    for (const [index, event] of events) {
      const server = servers[index % servers.length];
      if (server) await capture(server.url, event, `run ${index}`);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return captures / ((performance.now() - begin) / 1000);
}

async function toEvents(count: number): Promise<CaptureEvent[]> {
  const github = createFakeGitHub({ appId: 1, webhookSecret, seed: 1 });
  const events: CaptureEvent[] = [];
  const listeners = new Map<string, (context: { id: string; payload: unknown }) => Promise<void>>();
  const app = {
    on: (names: string[], listener: (context: { id: string; payload: unknown }) => Promise<void>) => {
      for (const name of names) listeners.set(name, listener);
    },
  };
  void createApp(
    async (sent) => void events.push(...sent),
    () => Date.now(),
  )(app as unknown as Probot, {} as never);
  for (const { id, name, payload } of playObservedWebhooks(github, count * 2).observed) {
    const { action } = payload as { action: string };
    await listeners.get(`${name}.${action}`)?.({ id, payload });
  }
  return events.filter(({ name }) => name in functionIds).slice(0, count);
}

/** Calls the function until its run ends, with the results of its steps. https://github.com/inngest/inngest/blob/main/docs/SDK_SPEC.md */
async function capture(url: string, event: CaptureEvent, runId: string): Promise<void> {
  const query = new URLSearchParams({ fnId: functionIds[event.name] ?? "", stepId: "step" });
  const steps: Record<string, unknown> = {};
  for (;;) {
    const stack = Object.keys(steps);
    const ctx = { run_id: runId, attempt: 0, use_api: false, stack: { stack, current: stack.length } };
    const response = await fetch(`${url}${paths.inngest}?${query.toString()}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ version: 2, use_api: false, ctx, event, events: [event], steps }),
    });
    const body: unknown = await response.json();
    if (response.status === 200) return;
    const operations = response.status === 206 ? (body as Operation[]) : [];
    if (!operations.some(({ op }) => op === "StepRun"))
      throw new Error(`A capture was answered ${response.status}: ${JSON.stringify(body)}`);
    for (const { id, op, data } of operations)
      if (op === "StepRun") steps[id] = { type: "data", data: data ?? null };
  }
}
