const timeoutMs = 10_000;

/** Posts to a webhook in Slack's format. Throws when it was not taken; the URL is a secret, and in no message. */
export async function postAlert(url: string, text: string): Promise<void> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ text }),
    signal: AbortSignal.timeout(timeoutMs),
  }).catch(() => null);
  await response?.body?.cancel();
  if (!response) throw new Error("Nothing answers at ALERT_WEBHOOK_URL.");
  if (!response.ok) throw new Error(`ALERT_WEBHOOK_URL answered ${response.status}.`);
}
