/** Finds renames that move no `updated_at`: of labels, milestones, and the account that the App is installed on. */
import type { GitHubClient } from "../../github/github-client.ts";
import { listTitles } from "../../github/list-titles.ts";
import type { GitHubInstallation } from "../../records/installation.ts";
import type { DifferentTitles } from "../../store/repository-types.ts";
import type { Store } from "../../store/store.ts";
import { compareTitles, knowsAccount } from "../../store/titles.ts";
import {
  accountRenamed,
  createEvent,
  titlesChanged,
  type CaptureEvent,
  type InstallationReconcileData,
} from "../events.ts";
import { toBatches } from "../events/batches.ts";
import { reconcilingData, type ReconcilingRun, type ReconcilingTools } from "./reconcile.ts";

/** GitHub answers at most 100 node ids in one query. */
const requestBatchSize = 100;

/** Events for the labels and milestones of up to 50 repositories that differ from GitHub's. Costs one point if nothing differs. */
export async function findDifferentTitles(
  store: Store,
  client: GitHubClient,
  run: ReconcilingRun,
  { record }: Pick<ReconcilingTools, "record">,
  repositories: readonly { owner: string; name: string }[],
): Promise<CaptureEvent[]> {
  const { titles, points } = await listTitles(client, repositories);
  await record({ points });
  const different = await compareTitles(store, titles);
  return different.flatMap((each) => toTitlesEvents(run, each));
}

/**
 * Milestones are stored as listed. Labels are fetched again by id: a list without an id proves only that GitHub lists the label under another
 * form of the id, or not at all.
 */
export function toTitlesEvents(
  { runId }: Pick<ReconcilingRun, "runId">,
  { repository, installation_id: installationId, fetched_at: fetchedAt, labels, milestones }: DifferentTitles,
): CaptureEvent[] {
  const batches = toBatches(labels, requestBatchSize);
  return Array.from({ length: Math.max(1, batches.length) }, (_, part) =>
    createEvent(titlesChanged, `${runId}:titles:${repository.id}:${part}`, {
      ...reconcilingData,
      repository,
      installationId,
      observed: part > 0 ? [] : milestones.map((milestone) => toMilestoneTitle(milestone, fetchedAt)),
      toFetch: (batches[part] ?? []).map((id) => ({ kind: "label" as const, key: id, node_id: id })),
      fetchedAt,
    }),
  );
}

function toMilestoneTitle({ number, title }: DifferentTitles["milestones"][number], fetchedAt: string) {
  return { kind: "milestone" as const, key: String(number), title, seen_at: fetchedAt };
}

/** An event for an installation's account if its login differs from the row's. */
export async function findRenamedAccount(
  store: Store,
  { runId, event }: ReconcilingRun & { event: { data: InstallationReconcileData } },
  { id: installationId, account }: GitHubInstallation,
): Promise<CaptureEvent[]> {
  const { fetchedAt } = event.data;
  if (account?.login === undefined || !fetchedAt) return [];
  if (await knowsAccount(store, { id: account.id, login: account.login })) return [];
  return [
    createEvent(accountRenamed, `${runId}:account:${installationId}`, {
      ...reconcilingData,
      installationId,
      answer: { account, fetchedAt },
    }),
  ];
}
