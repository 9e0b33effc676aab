import { LaggingReplicaError } from "../../github/errors.ts";
import { getRepository } from "../../github/get-repository.ts";
import { toInngestError } from "../../github/to-inngest-error.ts";
import { type GitHubRepository, toRepository } from "../../records/repository.ts";
import { mergeRepository } from "../../store/repositories.ts";
import { repositoryChanged, type RepositoryChangedData } from "../events.ts";
import type { InstallationOptions } from "./capture-installation.ts";
import {
  sleepUntilSecondIsOver,
  askGitHub,
  priorityByUrgency,
  retries,
  toContext,
  type CaptureDependencies,
  type CaptureRun,
} from "../captures/capture.ts";
import { sendSyncs, resolveWhereInstalled } from "../captures/resolve-installed.ts";

/** Captures the repository itself. Asks GitHub if two changes of one second differ, and after a transfer. */
export function createCaptureRepository({
  inngest,
  store,
  github,
  backfillDays,
  purgeOnUninstall,
}: CaptureDependencies & InstallationOptions) {
  type Run = CaptureRun<RepositoryChangedData>;

  async function merge(run: Run, repository: GitHubRepository, fetchedAt?: string, requests = 0) {
    const { deleted, transferred } = run.event.data;
    const context = toContext(run, {
      observedAt: fetchedAt ?? repository.updated_at,
      source: fetchedAt ? "fetch" : "payload",
      repository: { owner: repository.owner.login, name: repository.name },
      requests,
    });
    return mergeRepository(store, context, {
      repository: toRepository(repository),
      deleted,
      asked: transferred,
      purge: purgeOnUninstall,
    });
  }

  /** Asks GitHub, unless another capture of the burst did so while this one waited. */
  async function resolve(run: Run): Promise<void> {
    const { observed, fetchedAt } = run.event.data;
    if ((await merge(run, observed, fetchedAt)) !== "ambiguous") return;
    const { id } = run.event.data.repository;
    const { data, date } = await askGitHub(github, run, (client) => getRepository(client, id));
    if ((await merge(run, data, date, 1)) === "older") {
      throw toInngestError(new LaggingReplicaError("GitHub shows an older repository than before."));
    }
  }

  return inngest.createFunction(
    {
      id: "capture-repository",
      retries,
      priority: priorityByUrgency,
      concurrency: [{ key: "string(event.data.repository.id)", limit: 1 }],
      triggers: [repositoryChanged],
    },
    async ({ event, runId, attempt, step }) => {
      const run = { event, runId, attempt };
      const { observed, repository, transferred, fetchedAt } = event.data;

      const outcome = await step.run("store-observed-repository", () => merge(run, observed, fetchedAt));
      if (outcome === "ambiguous" || transferred) {
        await sleepUntilSecondIsOver(step, "wait-for-the-second-to-end", observed.updated_at, github);
      }
      if (outcome === "ambiguous") await step.run("resolve-repository", () => resolve(run));
      if (transferred) {
        const sync = await step.run("resolve-installation", () =>
          resolveWhereInstalled({ store, github }, run, repository, true),
        );
        if (sync) await sendSyncs(step, run, [sync], backfillDays);
      }
    },
  );
}
