import { toBatches } from "./batches.ts";
import {
  createEvent,
  installationChanged,
  type CaptureEvent,
  type InstallationChangedData,
} from "../events.ts";

/** A repository takes up to 200 bytes, and Inngest accepts events of 256 KiB on its free plan. */
const repositoryBatchSize = 500;

/**
 * The events of one change of an installation: one, or several when it lists very many repositories. Their effects add up. `toId` gets the
 * event's index.
 */
export function toInstallationEvents(
  change: InstallationChangedData,
  toId: (part: number) => string,
): CaptureEvent[] {
  const added = toBatches(change.added, repositoryBatchSize);
  const removed = toBatches(change.removed, repositoryBatchSize);
  return Array.from({ length: Math.max(added.length, removed.length, 1) }, (_, part) =>
    createEvent(installationChanged, toId(part), {
      ...change,
      added: added[part] ?? [],
      removed: removed[part] ?? [],
    }),
  );
}
