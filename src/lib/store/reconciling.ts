import type { RepositoryState } from "../records/inventory.ts";
import type { ReconcilingContext } from "./context-types.ts";
import type { Checkpoint, EventJob } from "./job-types.ts";
import type {
  DifferentRepository,
  InstallationDifferences,
  ListedRepository,
  PublicRepository,
} from "./repository-types.ts";
import { call, type Store } from "./store.ts";

/** Begins or continues a reconciler's job. */
export async function recordReconciling(store: Store, context: ReconcilingContext): Promise<void> {
  await call(store, "capture_record_reconciling", { context });
}

export interface ReconcilingOutcome {
  /** The checkpoint to move, if the reconciler has one. */
  checkpoint: string | null;
  processedUntil: string | null;
  /** The number of redeliveries, replays, syncs or events that the run caused. */
  askedFor: number;
}

/** Completes a reconciler's job and moves its checkpoint. */
export async function finishReconciling(
  store: Store,
  context: ReconcilingContext,
  { checkpoint, processedUntil, askedFor }: ReconcilingOutcome,
): Promise<void> {
  await call(store, "capture_finish_reconciling", {
    context,
    checkpoint,
    processed_until: processedUntil,
    asked_for: askedFor,
  });
}

/** Returns null before the reconciler's first success. */
export async function getCheckpoint(store: Store, name: string): Promise<Checkpoint | null> {
  return call(store, "capture_get_checkpoint", { name });
}

export async function listCheckpoints(store: Store): Promise<Checkpoint[]> {
  return call(store, "capture_list_checkpoints", {});
}

/** Returns the jobs of events. Events without a job are left out. */
export async function findJobs(store: Store, eventIds: string[]): Promise<EventJob[]> {
  return call(store, "capture_find_jobs", { event_ids: eventIds });
}

/** Returns the repositories to sync: all if `inventory` requests a complete inventory. Records GitHub's number of pull requests. */
export async function compareRepositories(
  store: Store,
  states: RepositoryState[],
  inventory: boolean,
): Promise<DifferentRepository[]> {
  return call(store, "capture_compare_repositories", { states, inventory });
}

/** Returns the changes of an installation whose webhooks were lost. */
export async function compareInstallation(
  store: Store,
  installation: { id: number; repositories: ListedRepository[] },
): Promise<InstallationDifferences> {
  return call(store, "capture_compare_installation", { installation });
}

/** Returns the ids of installations that were not deleted. */
export async function listKnownInstallations(store: Store): Promise<number[]> {
  return call(store, "capture_list_installations", {});
}

/** Returns the repositories that are read without an installation. */
export async function listPublicRepositories(store: Store): Promise<PublicRepository[]> {
  return call(store, "capture_list_public_repositories", {});
}

/** Makes the state of repositories unknown that GitHub no longer shows. */
export async function forgetInventories(store: Store, repositoryIds: readonly number[]): Promise<void> {
  await call(store, "capture_forget_inventories", { repository_ids: [...repositoryIds] });
}

/** Returns true for the first caller that claims this time of a scheduled look. Several processes share a schedule. */
export async function claimLook(store: Store, name: string, dueAt: Date): Promise<boolean> {
  return call(store, "capture_claim_look", { name, due_at: dueAt.toISOString() });
}
