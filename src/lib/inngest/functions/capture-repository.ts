import { LaggingReplicaError } from "../../github/errors.ts";
import { getRepository } from "../../github/get-repository.ts";
import { toInngestError } from "../../github/to-inngest-error.ts";
import type { GitHubRepository } from "../../records/github-objects.ts";
import { toRepository } from "../../records/to-repository.ts";
import { mergeRepository } from "../../store/repositories.ts";
import { repositoryChanged, type RepositoryChangedData } from "../events.ts";
import type { InstallationOptions } from "./capture-installation.ts";
import {
  afterSecondOf,
  askGitHub,
  priorityByUrgency,
  retries,
  toContext,
  type CaptureDependencies,
  type CaptureRun,
} from "./capture.ts";
import { sendSyncs, settleWhereInstalled } from "./settle-installed.ts";

/** Keeps what GitHub tells of a repository itself. GitHub is asked where two changes of one second differ, and after a transfer. */
export function createCaptureRepository({
  inngest,
  store,
  github,
  backfillDays,
  purgeOnUninstall,
}: CaptureDependencies & InstallationOptions) {
  type Run = CaptureRun<RepositoryChangedData>;

  async function merge(run: Run, repository: GitHubRepository, fetchedAt?: string) {
    const { deleted, transferred } = run.event.data;
    const context = toContext(run, {
      observedAt: fetchedAt ?? repository.updated_at,
      source: fetchedAt ? "fetch" : "payload",
      repository: { owner: repository.owner.login, name: repository.name },
      requests: fetchedAt ? 1 : 0,
    });
    return mergeRepository(store, context, {
      repository: toRepository(repository),
      deleted,
      asked: transferred,
      purge: purgeOnUninstall,
    });
  }

  /** Asks GitHub, unless another of the burst has done so while this one waited. */
  async function settle(run: Run): Promise<void> {
    if ((await merge(run, run.event.data.observed)) !== "unsettled") return;
    const { id } = run.event.data.repository;
    const { data, date } = await askGitHub(github, run, (client) => getRepository(client, id));
    if ((await merge(run, data, date)) === "older") {
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
      const { observed, repository, transferred } = event.data;

      const outcome = await step.run("store-observed-repository", () => merge(run, observed));
      if (outcome === "unsettled" || transferred) {
        await step.sleepUntil("wait-for-the-second-to-end", afterSecondOf(observed.updated_at));
      }
      if (outcome === "unsettled") await step.run("settle-repository", () => settle(run));
      if (transferred) {
        const sync = await step.run("settle-installation", () =>
          settleWhereInstalled({ store, github }, run, repository, true),
        );
        if (sync) await sendSyncs(step, run, [sync], backfillDays);
      }
    },
  );
}
