import { maxBodyBytes, type ReceiveDelivery } from "./webhook-endpoint.ts";

/** Serves deliveries as Request and Response, for hosts that run functions. */
export function createWebWebhookHandler(receive: ReceiveDelivery) {
  return async (request: Request): Promise<Response> => {
    if (request.method !== "POST") {
      return new Response("GitHub's deliveries come by POST.\n", { status: 405, headers: { allow: "POST" } });
    }
    const body = await request.text();
    if (Buffer.byteLength(body) > maxBodyBytes)
      return new Response("A delivery is 25 MB at most.\n", { status: 413 });
    const { status, message } = await receive({ headers: request.headers, body });
    return new Response(`${message}\n`, { status });
  };
}
