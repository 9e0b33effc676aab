import { setTimeout as pause } from "node:timers/promises";
import type { Delivery, GitHub } from "./github/index.ts";
import { dim, print } from "./print.ts";
import type { Scene } from "./team-day.ts";

const dayMs = 86_400_000;
/** From one thing in a scene to the next. */
const betweenMs = 20_000;
/** Between two scenes, for whoever reads along. */
const pauseMs = 80;

/**
 * Plays scenes yesterday, so that nothing happens later than now, and hands over the webhooks that each has caused. What GitHub
 * answers meanwhile bears the date of the scene, less a moment: were it today's, it would pass for later than the rest of the day.
 */
export function createScene(github: GitHub, caused: (deliveries: readonly Delivery[]) => void): Scene {
  const day = new Date(Date.now() - dayMs).toISOString().slice(0, 10);
  let now = Date.parse(day);

  github.intercept(async (_request, next) => {
    const { status, body, headers } = await next();
    const dated = new Headers(headers);
    dated.set("date", new Date(now + betweenMs / 2).toUTCString());
    return new Response(body, { status, headers: dated });
  });

  return async (time, tells, first, ...later) => {
    const before = github.deliveries.length;
    now = Date.parse(`${day}T${time}:00Z`);
    const made = github.at(new Date(now), first);
    for (const next of later) {
      now += betweenMs;
      github.at(new Date(now), () => next(made));
    }
    const deliveries = github.deliveries.slice(before);
    const webhooks = deliveries.length === 1 ? "1 webhook" : `${deliveries.length} webhooks`;
    print(`${dim(time)}  ${tells}  ${dim(webhooks)}`);
    caused(deliveries);
    await pause(pauseMs);
    return made;
  };
}
