import { toAccounts } from "../../records/account.ts";
import { toInstallation } from "../../records/installation.ts";
import type { InstallationOutcome, RepositoryName } from "../../store/repository-types.ts";
import { mergeInstallation } from "../../store/installations.ts";
import { installationChanged, type InstallationChangedData } from "../events.ts";
import { toBatches } from "../events/batches.ts";
import {
  installationKey,
  sleepUntilSecondIsOver,
  priorityByUrgency,
  retries,
  toJobStep,
  type CaptureDependencies,
  type CaptureRun,
} from "../captures/capture.ts";
import { sendSyncs, resolveWhereInstalled, type WantedSync } from "../captures/resolve-installed.ts";

export interface InstallationOptions {
  /** How many days of history a newly installed repository gets. */
  backfillDays: number;
  /** True: uninstalling the App deletes everything captured through it. */
  purgeOnUninstall: boolean;
}

const requestBatchSize = 20;

/**
 * Captures an installation and its repositories. Requests a sync of each repository that was added. Captures of removed repositories stop, since
 * every store call checks the installation.
 */
export function createCaptureInstallation({
  inngest,
  store,
  github,
  backfillDays,
  purgeOnUninstall,
}: CaptureDependencies & InstallationOptions) {
  type Run = CaptureRun<InstallationChangedData>;

  async function storeObserved(run: Run): Promise<InstallationOutcome> {
    const { installationId, action, installation, added, removed, fetchedAt } = run.event.data;
    const context = {
      installation_id: installationId,
      accounts: toAccounts([installation.account]),
      observed_at: fetchedAt ?? installation.updated_at,
      fetched_at: fetchedAt ?? null,
      job: toJobStep(run),
    };
    return mergeInstallation(store, context, {
      installation: toInstallation(installation),
      added,
      removed,
      deleted: action === "deleted",
      everything: action === "unsuspend",
      purge: purgeOnUninstall,
    });
  }

  async function resolve(
    run: Run,
    repositories: readonly RepositoryName[],
    last: boolean,
  ): Promise<WantedSync[]> {
    const wanted: WantedSync[] = [];
    for (const repository of repositories) {
      const finished = last && repository === repositories.at(-1);
      const sync = await resolveWhereInstalled({ store, github }, run, repository, finished);
      if (sync) wanted.push(sync);
    }
    return wanted;
  }

  return inngest.createFunction(
    {
      id: "capture-installation",
      retries,
      priority: priorityByUrgency,
      concurrency: [{ key: installationKey, limit: 1 }],
      triggers: [installationChanged],
    },
    async ({ event, runId, attempt, step }) => {
      const run = { event, runId, attempt };
      const { installationId, installation } = event.data;

      const { syncs, ambiguous } = await step.run("store-observed-installation", () => storeObserved(run));
      await sendSyncs(
        step,
        run,
        syncs.map((repository) => ({ installationId, repository })),
        backfillDays,
      );
      if (ambiguous.length === 0) return;

      await sleepUntilSecondIsOver(step, "wait-for-the-second-to-end", installation.updated_at, github);
      const batches = toBatches(ambiguous, requestBatchSize);
      for (const [index, batch] of batches.entries()) {
        const isLast = batch === batches.at(-1);
        const resolved = await step.run(`resolve-repositories-${index}`, () => resolve(run, batch, isLast));
        await sendSyncs(step, run, resolved, backfillDays, `-${index}`);
      }
    },
  );
}
