import type { IncomingMessage, ServerResponse } from "node:http";
import { maxBodyBytes, type OnAnswered, type ReceiveDelivery } from "./webhook-endpoint.ts";

/** Limits of the deliveries in flight. Further ones are answered 503. */
export interface InFlightLimits {
  deliveries: number;
  bytes: number;
}

/** A few seconds of deliveries, at the highest rate that was measured. */
const defaultLimits: InFlightLimits = { deliveries: 2_000, bytes: 256 * 1024 * 1024 };

const retryAfterSeconds = 5;

/**
 * Serves deliveries with node:http. They are by far the most frequent request, and building a web Request for each takes longer than
 * answering it. Deliveries beyond the limits are answered 503; GitHub's delivery log shows them as failed, so they are redelivered.
 * `onUnread` is called for deliveries that are refused before their body is read.
 */
export function createNodeWebhookListener(
  receive: ReceiveDelivery,
  { limits = defaultLimits, onUnread }: { limits?: InFlightLimits; onUnread?: OnAnswered } = {},
) {
  const inFlight: InFlightLimits = { deliveries: 0, bytes: 0 };
  const isFull = () => inFlight.deliveries > limits.deliveries || inFlight.bytes > limits.bytes;

  return (request: IncomingMessage, response: ServerResponse): void => {
    const chunks: Buffer[] = [];
    let size = 0;
    inFlight.deliveries++;
    response.once("close", () => {
      inFlight.deliveries--;
      inFlight.bytes -= size;
    });

    const answer = (status: number, message: string) => {
      if (response.headersSent) return;
      const body = `${message}\n`;
      // With its length, the answer is one write. Otherwise Node sends it in chunks.
      const headers = {
        "content-type": "text/plain; charset=utf-8",
        "content-length": Buffer.byteLength(body),
      };
      response.writeHead(status, headers).end(body);
    };
    const refuseUnread = (status: number, message: string) => {
      const id = firstOf(request.headers["x-github-delivery"]);
      const event = firstOf(request.headers["x-github-event"]) ?? "";
      if (!response.headersSent) onUnread?.({ event, id, status, tookMs: 0 });
      response.setHeader("connection", "close");
      answer(status, message);
      chunks.length = 0;
      request.removeAllListeners("data").resume();
    };
    const refuseTooLarge = () => refuseUnread(413, "The payload is larger than 25 MB.");
    const refuseForNow = () => {
      response.setHeader("retry-after", retryAfterSeconds);
      refuseUnread(503, "Too many requests in flight. Redeliver this one later.");
    };

    if (request.method !== "POST") {
      response.setHeader("allow", "POST");
      return answer(405, "Deliveries must be sent by POST.");
    }
    if (isFull()) return refuseForNow();
    if (Number(request.headers["content-length"] ?? 0) > maxBodyBytes) return refuseTooLarge();

    request.on("data", (chunk: Buffer) => {
      size += chunk.length;
      inFlight.bytes += chunk.length;
      if (size > maxBodyBytes) return refuseTooLarge();
      if (isFull()) return refuseForNow();
      chunks.push(chunk);
    });
    request.on("end", () => {
      if (response.headersSent) return;
      const headers = { get: (name: string) => firstOf(request.headers[name]) };
      receive({ headers, body: Buffer.concat(chunks).toString("utf8") }).then(
        ({ status, message }) => answer(status, message),
        () => answer(500, "The delivery could not be handled. See the server's log."),
      );
    });
    request.on("error", () => response.destroy());
  };
}

function firstOf(header: string | string[] | undefined): string | null {
  return (Array.isArray(header) ? header[0] : header) ?? null;
}
