import type { IncomingMessage, ServerResponse } from "node:http";
import { maxBodyBytes, type ReceiveDelivery } from "./webhook-endpoint.ts";

/**
 * Serves deliveries straight from node:http, where they are the most frequent request by far: building a web Request for each
 * takes longer than all the rest of answering it.
 */
export function createNodeWebhookListener(receive: ReceiveDelivery) {
  return (request: IncomingMessage, response: ServerResponse): void => {
    const answer = (status: number, message: string) => {
      if (response.headersSent) return;
      response.writeHead(status, { "content-type": "text/plain; charset=utf-8" }).end(`${message}\n`);
    };
    const refuseTooLarge = () => {
      response.setHeader("connection", "close");
      answer(413, "A delivery is 25 MB at most.");
      request.removeAllListeners("data").resume();
    };

    if (request.method !== "POST") {
      response.setHeader("allow", "POST");
      return answer(405, "GitHub's deliveries come by POST.");
    }
    if (Number(request.headers["content-length"] ?? 0) > maxBodyBytes) return refuseTooLarge();

    const chunks: Buffer[] = [];
    let size = 0;
    request.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size > maxBodyBytes) return refuseTooLarge();
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
