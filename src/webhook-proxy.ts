import { SmeeClient } from "smee-client";
import type { Logger } from "./logger.ts";

export interface WebhookProxy {
  stop(): Promise<void>;
}

const maxPauseMs = 60_000;

/**
 * Forwards the webhooks of a smee.io channel to the server, and reconnects when the connection ends. smee-client stops when the first connection
 * fails, and EventSource stops at any answer but 200, such as one 502. EventSource logs none of its retries.
 * https://html.spec.whatwg.org/multipage/server-sent-events.html#fail-the-connection
 */
export function startWebhookProxy(
  source: string,
  target: string,
  log: Logger,
  firstPauseMs = 1_000,
): WebhookProxy {
  let isStopped = false;
  let pauseMs = firstPauseMs;
  let timer: NodeJS.Timeout | undefined;
  let client: SmeeClient | undefined;
  // Whoever knows the channel's URL reads every webhook.
  const debug = (...texts: unknown[]) =>
    log.debug(texts.map(String).join(" ").replaceAll(source, "WEBHOOK_PROXY_URL"));
  const logger = { info: debug, error: debug };

  async function connect(): Promise<void> {
    const current = new SmeeClient({ source, target, logger });
    client = current;
    try {
      const events = await current.start();
      log.info("WEBHOOK_PROXY_URL forwards webhooks to this server");
      pauseMs = firstPauseMs;
      events.addEventListener("error", () => {
        if (client === current) connectLater();
      });
    } catch {
      connectLater();
    }
  }

  function connectLater(): void {
    if (isStopped) return;
    log.warn(`Could not connect to WEBHOOK_PROXY_URL. Retrying in ${pauseMs / 1000} s`);
    void client?.stop();
    client = undefined;
    clearTimeout(timer);
    timer = setTimeout(() => void connect(), pauseMs);
    pauseMs = Math.min(pauseMs * 2, maxPauseMs);
  }

  void connect();
  return {
    async stop() {
      isStopped = true;
      clearTimeout(timer);
      await client?.stop();
    },
  };
}
