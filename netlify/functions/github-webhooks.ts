import { createWebWebhookHandler } from "../../src/http/web-webhook-handler.ts";
import { getServices, type FunctionContext } from "../../src/serverless.ts";

/** GitHub's deliveries. The answer does not wait for the counts. */
export default async (request: Request, context: FunctionContext): Promise<Response> => {
  const { receive, activity } = await getServices();
  const response = await createWebWebhookHandler(receive)(request);
  context.waitUntil?.(activity.flush());
  return response;
};

export const config = { path: "/api/github/webhooks" };
