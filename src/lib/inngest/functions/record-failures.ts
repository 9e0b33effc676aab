import { eventType } from "inngest";
import { z } from "zod";
import { failJob } from "../../store/jobs.ts";
import { deliveriesReconcile, installationReconcile, repositoriesReconcile } from "../events.ts";
import { retries, toJobStep, type CaptureDependencies, type CaptureRun, type JobTarget } from "./capture.ts";
import { toReconcilingContext } from "./reconcile.ts";

const id = "record-failures";

/** Inngest's own, about a run that is out of retries. https://www.inngest.com/docs/reference/system-events/inngest-function-failed */
const functionFailed = eventType("inngest/function.failed", {
  schema: z.object({
    function_id: z.string(),
    run_id: z.string(),
    error: z.object({
      name: z.string().optional(),
      message: z.string().optional(),
      stack: z.string().nullish(),
    }),
    event: z.object({
      id: z.string().optional(),
      name: z.string(),
      data: z.record(z.string(), z.unknown()).nullish(),
    }),
  }),
});

type Failure = z.output<typeof functionFailed.schema>;

/** Reconcilers run by the clock too: the event that asks for a run of each. */
const reconcilers: Record<string, string> = {
  "pr-capture-reconcile-deliveries": deliveriesReconcile.name,
  "pr-capture-reconcile-repositories": repositoriesReconcile.name,
  "pr-capture-reconcile-installation": installationReconcile.name,
};

/**
 * Ends the job of every run that is out of retries: it failed, or was cancelled where captures have stopped. A function of its own, and not
 * `onFailure`, of which Inngest gives up after two tries: what a run failed of, an outage of the database say, may last.
 */
export function createRecordFailures({ inngest, store }: Pick<CaptureDependencies, "inngest" | "store">) {
  async function failCapture({ run_id, error, event }: Failure, attempt: number): Promise<void> {
    const data = event.data as unknown as JobTarget & { from?: { job: string } };
    // A sync that went on in another run has the job of the first.
    const failed: CaptureRun<JobTarget>["event"] = {
      ...event,
      id: data.from?.job ?? event.id ?? run_id,
      data,
    };
    const { repository, installationId } = data;
    const context = {
      ...(repository && { repository: { ...repository, seen_at: null } }),
      installation_id: installationId,
      job: toJobStep({ event: failed, runId: run_id, attempt }),
    };
    await failJob(store, context, {
      error: toJobError(error),
      event: { ...event.data },
    });
  }

  async function failReconciler(
    name: string,
    { run_id, error, event }: Failure,
    attempt: number,
  ): Promise<void> {
    const installationId = Number(event.data?.["installationId"]) || null;
    const run = { name, installationId, event: { ...event, id: event.id ?? run_id }, runId: run_id, attempt };
    const context = toReconcilingContext(run);
    const { reason, priority } = context.job;
    const asked = event.name === name ? event.data : {};
    await failJob(store, context, {
      error: toJobError(error),
      event: { reason, priority, ...asked },
    });
  }

  return inngest.createFunction(
    {
      id,
      retries,
      triggers: [{ event: functionFailed, if: `event.data.function_id != "pr-capture-${id}"` }],
    },
    async ({ event: { data }, attempt, step }) => {
      inngest.logger.error(
        { function: data.function_id, event: data.event.id, error: data.error.message },
        "A run failed",
      );
      await step.run("record-failure", async () => {
        const reconciler = reconcilers[data.function_id];
        if (reconciler) return failReconciler(reconciler, data, attempt);
        if (data.event.name.startsWith("capture/")) return failCapture(data, attempt);
      });
    },
  );
}

function toJobError({ name = "Error", message = "No reason is known.", stack = null }: Failure["error"]) {
  return { name, message, stack };
}
