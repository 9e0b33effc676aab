import type { CaptureDependencies } from "../captures/capture.ts";
import { sendFromStep } from "../captures/send-from-step.ts";
import { repositoriesReconcile } from "../events.ts";
import { toDurableTools } from "../reconcile/reconcile.ts";
import { createRepositoriesReconciler } from "../reconcile/repositories.ts";

/** Compares all installations with GitHub, when a look found a difference or an operator requests it. */
export function createReconcileRepositories(dependencies: CaptureDependencies) {
  const reconcile = createRepositoriesReconciler(dependencies);
  return dependencies.inngest.createFunction(
    {
      id: "reconcile-repositories",
      retries: 5,
      concurrency: [{ limit: 1 }],
      triggers: [repositoriesReconcile],
    },
    ({ event, runId, attempt, step }) => {
      const run = { event, runId, attempt };
      return reconcile(run, {
        ...toDurableTools(dependencies.store, run, step),
        reconcileInstallations: (id, events) => sendFromStep(step, id, events),
      });
    },
  );
}
