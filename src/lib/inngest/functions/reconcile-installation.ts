import {
  installationKey,
  toInstallationLimit,
  priorityByUrgency,
  type CaptureDependencies,
} from "../captures/capture.ts";
import { installationReconcile } from "../events.ts";
import { createInstallationReconciler } from "../reconcile/installation.ts";
import { toDurableTools } from "../reconcile/reconcile.ts";

/** Compares one installation with GitHub, when a look found a difference or an operator requests it. */
export function createReconcileInstallation(dependencies: CaptureDependencies) {
  const reconcile = createInstallationReconciler(dependencies);
  return dependencies.inngest.createFunction(
    {
      id: "reconcile-installation",
      retries: 5,
      concurrency: [{ key: installationKey, limit: 1 }, toInstallationLimit(dependencies.concurrency)],
      priority: priorityByUrgency,
      triggers: [installationReconcile],
    },
    ({ event, runId, attempt, step }) => {
      const run = { event, runId, attempt };
      return reconcile(run, toDurableTools(dependencies.store, run, step));
    },
  );
}
