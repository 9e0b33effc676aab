import type { Job } from "../api/contract.ts";

/** Says what a reconciler started: its `done` counts the redeliveries, replays, syncs and events that it asked for. Null for other jobs. */
export function describeRepairs({ event_name, done }: Pick<Job, "event_name" | "done">): string | null {
  if (done === null || !event_name.endsWith(".reconcile")) return null;
  if (done === 0) return "nothing to repair";
  return `${done.toLocaleString("en-US")} ${done === 1 ? "repair" : "repairs"} started`;
}
