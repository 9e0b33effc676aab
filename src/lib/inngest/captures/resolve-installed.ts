import { getRepositoryInstallation } from "../../github/get-repository.ts";
import { toInngestError } from "../../github/to-inngest-error.ts";
import type { RepositoryName } from "../../store/repository-types.ts";
import { resolveInstalled } from "../../store/installations.ts";
import { createEvent, repositorySync } from "../events.ts";
import {
  toJobStep,
  type CaptureDependencies,
  type CaptureRun,
  type JobTarget,
  type StepTools,
} from "./capture.ts";
import { sendFromStep } from "./send-from-step.ts";

/** A sync to send, and the installation that reads for it. */
export interface WantedSync {
  installationId: number;
  repository: RepositoryName;
}

/** Asks GitHub for a repository's installation, and stores it. `finished` ends the job. Returns the sync that follows, or null if captures have stopped. */
export async function resolveWhereInstalled(
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
    installation_id: run.event.data.installationId ?? null,
    fetched_at: date,
    job: toJobStep(run, { requests: 1 }),
  };
  const wanted = await resolveInstalled(store, context, found, finished);
  return found && wanted ? { installationId: found.id, repository } : null;
}

/**
 * Requests the first syncs of installed repositories. The event ids derive from the run's event, so a repeated request is deduplicated. `part`
 * distinguishes calls of one run.
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
  const events = syncs.map(({ installationId, repository }) =>
    createEvent(repositorySync, `${event.id ?? runId}:${repositorySync.name}:${repository.id}`, {
      repository,
      installationId,
      reason: "install",
      priority: "medium",
      since,
    }),
  );
  await sendFromStep(step, `send-syncs${part}`, events);
}
