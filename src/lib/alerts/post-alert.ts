const timeoutMs = 10_000;

/** Posts a message to a webhook in Slack's format. Errors never contain the URL, because it is a secret. */
export async function postAlert(url: string, text: string): Promise<void> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ text }),
    signal: AbortSignal.timeout(timeoutMs),
  }).catch(() => null);
  await response?.body?.cancel();
  if (!response) throw new Error("Could not connect to ALERT_WEBHOOK_URL.");
  if (!response.ok) throw new Error(`ALERT_WEBHOOK_URL answered ${response.status}.`);
}
