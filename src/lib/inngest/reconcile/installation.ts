import { getRepositoryInstallation } from "../../github/get-repository.ts";
import { listInstalledRepositories } from "../../github/list-installations.ts";
import { listNewestUpdates, repositoryBatchSize } from "../../github/list-newest-updates.ts";
import type { GitHubInstallation } from "../../records/installation.ts";
import type { GitHubRepository } from "../../records/repository.ts";
import type {
  DifferentRepository,
  InstalledRepository,
  ListedRepository,
} from "../../store/repository-types.ts";
import { compareInstallation, compareRepositories } from "../../store/reconciling.ts";
import {
  createEvent,
  repositoryChanged,
  repositorySync,
  type CaptureEvent,
  type InstallationReconcileData,
} from "../events.ts";
import { toInstallationEvents } from "../events/installation-events.ts";
import { toBatches } from "../events/batches.ts";
import { toSyncStart } from "../events/sync-start.ts";
import { type CaptureDependencies } from "../captures/capture.ts";
import { sendFromStep } from "../captures/send-from-step.ts";
import { comparePublicRepositories } from "./public-repositories.ts";
import { findDifferentTitles, findRenamedAccount } from "./title-events.ts";
import { throwFailures } from "../captures/capture-listing.ts";
import { ask, reconcilingData, type ReconcilingRun, type ReconcilingTools } from "./reconcile.ts";

/** A run for one installation, or, if its id is null, for the public repositories that GITHUB_TOKEN reads. */
export type InstallationRun = ReconcilingRun & { event: { data: InstallationReconcileData } };

interface NamedRepository {
  id: number;
  owner: string;
  name: string;
}

/** Absent repositories confirmed in one run, within the time of a serverless function. The next run confirms more. */
const maxConfirmed = 50;

/**
 * Finds changes of an installation whose webhooks were lost: that it was installed or suspended; repositories that were added, removed, renamed or changed;
 * pull requests that were opened or updated; labels and milestones that were renamed. Sends the events that the webhooks would have become, and a
 * sync for what moved since the last one.
 */
export function createInstallationReconciler({
  store,
  github,
}: Pick<CaptureDependencies, "store" | "github">) {
  /** Lists the installation's repositories, and returns events for those that differ from ours. */
  async function compareWithListed(run: InstallationRun, installation: GitHubInstallation) {
    const client = await github.forInstallation(installation.id);
    const { data, date, unreadable } = await listInstalledRepositories(client, run.attempt);
    const repositories = data.map(toInstalled);
    const differences = await compareInstallation(store, {
      id: installation.id,
      repositories: data.map(toListed),
    });
    const { known, suspended, changed } = differences;
    const events = [
      ...(known && !suspended
        ? toChangeEvents(run, installation, "added", differences.added)
        : toChangeEvents(run, installation, known ? "unsuspend" : "created", repositories)),
      ...toChangeEvents(run, installation, "removed", await findRemoved(installation, differences.removed)),
      ...data
        .filter((repository) => changed.some((each) => each.id === repository.id))
        .map((repository) => toChangedEvent(run, installation.id, repository, date)),
      ...(await findRenamedAccount(store, run, installation)),
    ];
    return {
      repositories: repositories.map(toNamed),
      events,
      problems: unreadable.map(({ message }) => message),
    };
  }

  /**
   * Returns the repositories that the installation no longer has, as GitHub answers for each. Absence from the list is no proof: the list shifts
   * when another repository is removed while it is read.
   */
  async function findRemoved(
    { id }: GitHubInstallation,
    absent: readonly InstalledRepository[],
  ): Promise<InstalledRepository[]> {
    if (absent.length === 0) return [];
    const app = await github.forApp();
    const removed: InstalledRepository[] = [];
    for (const repository of absent.slice(0, maxConfirmed)) {
      const { data: found } = await getRepositoryInstallation(app, repository.id);
      if (found?.id !== id) removed.push(repository);
    }
    return removed;
  }

  async function findDifferent(
    run: InstallationRun,
    { record }: ReconcilingTools,
    repositories: readonly NamedRepository[],
  ) {
    const client = await github.forInstallation(run.event.data.installationId);
    const { states, points } = await listNewestUpdates(
      client,
      repositories,
      run.event.data.installationId !== null,
    );
    await record({ points });
    return compareRepositories(store, states, run.event.data.inventory ?? false);
  }

  return async (run: InstallationRun, tools: ReconcilingTools): Promise<void> => {
    const { installationId, installation } = run.event.data;
    const { step } = tools;
    /** Sends events of changes that GitHub did not announce. */
    const send = async (id: string, events: readonly CaptureEvent[]) => {
      if (events.length > 0) tools.startWork();
      await sendFromStep(step, id, events);
    };
    await step.run("begin", () => tools.record());

    let repositories: NamedRepository[];
    const problems: string[] = [];
    let askedFor = 0;
    if (!installation) {
      const { named, changed } = await step.run("compare-public-repositories", () =>
        ask(() => comparePublicRepositories(store, () => github.forInstallation(null), tools)),
      );
      repositories = named;
      askedFor += changed.length;
      await send(
        "send-changes",
        changed.map(({ repository, date }) => toChangedEvent(run, null, repository, date)),
      );
    } else if (!installation.suspended_at) {
      const listed = await step.run("compare-installation", () =>
        ask(() => compareWithListed(run, installation)),
      );
      repositories = listed.repositories;
      problems.push(...listed.problems);
      askedFor += listed.events.length;
      await send("send-changes", listed.events);
    } else {
      repositories = []; // GitHub does not answer for a suspended installation
      const { suspended } = await step.run("compare-suspended", () =>
        compareInstallation(store, { id: installation.id, repositories: [] }),
      );
      if (!suspended) {
        await send("send-suspension", toChangeEvents(run, installation, "suspend", []));
      }
    }

    for (const [index, batch] of toBatches(repositories, repositoryBatchSize).entries()) {
      const syncs = await step.run(`compare-repositories-${index}`, () =>
        ask(() => findDifferent(run, tools, batch)),
      );
      askedFor += syncs.length;
      await send(
        `send-syncs-${index}`,
        syncs.map((each) => toSyncEvent(run, each)),
      );
      const titles = await step.run(`compare-titles-${index}`, () =>
        ask(async () =>
          findDifferentTitles(store, await github.forInstallation(installationId), run, tools, batch),
        ),
      );
      askedFor += titles.length;
      await send(`send-titles-${index}`, titles);
    }

    if (problems.length > 0) tools.startWork();
    await step.run("finish", () =>
      tools.finish({
        checkpoint: null,
        processedUntil: null,
        askedFor,
      }),
    );
    throwFailures([], problems);
  };
}

function toInstalled({ id, owner, name, private: isPrivate }: GitHubRepository): InstalledRepository {
  return { id, owner: owner.login, name, private: isPrivate };
}

function toListed(repository: GitHubRepository): ListedRepository {
  const { archived, default_branch } = repository;
  return { ...toInstalled(repository), archived, default_branch };
}

function toNamed({ id, owner, name }: NamedRepository): NamedRepository {
  return { id, owner, name };
}

/** The events of a change that no webhook announced. None when no repository was added or removed. */
function toChangeEvents(
  { runId, event }: ReconcilingRun & { event: { data: InstallationReconcileData } },
  installation: GitHubInstallation,
  action: "created" | "added" | "removed" | "suspend" | "unsuspend",
  repositories: readonly InstalledRepository[],
): CaptureEvent[] {
  if ((action === "added" || action === "removed") && repositories.length === 0) return [];
  const change = {
    ...reconcilingData,
    installationId: installation.id,
    action,
    installation,
    added: action === "removed" ? [] : [...repositories],
    removed: action === "removed" ? [...repositories] : [],
    fetchedAt: event.data.fetchedAt,
  };
  return toInstallationEvents(change, (part) => `${runId}:${action}:${part}`);
}

function toChangedEvent(
  { runId }: ReconcilingRun,
  installationId: number | null,
  observed: GitHubRepository,
  fetchedAt: string,
): CaptureEvent {
  const { id, owner, name } = observed;
  return createEvent(repositoryChanged, `${runId}:changed:${id}`, {
    ...reconcilingData,
    repository: { id, owner: owner.login, name },
    installationId,
    deleted: false,
    transferred: false,
    observed,
    fetchedAt,
  });
}

function toSyncEvent(
  { runId }: ReconcilingRun,
  { repository, installation_id: installationId, since, inventory }: DifferentRepository,
): CaptureEvent {
  const from = since && toSyncStart(since);
  return createEvent(repositorySync, `${runId}:sync:${repository.id}`, {
    ...reconcilingData,
    repository,
    installationId,
    priority: "medium",
    scope: "changed",
    inventory,
    ...(from && { since: from }),
  });
}
