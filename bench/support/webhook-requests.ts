import examples from "@octokit/webhooks-examples" with { type: "json" };
import { createHmac, randomUUID } from "node:crypto";
import type { Request } from "autocannon";
import { webhookSecret } from "../../src/testing/test-config.ts";

const names = ["pull_request", "pull_request_review", "pull_request_review_comment"];

/**
 * GitHub's example payloads, of 21 to 27 kB, as signed deliveries. The body and its signature are prepared, and every request has a new
 * delivery id.
 */
export const webhookRequests: Request[] = (examples as unknown as { name: string; examples: object[] }[])
  .filter(({ name }) => names.includes(name))
  .flatMap(({ name, examples: payloads }) =>
    payloads.map((payload): Request => {
      const body = Buffer.from(JSON.stringify(payload));
      return {
        method: "POST",
        path: "/api/github/webhooks",
        body,
        headers: {
          "content-type": "application/json",
          "x-github-event": name,
          "x-hub-signature-256": `sha256=${createHmac("sha256", webhookSecret).update(body).digest("hex")}`,
        },
        setupRequest: (request) => ({
          ...request,
          headers: { ...request.headers, "x-github-delivery": randomUUID() },
        }),
      };
    }),
  );
