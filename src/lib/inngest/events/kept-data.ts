import { withoutObserved } from "./observed.ts";

/** Long lists, such as the repositories of an installation, are left out. */
const maxKeptLength = 8_000;

/** The part of an event's data that its job keeps: the request, without the observation and without a sync's position. */
export function toKeptData({ name, data }: { name: string; data: object }): Record<string, unknown> {
  const { from: _, ...kept } = withoutObserved({ name, data: { ...data } });
  if (JSON.stringify(kept).length <= maxKeptLength) return kept;
  return Object.fromEntries(
    Object.entries(kept).filter(([, value]) => JSON.stringify(value).length <= maxKeptLength / 20),
  );
}
