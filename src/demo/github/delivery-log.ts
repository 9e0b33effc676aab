import type { Delivery } from "./delivery.ts";
import type { World } from "./world.ts";

/** One try at one delivery, as the App's log shows it. */
export interface Attempt {
  id: bigint;
  delivery: Delivery;
  deliveredAt: Date;
  redelivery: boolean;
  /** Seconds. */
  duration: number;
  /** 0 where nobody answered. */
  statusCode: number;
  status: string;
}

export interface DeliveryLog {
  /** Oldest first. */
  attempts: Attempt[];
  /** What was asked for again, and nobody took yet, in the order of asking. */
  redeliveries: Delivery[];
  nextId: bigint;
}

/** GitHub forgets what is older. */
const kept = 3 * 24 * 3_600_000;

export function createDeliveryLog(): DeliveryLog {
  return { attempts: [], redeliveries: [], nextId: 3_804_004_623_172_239_366n };
}

/** Tells the log how a sending went: the status of the answer, or 0 for none, with GitHub's own words for why. */
export function recordAttempt(
  world: World,
  log: DeliveryLog,
  delivery: Delivery,
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

/** A number in JSON, whatever its size. TypeScript does not know JSON.rawJSON yet. */
const { rawJSON: rawJson } = JSON as unknown as { rawJSON: (text: string) => unknown };

/** Newest first. */
export function recentAttempts(world: World, log: DeliveryLog, status: string | null): Attempt[] {
  const oldest = world.now().getTime() - kept;
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
