import type { Probot } from "probot";
import { ZodError } from "zod";
import { NotAcceptedError } from "../lib/inngest/send-events.ts";
import type { DeliveryCounts } from "./delivery-counts.ts";

/** One delivery as it came in: the body as it was signed. */
export interface IncomingDelivery {
  headers: { get(name: string): string | null };
  body: string;
}

/** What GitHub is told, and its delivery log shows. */
export interface Acknowledgement {
  status: 200 | 400 | 401 | 500 | 503;
  message: string;
}

export type ReceiveDelivery = (delivery: IncomingDelivery) => Promise<Acknowledgement>;

/** GitHub sends no larger body. https://docs.github.com/webhooks/webhook-events-and-payloads#payload-cap */
export const maxBodyBytes = 25 * 1024 * 1024;

export interface ReceiveOptions {
  /** Whether there is a listener for webhooks of that event, as `pull_request`. */
  listensTo: (event: string) => boolean;
  counts: DeliveryCounts;
}

/**
 * Answers deliveries with the listeners of a Probot app. 200 means that the delivery's events are kept, or that it has none;
 * with any other status GitHub's delivery log shows it as failed, and it can be asked for again.
 */
export function createReceiveDelivery(
  probot: Probot,
  { listensTo, counts }: ReceiveOptions,
): ReceiveDelivery {
  async function receive({ headers, body }: IncomingDelivery): Promise<Acknowledgement> {
    const signature = headers.get("x-hub-signature-256");
    if (!signature || !body || !(await probot.webhooks.verify(body, signature))) {
      return { status: 401, message: "The signature does not match the body and the webhook secret." };
    }
    const id = headers.get("x-github-delivery");
    const name = headers.get("x-github-event");
    if (!id || !name) return { status: 400, message: "X-GitHub-Delivery and X-GitHub-Event are required." };
    const payload = parseObject(body);
    if (!payload) return { status: 400, message: "The body is not a JSON object." };
    if ("action" in payload && typeof payload.action !== "string")
      return { status: 400, message: "The payload's action is not a text." };
    if (!listensTo(name)) return { status: 200, message: "ok" };

    try {
      await probot.webhooks.receive({ id, name, payload } as Parameters<typeof probot.webhooks.receive>[0]);
      return { status: 200, message: "ok" };
    } catch (error) {
      return toRefusal(error);
    }
  }

  return async (delivery) => {
    const { status, message } = await receive(delivery);
    counts[status === 200 ? "accepted" : status < 500 ? "refused" : "failed"]++;
    if (status !== 200) {
      const { headers } = delivery;
      const about = {
        delivery: headers.get("x-github-delivery"),
        event: headers.get("x-github-event"),
        status,
      };
      probot.log.warn(about, message);
    }
    return { status, message };
  };
}

/** Null when the text is not JSON, or not an object. */
function parseObject(text: string): object | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}

/** A delivery has one listener at most, so one error; @octokit/webhooks wraps it all the same. */
function toRefusal(error: unknown): Acknowledgement {
  const [cause] = error instanceof AggregateError ? error.errors : [error];
  if (cause instanceof ZodError) {
    const where = cause.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`).slice(0, 5);
    return { status: 400, message: `The payload is not of its event's shape. ${where.join("; ")}` };
  }
  if (cause instanceof NotAcceptedError) return { status: 503, message: cause.message };
  return { status: 500, message: "The delivery could not be handled; the log says why." };
}
