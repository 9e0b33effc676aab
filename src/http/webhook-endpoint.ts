import type { Probot } from "probot";
import { NotAcceptedError } from "../lib/inngest/send-events.ts";
import { InvalidPayloadError } from "../webhooks/parse-payload.ts";

/** A delivery with its raw body, which the signature covers. */
export interface IncomingDelivery {
  headers: { get(name: string): string | null };
  body: string;
}

/** The answer, which GitHub's delivery log shows. */
export interface Acknowledgement {
  status: 200 | 400 | 401 | 500 | 503;
  message: string;
}

export type ReceiveDelivery = (delivery: IncomingDelivery) => Promise<Acknowledgement>;

/** GitHub sends no larger body. https://docs.github.com/webhooks/webhook-events-and-payloads#payload-cap */
export const maxBodyBytes = 25 * 1024 * 1024;

/** GitHub's ids are GUIDs. Event ids contain them, and Postgres cannot index very long ones. */
const maxDeliveryIdLength = 255;

export interface AnsweredDelivery {
  /** The webhook's name in the header, unverified. */
  event: string;
  id: string | null;
  status: number;
  /** From the end of the body to the answer. 0 when the body was not read. */
  tookMs: number;
}

export type OnAnswered = (delivery: AnsweredDelivery) => void;

export interface ReceiveOptions {
  /** True if the app handles webhooks of that name, such as `pull_request`. */
  listensTo: (event: string) => boolean;
  /** Called for each answered delivery. */
  onAnswered?: OnAnswered | undefined;
}

/**
 * Verifies deliveries, and passes them to a Probot app. 200 means that the delivery's events are stored, or that it has none. With any
 * other status, GitHub's delivery log shows the delivery as failed, and it is redelivered.
 */
export function createReceiveDelivery(
  probot: Probot,
  { listensTo, onAnswered }: ReceiveOptions,
): ReceiveDelivery {
  async function receive({ headers, body }: IncomingDelivery): Promise<Acknowledgement & Logged> {
    const signature = headers.get("x-hub-signature-256");
    if (!signature || !body || !(await probot.webhooks.verify(body, signature))) {
      return { status: 401, message: "The signature does not match the body and the webhook secret." };
    }
    const id = headers.get("x-github-delivery");
    const name = headers.get("x-github-event");
    if (!id || !name) return { status: 400, message: "X-GitHub-Delivery and X-GitHub-Event are required." };
    if (id.length > maxDeliveryIdLength)
      return {
        status: 400,
        message: `X-GitHub-Delivery must have at most ${maxDeliveryIdLength} characters.`,
      };
    const payload = parsePayload(body, headers.get("content-type"));
    if (!payload) return { status: 400, message: "The payload is not a JSON object." };
    if ("action" in payload && typeof payload.action !== "string")
      return { status: 400, message: "The payload's action is not a string." };
    if (!listensTo(name)) return { status: 200, message: "ok", payload };

    try {
      await probot.webhooks.receive({ id, name, payload } as Parameters<typeof probot.webhooks.receive>[0]);
      return { status: 200, message: "ok", payload };
    } catch (error) {
      return { ...toRefusal(error), payload };
    }
  }

  return async (delivery) => {
    const beganAt = performance.now();
    const { headers } = delivery;
    const { status, message, payload } = await receive(delivery);
    const event = headers.get("x-github-event") ?? "";
    const id = headers.get("x-github-delivery");
    onAnswered?.({ event, id, status, tookMs: performance.now() - beganAt });
    const about = { delivery: id, event, ...describePayload(payload), status };
    if (status === 200) probot.log.info(about, "A delivery was accepted");
    else probot.log.warn(about, message);
    return { status, message };
  };
}

interface Logged {
  /** Undefined when the delivery is not GitHub's, or cannot be read. */
  payload?: object;
}

/** What the log shows of a payload. */
function describePayload(
  payload: {
    action?: unknown;
    repository?: { full_name?: unknown } | null;
    number?: unknown;
  } = {},
) {
  const { action, repository, number } = payload;
  const name = repository?.full_name;
  return {
    ...(typeof action === "string" && { action }),
    ...(typeof name === "string" && { repository: name }),
    ...(typeof number === "number" && { number }),
  };
}

/**
 * Reads the payload. With the content type `application/x-www-form-urlencoded`, it is the form's field `payload`. GitHub signs the raw body in
 * both cases. https://docs.github.com/webhooks/using-webhooks/creating-webhooks
 */
function parsePayload(body: string, contentType: string | null): object | null {
  const isForm = /^\s*application\/x-www-form-urlencoded\b/i.test(contentType ?? "");
  return parseObject(isForm ? (new URLSearchParams(body).get("payload") ?? "") : body);
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

/** A delivery has at most one listener, so at most one error, but @octokit/webhooks wraps it. */
function toRefusal(error: unknown): Acknowledgement {
  const [cause] = error instanceof AggregateError ? error.errors : [error];
  if (cause instanceof InvalidPayloadError) return { status: 400, message: `${cause.message}.` };
  if (cause instanceof NotAcceptedError) return { status: 503, message: cause.message };
  return { status: 500, message: "The delivery could not be handled. See the server's log." };
}
