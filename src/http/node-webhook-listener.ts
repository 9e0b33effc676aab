import type { IncomingMessage, ServerResponse } from "node:http";
import { maxBodyBytes, type ReceiveDelivery } from "./webhook-endpoint.ts";

/** What is held in memory at a time; whoever comes beyond it is told to come again. */
export interface HoldingLimits {
  deliveries: number;
  bytes: number;
}

/** Some seconds of the fastest that the server has been measured to acknowledge. */
const defaultLimits: HoldingLimits = { deliveries: 2_000, bytes: 256 * 1024 * 1024 };

const retryAfterSeconds = 5;

/**
 * Serves deliveries straight from node:http, where they are the most frequent request by far: building a web Request for each
 * takes longer than all the rest of answering it. More than it may hold is answered 503, which GitHub's delivery log shows, so that it
 * can be asked for again.
 */
export function createNodeWebhookListener(receive: ReceiveDelivery, limits: HoldingLimits = defaultLimits) {
  const held: HoldingLimits = { deliveries: 0, bytes: 0 };
  const isFull = () => held.deliveries > limits.deliveries || held.bytes > limits.bytes;

  return (request: IncomingMessage, response: ServerResponse): void => {
    const chunks: Buffer[] = [];
    let size = 0;
    held.deliveries++;
    response.once("close", () => {
      held.deliveries--;
      held.bytes -= size;
    });

    const answer = (status: number, message: string) => {
      if (response.headersSent) return;
      response.writeHead(status, { "content-type": "text/plain; charset=utf-8" }).end(`${message}\n`);
    };
    const refuseUnread = (status: number, message: string) => {
      response.setHeader("connection", "close");
      answer(status, message);
      chunks.length = 0;
      request.removeAllListeners("data").resume();
    };
    const refuseTooLarge = () => refuseUnread(413, "A delivery is 25 MB at most.");
    const refuseForNow = () => {
      response.setHeader("retry-after", retryAfterSeconds);
      refuseUnread(503, "The server holds all the deliveries it can. Redeliver this one later.");
    };

    if (request.method !== "POST") {
      response.setHeader("allow", "POST");
      return answer(405, "GitHub's deliveries come by POST.");
    }
    if (isFull()) return refuseForNow();
    if (Number(request.headers["content-length"] ?? 0) > maxBodyBytes) return refuseTooLarge();

    request.on("data", (chunk: Buffer) => {
      size += chunk.length;
      held.bytes += chunk.length;
      if (size > maxBodyBytes) return refuseTooLarge();
      if (isFull()) return refuseForNow();
      chunks.push(chunk);
    });
    request.on("end", () => {
      if (response.headersSent) return;
      const headers = { get: (name: string) => firstOf(request.headers[name]) };
      receive({ headers, body: Buffer.concat(chunks).toString("utf8") }).then(
        ({ status, message }) => answer(status, message),
        () => answer(500, "The delivery could not be handled; the log says why."),
      );
    });
    request.on("error", () => response.destroy());
  };
}

function firstOf(header: string | string[] | undefined): string | null {
  return (Array.isArray(header) ? header[0] : header) ?? null;
}
