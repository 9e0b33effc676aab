import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { EngineEvent } from "./to-runs.ts";

const event = z.looseObject({
  name: z.string().min(1),
  id: z.string().nullish(),
  data: z.unknown().optional(),
  ts: z.number().nullish(),
});
const body = z.union([event.transform((only) => [only]), z.array(event)]);

/**
 * What the SDK sends, one event or several, with what they lack made up for. `seed` is the same when the SDK sends the same
 * once more, so that events without an id have the same one then. Null when they are no events.
 */
export function parseEvents(given: unknown, seed: string | null, now: number): EngineEvent[] | null {
  const { data: events } = body.safeParse(given);
  const unique = seed ?? randomUUID();
  return (
    events?.map((each, n) => ({
      ...each,
      id: each.id || `${unique} ${n}`,
      data: each.data ?? {},
      ts: each.ts || now,
    })) ?? null
  );
}
