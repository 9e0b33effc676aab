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
 * Parses the body of a send, one event or several, and adds missing ids, data and times. The SDK repeats `seed` when it repeats
 * a request, so generated ids are deduplicated too. Returns null when the body is not a list of events.
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
