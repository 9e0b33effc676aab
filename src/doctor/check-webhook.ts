import { z } from "zod";
import type { Config } from "../config.ts";
import type { GitHub } from "../lib/github/client.ts";
import { listDeliveryAttempts, type DeliveryAttempt } from "../lib/github/delivery-log.ts";
import { failed, passed, skipped, warning, type CheckResult } from "./check-result.ts";
import { sendPing } from "./test-delivery.ts";

/** GitHub shows a secret as asterisks. */
const hookSchema = z.object({
  url: z.string().nullish(),
  insecure_ssl: z.union([z.string(), z.number()]).nullish(),
  secret: z.string().nullish(),
});

const path = "/api/github/webhooks";

/** Checks where GitHub sends webhooks, that the server there has the same secret, and how the last ones ended. */
export async function checkWebhook(config: Config, github: GitHub): Promise<CheckResult[]> {
  const client = await github.forApp();
  const hook = hookSchema.parse((await client.request("GET /app/hook/config")).data);
  const { attempts } = await listDeliveryAttempts(client, { cursor: null, pageSize: 30 });
  const address = checkAddress(hook, config);
  return [
    address,
    address.status === "failed" || !hook.url || isProxy(hook.url)
      ? skipped("Webhook secret", "Only a server at the webhook URL can show it.")
      : await checkSecret(hook.url, config.webhookSecret),
    checkDeliveries(attempts),
  ];
}

function isProxy(url: string): boolean {
  return new URL(url).hostname === "smee.io";
}

function checkAddress(hook: z.output<typeof hookSchema>, { webhookProxyUrl }: Config): CheckResult {
  const subject = "Webhook URL";
  const where = "on the App's settings page";
  const { url } = hook;
  if (!url || !URL.canParse(url))
    return failed(subject, "The App has no webhook URL.", `Set it to https://<your host>${path} ${where}.`);
  if (!hook.secret)
    return failed(subject, "The App has no webhook secret.", `Set it to WEBHOOK_SECRET ${where}.`);
  if (isProxy(url) || webhookProxyUrl !== null)
    return url === webhookProxyUrl
      ? warning(
          subject,
          `GitHub sends webhooks to ${url}, which everyone who knows it can read.`,
          `For production, set the URL to https://<your host>${path} ${where} and remove WEBHOOK_PROXY_URL.`,
        )
      : failed(
          subject,
          `GitHub sends webhooks to ${url}, but WEBHOOK_PROXY_URL is ${webhookProxyUrl ?? "not set"}.`,
          "Set both to the same URL.",
        );
  if (new URL(url).pathname !== path)
    return failed(
      subject,
      `GitHub sends webhooks to ${url}.`,
      `Its path must be ${path}: change it ${where}.`,
    );
  if (String(hook.insecure_ssl) === "1")
    return warning(
      subject,
      "GitHub does not verify the server's certificate.",
      `Enable SSL verification ${where}.`,
    );
  return passed(subject, `GitHub sends webhooks to ${url}.`);
}

/** Sends the server a ping with our secret, as GitHub does. */
async function checkSecret(url: string, secret: string): Promise<CheckResult> {
  const subject = "Webhook secret";
  const { status, error } = await sendPing(url, secret);
  if (status === 200)
    return passed(subject, "The server at the webhook URL accepts a ping with WEBHOOK_SECRET.");
  if (status === 401)
    return failed(
      subject,
      "The server at the webhook URL has another WEBHOOK_SECRET than this environment.",
      "Set the same one there, here and on the App's settings page.",
    );
  if (status === null)
    return warning(
      subject,
      `The webhook URL cannot be reached from here (${error}).`,
      "Start the server, or run doctor where the URL can be reached.",
    );
  return failed(
    subject,
    `The webhook URL answers a ping with ${status}.`,
    "Check that it leads to pr-capture, through every proxy.",
  );
}

/** Checks the newest attempt of each delivery. A redelivery has the same GUID. */
function checkDeliveries(attempts: readonly DeliveryAttempt[]): CheckResult {
  const subject = "Recent deliveries";
  const newest = [...Map.groupBy(attempts, ({ guid }) => guid).values()].flatMap(([first]) => first ?? []);
  if (newest.length === 0) return skipped(subject, "GitHub has sent nothing in three days.");
  const broken = newest.filter(({ status_code: code }) => code < 200 || code >= 300);
  const isOne = newest.length === 1;
  if (broken.length === 0)
    return passed(subject, `The last ${isOne ? "one was" : `${newest.length} were`} answered 2xx.`);
  const codes = [...new Set(broken.map(({ status_code: code }) => code || "no answer"))].join(", ");
  const isRefused = broken.some(({ status_code: code }) => code === 401);
  const summary = `${isOne ? "The last one" : `${broken.length} of the last ${newest.length}`} failed (${codes}).`;
  return newest[0] === broken[0]
    ? failed(
        subject,
        summary,
        isRefused
          ? "401: WEBHOOK_SECRET differs from the App's. Set the same one in both."
          : "See the App's Recent deliveries. Failed ones are redelivered when the server is reachable.",
      )
    : warning(subject, summary, "The newest one succeeded. Failed ones are redelivered within 10 minutes.");
}
