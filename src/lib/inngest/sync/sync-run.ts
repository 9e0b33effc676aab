import type { Budget } from "../../github/budget.ts";
import type { CaptureDependencies, CaptureRun } from "../captures/capture.ts";
import type { RepositorySyncData } from "../events.ts";

export type SyncRun = CaptureRun<RepositorySyncData>;

/** The part of a step's result that paces the sync: the time at which the budget allows the next step, or null for at once. */
export interface Paced {
  waitUntil: string | null;
}

export interface SyncStepDependencies extends Pick<CaptureDependencies, "store" | "github"> {
  /** Returns until when the rest of the budget is left to live captures, or null while there is enough. */
  waitFor: (budget: Budget | null) => string | null;
}

/** `reserve` is the share of an installation's budget that is left to live captures, 0 to 1. */
export function createWaitFor(reserve: number): SyncStepDependencies["waitFor"] {
  return (budget) => (budget && budget.remaining < budget.limit * reserve ? budget.resetAt : null);
}
