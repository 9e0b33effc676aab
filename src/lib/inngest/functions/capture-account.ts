import { getInstallation } from "../../github/list-installations.ts";
import { toAccounts } from "../../records/account.ts";
import { mergeAccountRename } from "../../store/titles.ts";
import { accountRenamed, type AccountRenamedData } from "../events.ts";
import {
  installationKey,
  priorityByUrgency,
  replicaWait,
  retries,
  toJobStep,
  type CaptureDependencies,
  type CaptureRun,
} from "../captures/capture.ts";
import { ask } from "../reconcile/reconcile.ts";

/** Captures the login of an installation's account, which is also the owner of its repositories. */
export function createCaptureAccount({ inngest, store, github }: CaptureDependencies) {
  type Run = CaptureRun<AccountRenamedData>;

  async function storeAnswer(
    run: Run,
    answer: AccountRenamedData["answer"],
    requests: number,
  ): Promise<void> {
    const { installationId, former } = run.event.data;
    const context = {
      installation_id: installationId,
      accounts: toAccounts([answer?.account ?? null]),
      observed_at: answer?.fetchedAt ?? new Date(github.now()).toISOString(),
      fetched_at: answer?.fetchedAt ?? null,
      job: toJobStep(run, { requests }),
    };
    await mergeAccountRename(store, context, former ?? null);
  }

  /** Fetches and stores the login. Returns false, and stores nothing, if a lagging replica may have answered. */
  async function resolve(run: Run, isLast: boolean): Promise<boolean> {
    const { installationId, former } = run.event.data;
    const found = await ask(async () => getInstallation(await github.forApp(), installationId));
    const account = found?.data.account;
    if (!isLast && account && account.login === former) return false;
    await storeAnswer(run, found && account ? { account, fetchedAt: found.date } : undefined, 1);
    return true;
  }

  return inngest.createFunction(
    {
      id: "capture-account",
      retries,
      priority: priorityByUrgency,
      concurrency: [{ key: installationKey, limit: 1 }],
      triggers: [accountRenamed],
    },
    async ({ event, runId, attempt, step }) => {
      const run = { event, runId, attempt };
      const { answer } = event.data;
      if (answer) {
        await step.run("store-account", () => storeAnswer(run, answer, 0));
      } else if (!(await step.run("ask-for-account", () => resolve(run, false)))) {
        await step.sleep("wait-for-replicas", replicaWait);
        await step.run("ask-for-account-again", () => resolve(run, true));
      }
    },
  );
}
