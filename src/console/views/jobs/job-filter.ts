import type { CaptureReason, JobState } from "../../../api/contract.ts";
import { route } from "../../router.ts";

/** The filter in the address bar. The server refuses a value that it does not know. */
export interface ShownFilter {
  state?: JobState;
  repository?: string;
  function?: string;
  reason?: CaptureReason;
  text?: string;
  failure?: string;
}

const fields = ["state", "repository", "function", "reason", "text", "failure"] as const;

/** Every reason, in the order of the list to choose from. */
export const reasons = Object.keys({
  webhook: true,
  manual: true,
  backfill: true,
  gap: true,
  reconcile: true,
  install: true,
} satisfies Record<CaptureReason, true>) as CaptureReason[];

/** The names of the functions' events. */
export const functionNames = [
  "capture/pr.details",
  "capture/pr.reviews",
  "capture/pr.comments",
  "capture/repository.sync",
  "capture/repository.changed",
  "capture/installation.changed",
  "capture/titles.changed",
  "capture/account.renamed",
  "capture/deliveries.reconcile",
  "capture/repositories.reconcile",
  "capture/installation.reconcile",
];

export function readFilter(): ShownFilter {
  const { query } = route.value;
  return Object.fromEntries(
    fields.flatMap((field) => {
      const value = query.get(field);
      return value ? [[field, value]] : [];
    }),
  );
}

/** `capture/pr.details` is shown as `pr.details`. */
export function toShortName(eventName: string): string {
  return eventName.replace(/^capture\//, "");
}
