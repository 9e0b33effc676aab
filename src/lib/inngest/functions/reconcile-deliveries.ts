import type { Inngest } from "inngest";
import { deliveriesReconcile } from "../events.ts";
import { createDeliveriesReconciler, type DeliveryDependencies } from "../reconcile/deliveries.ts";
import { toDurableTools } from "../reconcile/reconcile.ts";

/** Redelivers undelivered webhooks, when a look found some or an operator requests it. */
export function createReconcileDeliveries(dependencies: DeliveryDependencies & { inngest: Inngest }) {
  const reconcile = createDeliveriesReconciler(dependencies);
  return dependencies.inngest.createFunction(
    { id: "reconcile-deliveries", retries: 5, concurrency: [{ limit: 1 }], triggers: [deliveriesReconcile] },
    ({ event, runId, attempt, step }) => {
      const run = { event, runId, attempt };
      return reconcile(run, toDurableTools(dependencies.store, run, step));
    },
  );
}
