import { cron } from "inngest";
import { isUninstalled, listInstallations } from "../../github/list-installations.ts";
import { finishReconciling, listKnownInstallations, noteReconciling } from "../../store/reconciling.ts";
import { installationChanged, installationReconcile, repositoriesReconcile } from "../events.ts";
import type { CaptureDependencies } from "./capture.ts";
import { ask, reconcilingData, toReconcilingContext } from "./reconcile.ts";

/** An installation is some 500 bytes, and Inngest takes events of 256 KiB in one request on its free plan. */
const sentAtOnce = 100;

/** Of an installation that is gone GitHub tells nothing: older than whatever is known. */
const longAgo = new Date(0).toISOString();

/**
 * Holds what GitHub shows against the rows: lists where the App is installed, ends what it was uninstalled from without telling, and has
 * each installation looked at in a run of its own, so that none waits for another's limit.
 */
export function createReconcileRepositories({ inngest, store, github }: CaptureDependencies) {
  const name = repositoriesReconcile.name;

  /** Those that we know and GitHub does not list, each asked for by itself: a list that lacks one is no proof. */
  async function findUninstalled(listed: readonly number[]): Promise<number[]> {
    const client = await github.forApp();
    const uninstalled: number[] = [];
    for (const id of await listKnownInstallations(store)) {
      if (!listed.includes(id) && (await isUninstalled(client, id))) uninstalled.push(id);
    }
    return uninstalled;
  }

  return inngest.createFunction(
    {
      id: "reconcile-repositories",
      retries: 5,
      concurrency: [{ limit: 1 }],
      triggers: [cron("23 * * * *"), repositoriesReconcile],
    },
    async ({ event, runId, attempt, step }) => {
      const run = { name, installationId: null, event, runId, attempt };
      await step.run("begin", () => noteReconciling(store, toReconcilingContext(run)));

      const listed: number[] = [];
      for (let page = 1, hasMore = true; hasMore; page++) {
        const installations = await step.run(`list-installations-${page}`, () =>
          ask(async () => listInstallations(await github.forApp(), page)),
        );
        hasMore = installations.hasMore;
        listed.push(...installations.data.map(({ id }) => id));
        const events = installations.data.map((installation) => ({
          ...installationReconcile.create({
            ...reconcilingData,
            installationId: installation.id,
            installation,
          }),
          id: `${runId}:${installation.id}`,
        }));
        if (events.length > 0) await step.sendEvent(`reconcile-installations-${page}`, events);
      }
      await step.sendEvent("reconcile-public-repositories", {
        ...installationReconcile.create({ ...reconcilingData, installationId: null, installation: null }),
        id: `${runId}:token`,
      });

      const uninstalled = await step.run("find-uninstalled", () => ask(() => findUninstalled(listed)));
      for (let from = 0; from < uninstalled.length; from += sentAtOnce) {
        const events = uninstalled.slice(from, from + sentAtOnce).map((id) => ({
          ...installationChanged.create({
            ...reconcilingData,
            installationId: id,
            action: "deleted",
            installation: {
              id,
              account: null,
              repository_selection: null,
              created_at: longAgo,
              updated_at: longAgo,
              suspended_at: null,
            },
            added: [],
            removed: [],
          }),
          id: `${runId}:${id}:deleted`,
        }));
        await step.sendEvent(`end-uninstalled-${from}`, events);
      }

      await step.run("finish", () =>
        finishReconciling(store, toReconcilingContext(run), {
          checkpoint: name,
          settledUntil: null,
          askedFor: listed.length + uninstalled.length,
        }),
      );
    },
  );
}
