import { createHmac, randomUUID } from "node:crypto";
import { webhookSecret } from "../../src/testing/test-config.ts";

export interface Webhook {
  name: string;
  payload: object;
  /** GitHub's GUID. A redelivery has the same. */
  id?: string;
}

/** Sends a signed delivery as GitHub does. Returns the status of the answer. */
export async function sendWebhook(
  url: string,
  { name, payload, id = randomUUID() }: Webhook,
): Promise<number> {
  const body = JSON.stringify(payload);
  const response = await fetch(`${url}/api/github/webhooks`, {
    method: "POST",
    body,
    headers: webhookHeaders(name, id, body),
  });
  await response.body?.cancel();
  return response.status;
}

export function webhookHeaders(name: string, id: string, body: string): Record<string, string> {
  return {
    "content-type": "application/json",
    "x-github-event": name,
    "x-github-delivery": id,
    "x-hub-signature-256": `sha256=${createHmac("sha256", webhookSecret).update(body).digest("hex")}`,
  };
}
