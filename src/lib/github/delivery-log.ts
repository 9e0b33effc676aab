import { RequestError } from "@octokit/request-error";
import { z } from "zod";
import type { GitHubClient } from "./client.ts";

/** One attempt to deliver a webhook, as the App's log has it for three days. A redelivery bears the GUID of the delivery it repeats. */
const attempt = z.object({
  /** Digits: beyond what a number holds exactly. */
  id: z.union([z.int(), z.bigint(), z.string().regex(/^\d+$/)]).transform(String),
  guid: z.string(),
  delivered_at: z.iso.datetime({ offset: true }),
  /** Of our answer; 0 where there was none. */
  status_code: z.int(),
  redelivery: z.boolean(),
  event: z.string(),
  action: z.string().nullable(),
});

export type DeliveryAttempt = z.output<typeof attempt>;

export interface DeliveryAttempts {
  /** Newest first. */
  attempts: DeliveryAttempt[];
  /** Of the next, older page; null at the end. */
  cursor: string | null;
}

/** One request, as the App. https://docs.github.com/rest/apps/webhooks#list-deliveries-for-an-app-webhook */
export async function listDeliveryAttempts(
  client: GitHubClient,
  cursor: string | null,
): Promise<DeliveryAttempts> {
  const { data, headers } = await client.request("GET /app/hook/deliveries", {
    per_page: 100,
    ...(cursor && { cursor }),
  });
  return { attempts: z.array(attempt).parse(data), cursor: nextCursor(headers.link) };
}

/** Asks GitHub to deliver again. One that GitHub has forgotten meanwhile stays undelivered. */
export async function redeliver(client: GitHubClient, attemptId: string): Promise<void> {
  try {
    await client.request(`POST /app/hook/deliveries/${attemptId}/attempts`);
  } catch (error) {
    if (!(error instanceof RequestError) || ![404, 422].includes(error.status)) throw error;
  }
}

function nextCursor(link: string | undefined): string | null {
  const [, next] = /<([^>]+)>; rel="next"/.exec(link ?? "") ?? [];
  return next ? new URL(next).searchParams.get("cursor") : null;
}
