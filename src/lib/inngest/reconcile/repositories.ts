import { installationsOfApp, isUninstalled } from "../../github/list-installations.ts";
import {
  listStart,
  readPage,
  type ListPage,
  type ListPosition,
  type UnreadableItem,
} from "../../github/read-page.ts";
import type { GitHubInstallation } from "../../records/installation.ts";
import { throwFailures } from "../captures/capture-listing.ts";
import { listKnownInstallations } from "../../store/reconciling.ts";
import {
  createEvent,
  installationChanged,
  installationReconcile,
  repositoriesReconcile,
  type CaptureEvent,
} from "../events.ts";
import type { CaptureDependencies } from "../captures/capture.ts";
import { sendFromStep } from "../captures/send-from-step.ts";
import { ask, reconcilingData, type ReconcilingRun, type ReconcilingTools } from "./reconcile.ts";

/** The time of an uninstalled installation, which GitHub no longer shows: older than any known time. */
const longAgo = new Date(0).toISOString();

export interface RepositoriesTools extends ReconcilingTools {
  /** Sends the events that start a reconciler for each installation. A look reconciles each in this process. */
  reconcileInstallations: (id: string, events: readonly CaptureEvent[]) => Promise<void>;
}

/**
 * Compares all installations with GitHub: lists where the App is installed, ends installations whose uninstall webhook was lost, and starts a
 * reconciler for each installation, so that none waits for the rate limit of another.
 */
export function createRepositoriesReconciler({
  store,
  github,
}: Pick<CaptureDependencies, "store" | "github">) {
  const name = repositoriesReconcile.name;

  /** Known installations that GitHub does not list. Each is requested by itself, since absence from a list is no proof. */
  async function findUninstalled(listed: readonly number[]): Promise<number[]> {
    const client = await github.forApp();
    const uninstalled: number[] = [];
    for (const id of await listKnownInstallations(store)) {
      if (!listed.includes(id) && (await isUninstalled(client, id))) uninstalled.push(id);
    }
    return uninstalled;
  }

  return async (
    run: ReconcilingRun,
    { step, startWork, record, finish, reconcileInstallations }: RepositoriesTools,
  ): Promise<void> => {
    // A manual run includes the complete inventory, which otherwise is daily.
    const inventory = Object(run.event.data).reason === "manual";
    await step.run("begin", () => record());

    const listed: number[] = [];
    const unreadable: UnreadableItem[] = [];
    let position: ListPosition | null = listStart;
    for (let page = 1; position; page++) {
      const from: ListPosition = position;
      const installations: ListPage<GitHubInstallation> = await step.run(`list-installations-${page}`, () =>
        ask(async () => readPage(await github.forApp(), installationsOfApp, from, run.attempt), run.attempt),
      );
      position = installations.next;
      unreadable.push(...installations.unreadable);
      listed.push(...installations.data.map(({ id }) => id));
      const events = installations.data.map((installation) =>
        createEvent(installationReconcile, `${run.runId}:${installation.id}`, {
          ...reconcilingData,
          installationId: installation.id,
          installation,
          fetchedAt: installations.date,
          inventory,
        }),
      );
      await reconcileInstallations(`reconcile-installations-${page}`, events);
    }
    const publicRepositories = createEvent(installationReconcile, `${run.runId}:token`, {
      ...reconcilingData,
      installationId: null,
      installation: null,
      inventory,
    });
    await reconcileInstallations("reconcile-public-repositories", [publicRepositories]);

    const uninstalled = await step.run("find-uninstalled", () => ask(() => findUninstalled(listed)));
    const deletions = uninstalled.map((id) =>
      createEvent(installationChanged, `${run.runId}:${id}:deleted`, {
        ...reconcilingData,
        installationId: id,
        action: "deleted",
        installation: { id, created_at: longAgo, updated_at: longAgo, suspended_at: null },
        added: [],
        removed: [],
      }),
    );
    if (deletions.length + unreadable.length > 0) startWork();
    await sendFromStep(step, "delete-uninstalled", deletions);

    await step.run("finish", () =>
      finish({
        checkpoint: name,
        processedUntil: null,
        askedFor: listed.length + uninstalled.length,
      }),
    );
    throwFailures(
      [],
      unreadable.map(({ message }) => message),
    );
  };
}
