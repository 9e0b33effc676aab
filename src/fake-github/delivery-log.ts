import type { WebhookDelivery } from "./webhook-delivery.ts";
import type { World } from "./world.ts";

/** One attempt to deliver a webhook, as the App's log shows it. */
export interface Attempt {
  id: bigint;
  delivery: WebhookDelivery;
  deliveredAt: Date;
  redelivery: boolean;
  /** The time until the answer, in seconds. */
  duration: number;
  /** 0 without an answer. */
  statusCode: number;
  status: string;
}

export interface DeliveryLog {
  /** Oldest first. */
  attempts: Attempt[];
  /** Requested redeliveries that were not taken yet, oldest first. */
  redeliveries: WebhookDelivery[];
  nextId: bigint;
}

/** GitHub deletes older attempts. */
const keptMs = 3 * 24 * 3_600_000;

export function createDeliveryLog(): DeliveryLog {
  return { attempts: [], redeliveries: [], nextId: 3_804_004_623_172_239_366n };
}

/** Logs an attempt with the status code of the answer, or 0 without an answer, and GitHub's text for it. */
export function logAttempt(
  world: World,
  log: DeliveryLog,
  delivery: WebhookDelivery,
  statusCode: number,
  status = statusOf(statusCode),
): Attempt {
  const redelivery = log.attempts.some((attempt) => attempt.delivery.id === delivery.id);
  const attempt = {
    id: log.nextId++,
    delivery,
    deliveredAt: world.now(),
    redelivery,
    duration: 0.12,
    statusCode,
    status,
  };
  log.attempts.push(attempt);
  return attempt;
}

function statusOf(statusCode: number): string {
  if (statusCode === 0) return "failed to connect to host";
  return statusCode < 400 ? "OK" : `Invalid HTTP Response: ${statusCode}`;
}

/** Writes a number of any size in JSON. TypeScript has no type for JSON.rawJSON yet. */
const { rawJSON: rawJson } = JSON as unknown as { rawJSON: (text: string) => unknown };

/** Lists the kept attempts, newest first. */
export function recentAttempts(world: World, log: DeliveryLog, status: string | null): Attempt[] {
  const oldest = world.now().getTime() - keptMs;
  return log.attempts
    .filter((attempt) => attempt.deliveredAt.getTime() >= oldest)
    .filter(
      ({ statusCode }) => status === null || (status === "success") === (statusCode > 0 && statusCode < 400),
    )
    .toReversed();
}

export function attemptJson({
  id,
  delivery,
  deliveredAt,
  redelivery,
  duration,
  statusCode,
  status,
}: Attempt) {
  return {
    id: rawJson(String(id)),
    guid: delivery.id,
    delivered_at: deliveredAt.toISOString(),
    redelivery,
    duration,
    status,
    status_code: statusCode,
    event: delivery.name,
    action: delivery.payload.action,
    installation_id: delivery.installationId,
    repository_id: delivery.repositoryId,
    throttled_at: null,
  };
}
