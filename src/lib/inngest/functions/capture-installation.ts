import { toAccounts } from "../../records/to-accounts.ts";
import { toInstallation } from "../../records/to-installation.ts";
import type { InstallationOutcome, RepositoryName } from "../../store/functions.ts";
import { mergeInstallation } from "../../store/installations.ts";
import { installationChanged, type InstallationChangedData } from "../events.ts";
import {
  afterSecondOf,
  priorityByUrgency,
  retries,
  toJobStep,
  type CaptureDependencies,
  type CaptureRun,
} from "./capture.ts";
import { sendSyncs, settleWhereInstalled, type WantedSync } from "./settle-installed.ts";

export interface InstallationOptions {
  /** How much history an installed repository starts with. */
  backfillDays: number;
  /** Whether uninstalling the App deletes what was captured through it. */
  purgeOnUninstall: boolean;
}

/** GitHub is asked about so many repositories in one step. */
const askedAtOnce = 20;

/**
 * Keeps an installation, and which repositories are in it. Asks for the history of those that begin, or begin again, to be captured. What
 * ends is captured no more from here on, since every store call looks here.
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
    const { installationId, action, installation, added, removed } = run.event.data;
    const context = {
      installation_id: installationId,
      accounts: toAccounts([installation.account]),
      observed_at: installation.updated_at,
      fetched_at: null,
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

  async function settle(
    run: Run,
    repositories: readonly RepositoryName[],
    last: boolean,
  ): Promise<WantedSync[]> {
    const wanted: WantedSync[] = [];
    for (const repository of repositories) {
      const finished = last && repository === repositories.at(-1);
      const sync = await settleWhereInstalled({ store, github }, run, repository, finished);
      if (sync) wanted.push(sync);
    }
    return wanted;
  }

  return inngest.createFunction(
    {
      id: "capture-installation",
      retries,
      priority: priorityByUrgency,
      concurrency: [{ key: "string(event.data.installationId)", limit: 1 }],
      triggers: [installationChanged],
    },
    async ({ event, runId, attempt, step }) => {
      const run = { event, runId, attempt };
      const { installationId, installation } = event.data;

      const { syncs, unsettled } = await step.run("store-observed-installation", () => storeObserved(run));
      await sendSyncs(
        step,
        run,
        syncs.map((repository) => ({ installationId, repository })),
        backfillDays,
      );
      if (unsettled.length === 0) return;

      await step.sleepUntil("wait-for-the-second-to-end", afterSecondOf(installation.updated_at));
      for (let from = 0; from < unsettled.length; from += askedAtOnce) {
        const asked = unsettled.slice(from, from + askedAtOnce);
        const isLast = from + askedAtOnce >= unsettled.length;
        const settled = await step.run(`settle-repositories-${from}`, () => settle(run, asked, isLast));
        await sendSyncs(step, run, settled, backfillDays, `-${from}`);
      }
    },
  );
}
