import { createWebWebhookHandler } from "../../src/http/web-webhook-handler.ts";
import { getServices } from "../../src/serverless.ts";

/** GitHub's deliveries. */
export default async (request: Request): Promise<Response> => {
  const { receive } = await getServices();
  return createWebWebhookHandler(receive)(request);
};

export const config = { path: "/api/github/webhooks" };
