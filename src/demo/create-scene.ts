import { setTimeout as pause } from "node:timers/promises";
import type { WebhookDelivery, FakeGitHub } from "../fake-github/index.ts";
import { dim, print } from "../testing/print.ts";
import type { Scene } from "./team-day.ts";

/** The time between two actions of a scene. */
const betweenMs = 20_000;
/** The pause after a scene, so that people can read along. */
const pauseMs = 80;

/**
 * Plays scenes of a day that began at `midnight`, and passes on the webhooks of each. The fake GitHub's answers have the date of the scene: with
 * today's date, they would be later than the rest of the day. After `end` they have today's.
 */
export function createScene(
  github: FakeGitHub,
  midnight: Date,
  onDeliveries: (deliveries: readonly WebhookDelivery[]) => void,
): { scene: Scene; end: () => void } {
  let now = midnight.getTime();

  const end = github.intercept(async (_request, next) => {
    const { status, body, headers } = await next();
    const dated = new Headers(headers);
    dated.set("date", new Date(now + betweenMs / 2).toUTCString());
    return new Response(body, { status, headers: dated });
  });

  const scene: Scene = async (time, description, first, ...later) => {
    const before = github.deliveries.length;
    const [hours = 0, minutes = 0] = time.split(":").map(Number);
    now = midnight.getTime() + (hours * 60 + minutes) * 60_000;
    const result = github.at(new Date(now), first);
    for (const next of later) {
      now += betweenMs;
      github.at(new Date(now), () => next(result));
    }
    const deliveries = github.deliveries.slice(before);
    const webhooks = deliveries.length === 1 ? "1 webhook" : `${deliveries.length} webhooks`;
    print(`${dim(time)}  ${description}  ${dim(webhooks)}`);
    onDeliveries(deliveries);
    await pause(pauseMs);
    return result;
  };
  return { scene, end };
}
