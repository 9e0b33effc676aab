import { createWebWebhookHandler } from "../../src/http/web-webhook-handler.ts";
import { getServices, type FunctionContext } from "../../src/serverless.ts";

/** Receives GitHub's deliveries. Their counts are stored after the answer. */
export default async (request: Request, context: FunctionContext): Promise<Response> => {
  const { receive, flush } = await getServices();
  const response = await createWebWebhookHandler(receive)(request);
  context.waitUntil?.(flush());
  return response;
};

export const config = { path: "/api/github/webhooks" };
