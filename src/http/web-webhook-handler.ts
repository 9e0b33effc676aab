import { maxBodyBytes, type ReceiveDelivery } from "./webhook-endpoint.ts";

/** Serves deliveries with web Requests, on hosts of serverless functions. */
export function createWebWebhookHandler(receive: ReceiveDelivery) {
  return async (request: Request): Promise<Response> => {
    if (request.method !== "POST") {
      return new Response("Deliveries must be sent by POST.\n", { status: 405, headers: { allow: "POST" } });
    }
    const body = await request.text();
    if (Buffer.byteLength(body) > maxBodyBytes)
      return new Response("The payload is larger than 25 MB.\n", { status: 413 });
    const { status, message } = await receive({ headers: request.headers, body });
    return new Response(`${message}\n`, { status });
  };
}
