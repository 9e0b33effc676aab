import { listInstalledRepositories } from "../../github/list-installations.ts";
import { listNewestUpdates, repositoriesAtOnce } from "../../github/list-newest-updates.ts";
import type { GitHubInstallation, GitHubRepository } from "../../records/github-objects.ts";
import type { DifferentRepository } from "../../store/functions.ts";
import {
  compareInstallation,
  compareRepositories,
  finishReconciling,
  listPublicRepositories,
  noteReconciling,
} from "../../store/reconciling.ts";
import {
  installationChanged,
  installationReconcile,
  repositoryChanged,
  repositorySync,
  type CaptureEvent,
  type InstallationReconcileData,
} from "../events.ts";
import { installationLimit, priorityByUrgency, type CaptureDependencies } from "./capture.ts";
import { ask, reconcilingData, toReconcilingContext, type ReconcilingRun } from "./reconcile.ts";

interface NamedRepository {
  id: number;
  owner: string;
  name: string;
}

/** So many repositories of an installation are told of in one event; see the webhooks'. */
const toldAtOnce = 500;

/** Inngest takes 256 KiB, and adds something to what it is sent. */
const mostBytes = 200 * 1024;

/** What has changed while the last sync was being answered is walked again. */
const overlapMs = 10 * 60_000;

/**
 * Finds what an installation's webhooks should have told and have not: that it is there, or suspended; repositories added, removed or
 * renamed; pull requests opened or updated. It is told then, by the same events; updates are found again by a sync, no further back than
 * to the oldest that was missed.
 */
export function createReconcileInstallation({ inngest, store, github }: CaptureDependencies) {
  const name = installationReconcile.name;
  type Run = ReconcilingRun & { event: { data: InstallationReconcileData } };

  /** The installation's repositories, and the events that bring ours up to date with them. */
  async function compareWithListed(run: Run, installation: GitHubInstallation) {
    const client = await github.forInstallation(installation.id);
    const { data } = await listInstalledRepositories(client);
    const repositories = data.map(toInstalled);
    const differences = await compareInstallation(store, { id: installation.id, repositories });
    const { known, suspended, renamed } = differences;
    const events = [
      ...(known && !suspended
        ? toInstallationEvents(run, installation, "added", differences.added)
        : toInstallationEvents(run, installation, known ? "unsuspend" : "created", repositories)),
      ...toInstallationEvents(run, installation, "removed", differences.removed),
      ...data
        .filter((repository) => renamed.some((each) => each.id === repository.id))
        .map((repository) => toRenamedEvent(run, installation.id, repository)),
    ];
    return { repositories: repositories.map(toNamed), events };
  }

  async function findDifferent(run: Run, repositories: readonly NamedRepository[]) {
    const client = await github.forInstallation(run.installationId);
    const { updates, points } = await listNewestUpdates(client, repositories);
    await noteReconciling(store, toReconcilingContext(run, { points }));
    return compareRepositories(store, updates);
  }

  return inngest.createFunction(
    {
      id: "reconcile-installation",
      retries: 5,
      concurrency: [
        { key: 'event.data.installationId == null ? "token" : string(event.data.installationId)', limit: 1 },
        installationLimit,
      ],
      priority: priorityByUrgency,
      triggers: [installationReconcile],
    },
    async ({ event, runId, attempt, step }) => {
      const { installationId, installation } = event.data;
      const run: Run = { name, installationId, event, runId, attempt };
      await step.run("begin", () => noteReconciling(store, toReconcilingContext(run)));

      let repositories: NamedRepository[];
      let askedFor = 0;
      if (!installation) {
        repositories = await step.run("list-public-repositories", () => listPublicRepositories(store));
      } else if (installation.suspended_at === null) {
        const listed = await step.run("compare-installation", () =>
          ask(() => compareWithListed(run, installation)),
        );
        repositories = listed.repositories;
        askedFor += listed.events.length;
        for (const [index, told] of toBatches(listed.events).entries())
          await step.sendEvent(`tell-${index}`, told);
      } else {
        repositories = []; // of which GitHub answers nothing now
        const { suspended } = await step.run("compare-suspended", () =>
          compareInstallation(store, { id: installation.id, repositories: [] }),
        );
        if (!suspended) {
          await step.sendEvent("tell-suspended", toInstallationEvents(run, installation, "suspend", []));
        }
      }

      for (let from = 0; from < repositories.length; from += repositoriesAtOnce) {
        const some = repositories.slice(from, from + repositoriesAtOnce);
        const different = await step.run(`compare-repositories-${from}`, () =>
          ask(() => findDifferent(run, some)),
        );
        askedFor += different.length;
        if (different.length > 0) {
          await step.sendEvent(
            `send-syncs-${from}`,
            different.map((each) => toSyncEvent(run, each)),
          );
        }
      }

      await step.run("finish", () =>
        finishReconciling(store, toReconcilingContext(run), {
          checkpoint: null,
          settledUntil: null,
          askedFor,
        }),
      );
    },
  );
}

/** Together as many as Inngest takes in one request on its free plan. */
function toBatches(events: readonly CaptureEvent[]): CaptureEvent[][] {
  const batches: CaptureEvent[][] = [];
  let bytes = Infinity;
  for (const event of events) {
    const size = Buffer.byteLength(JSON.stringify(event));
    bytes += size;
    if (bytes > mostBytes) {
      batches.push([]);
      bytes = size;
    }
    batches.at(-1)?.push(event);
  }
  return batches;
}

function toInstalled({ id, owner, name, private: isPrivate }: GitHubRepository) {
  return { id, owner: owner.login, name, private: isPrivate };
}

function toNamed({ id, owner, name }: NamedRepository): NamedRepository {
  return { id, owner, name };
}

/** Tells of an installation as its webhook would have. */
function toInstallationEvents(
  { runId }: ReconcilingRun,
  installation: GitHubInstallation,
  action: "created" | "added" | "removed" | "suspend" | "unsuspend",
  repositories: readonly ReturnType<typeof toInstalled>[],
): CaptureEvent[] {
  const isOfRepositories = action === "added" || action === "removed";
  const parts = Math.max(Math.ceil(repositories.length / toldAtOnce), isOfRepositories ? 0 : 1);
  return Array.from({ length: parts }, (_, part) => {
    const listed = repositories.slice(part * toldAtOnce, (part + 1) * toldAtOnce);
    const told = installationChanged.create({
      ...reconcilingData,
      installationId: installation.id,
      action,
      installation,
      added: action === "removed" ? [] : listed,
      removed: action === "removed" ? listed : [],
    });
    return { name: told.name, data: told.data, id: `${runId}:${action}:${part}` };
  });
}

function toRenamedEvent(
  { runId }: ReconcilingRun,
  installationId: number,
  observed: GitHubRepository,
): CaptureEvent {
  const { id, owner, name } = observed;
  const told = repositoryChanged.create({
    ...reconcilingData,
    repository: { id, owner: owner.login, name },
    installationId,
    deleted: false,
    transferred: false,
    observed,
  });
  return { name: told.name, data: told.data, id: `${runId}:renamed:${id}` };
}

function toSyncEvent(
  { runId }: ReconcilingRun,
  { repository, installation_id: installationId, since }: DifferentRepository,
): CaptureEvent {
  const back = since && new Date(Date.parse(since) - overlapMs).toISOString();
  const sync = repositorySync.create({
    ...reconcilingData,
    repository,
    installationId,
    priority: "medium",
    ...(back && { since: back }),
  });
  return { name: sync.name, data: sync.data, id: `${runId}:sync:${repository.id}` };
}
