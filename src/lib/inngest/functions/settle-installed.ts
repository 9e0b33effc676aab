import { getRepositoryInstallation } from "../../github/get-repository.ts";
import { toInngestError } from "../../github/to-inngest-error.ts";
import type { RepositoryName } from "../../store/functions.ts";
import { settleInstalled } from "../../store/installations.ts";
import { repositorySync } from "../events.ts";
import {
  toJobStep,
  type CaptureDependencies,
  type CaptureRun,
  type JobTarget,
  type StepTools,
} from "./capture.ts";

/** A sync to be sent, and the installation that it goes through. */
export interface WantedSync {
  installationId: number;
  repository: RepositoryName;
}

/**
 * Asks GitHub which installation a repository is in, and notes it. `finished` ends the job. Returns the sync that follows, null where
 * captures have stopped.
 */
export async function settleWhereInstalled(
  { store, github }: Pick<CaptureDependencies, "store" | "github">,
  run: CaptureRun<JobTarget>,
  repository: RepositoryName,
  finished: boolean,
): Promise<WantedSync | null> {
  const { data: found, date } = await github
    .forApp()
    .then((client) => getRepositoryInstallation(client, repository.id))
    .catch((error: unknown) => {
      throw toInngestError(error);
    });
  const context = {
    repository: { ...repository, seen_at: null },
    installation_id: run.event.data.installationId,
    fetched_at: date,
    job: toJobStep(run, { requests: 1 }),
  };
  const wanted = await settleInstalled(store, context, found, finished);
  return found && wanted ? { installationId: found.id, repository } : null;
}

/** A sync is some 300 bytes, and Inngest takes events of 256 KiB in one request on its free plan. */
const sentAtOnce = 500;

/**
 * Asks for the history with which installed repositories start. The ids follow from the event that asks for it: asking twice is one
 * sync. `part` tells several calls of one run apart.
 */
export async function sendSyncs(
  step: StepTools,
  { event, runId }: CaptureRun<JobTarget>,
  syncs: readonly WantedSync[],
  backfillDays: number,
  part = "",
): Promise<void> {
  if (syncs.length === 0) return;
  const since = await step.run(`begin-syncs${part}`, () =>
    new Date(Date.now() - backfillDays * 86_400_000).toISOString(),
  );
  for (let from = 0; from < syncs.length; from += sentAtOnce) {
    const events = syncs.slice(from, from + sentAtOnce).map(({ installationId, repository }) => ({
      ...repositorySync.create({ repository, installationId, reason: "install", priority: "medium", since }),
      id: `${event.id ?? runId}:${repositorySync.name}:${repository.id}`,
    }));
    await step.sendEvent(`send-syncs${part}-${from}`, events);
  }
}
