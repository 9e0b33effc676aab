import { z } from "zod";
import type { GitHubClient } from "./github-client.ts";
import { describeIssue, parseAnswer } from "./parse-answer.ts";
import { linkTo, toDate } from "./get-page.ts";

/** One attempt to deliver a webhook, from the App's log of three days. A redelivery has the GUID of the delivery that it repeats. */
const attempt = z.object({
  /** A string, because the ids exceed the safe integers. */
  id: z.union([z.int(), z.bigint(), z.string().regex(/^\d+$/)]).transform(String),
  guid: z.string(),
  delivered_at: z.iso.datetime({ offset: true }),
  /** The status of our answer, or 0 without an answer. */
  status_code: z.int(),
  redelivery: z.boolean(),
  event: z.string(),
  action: z.string().nullable(),
});

export type DeliveryAttempt = z.output<typeof attempt>;

export interface DeliveryAttempts {
  /** Newest first. */
  attempts: DeliveryAttempt[];
  /** An error message for each attempt that could not be read. */
  unreadable: string[];
  /** The cursor of the next, older page. Null at the end. */
  cursor: string | null;
  /** GitHub's time of the answer, an ISO string. */
  date: string;
}

/** Reads one page of the delivery log, as the App. https://docs.github.com/rest/apps/webhooks#list-deliveries-for-an-app-webhook */
export async function listDeliveryAttempts(
  client: GitHubClient,
  { cursor, pageSize }: { cursor: string | null; pageSize: number },
): Promise<DeliveryAttempts> {
  const { data, headers } = await client.request("GET /app/hook/deliveries", {
    per_page: pageSize,
    ...(cursor && { cursor }),
  });
  const attempts: DeliveryAttempt[] = [];
  const unreadable: string[] = [];
  for (const each of parseAnswer(z.array(z.unknown()), data, "delivery log")) {
    const parsed = attempt.safeParse(each);
    if (parsed.success) attempts.push(parsed.data);
    else
      unreadable.push(
        `GitHub's delivery ${String(Object(each).id)} cannot be read: ${describeIssue(parsed.error, each)}.`,
      );
  }
  return { attempts, unreadable, cursor: nextCursor(headers.link), date: toDate(headers.date) };
}

/** Asks GitHub to repeat a delivery. */
export async function redeliver(client: GitHubClient, attemptId: string): Promise<void> {
  await client.request(`POST /app/hook/deliveries/${attemptId}/attempts`);
}

function nextCursor(link: string | undefined): string | null {
  const next = linkTo("next", link);
  return next && new URL(next, "https://api.github.com").searchParams.get("cursor");
}
