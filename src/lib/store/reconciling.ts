import type {
  Checkpoint,
  DifferentRepository,
  EventJob,
  InstallationDifferences,
  InstalledRepository,
  ReconcilingContext,
  RepositoryState,
} from "./functions.ts";
import { call, type Store } from "./store.ts";

/** Begins a reconciler's job, or goes on with it. */
export async function noteReconciling(store: Store, context: ReconcilingContext): Promise<void> {
  await call(store, "capture_note_reconciling", { context });
}

/** Ends a reconciler's run and its job, and moves its checkpoint, where it has one. `askedFor`: how many redeliveries, replays, syncs or events followed. */
export async function finishReconciling(
  store: Store,
  context: ReconcilingContext,
  outcome: { checkpoint: string | null; settledUntil: string | null; askedFor: number },
): Promise<void> {
  const { checkpoint, settledUntil, askedFor } = outcome;
  await call(store, "capture_finish_reconciling", {
    context,
    checkpoint,
    settled_until: settledUntil,
    asked_for: askedFor,
  });
}

/** Null before the reconciler's first success. */
export async function getCheckpoint(store: Store, name: string): Promise<Checkpoint | null> {
  return call(store, "capture_get_checkpoint", { name });
}

export async function listCheckpoints(store: Store): Promise<Checkpoint[]> {
  return call(store, "capture_list_checkpoints", {});
}

/** The jobs of those events that have one. */
export async function findJobs(store: Store, eventIds: string[]): Promise<EventJob[]> {
  return call(store, "capture_find_jobs", { event_ids: eventIds });
}

/** The repositories of which GitHub shows updates that are not in the rows. Its count of pull requests is kept. */
export async function compareRepositories(
  store: Store,
  states: RepositoryState[],
): Promise<DifferentRepository[]> {
  return call(store, "capture_compare_repositories", { states });
}

/** What an installation's webhooks should have told. */
export async function compareInstallation(
  store: Store,
  installation: { id: number; repositories: InstalledRepository[] },
): Promise<InstallationDifferences> {
  return call(store, "capture_compare_installation", { installation });
}

/** The ids of the installations that are taken to be there. */
export async function listKnownInstallations(store: Store): Promise<number[]> {
  return call(store, "capture_list_installations", {});
}

/** The repositories that are read without an installation. */
export async function listPublicRepositories(
  store: Store,
): Promise<{ id: number; owner: string; name: string }[]> {
  return call(store, "capture_list_public_repositories", {});
}
