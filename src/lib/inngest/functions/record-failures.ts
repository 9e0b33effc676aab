import { eventType, type Logger } from "inngest";
import { z } from "zod";
import { failJob } from "../../store/jobs.ts";
import { retries, type CaptureDependencies } from "../captures/capture.ts";
import { toDeliveryId } from "../events/event-ids.ts";
import { toJobOfRun } from "../job-of-run.ts";

const id = "record-failures";

/** Inngest's event about a run that is out of retries. https://www.inngest.com/docs/reference/system-events/inngest-function-failed */
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

export type RecordFailuresDependencies = Pick<CaptureDependencies, "inngest" | "store"> & { log: Logger };

/** Errors that we throw on purpose. Their message is enough, so they are logged without a stack. */
const expected = ["NonRetriableError", "RetryAfterError", "CapturesStoppedError"];

/**
 * Ends the job of each run that is out of retries: as failed, or as cancelled if captures have stopped. It is not an `onFailure`, which Inngest
 * tries only twice, because the cause, such as an outage of the database, may last.
 */
export function createRecordFailures({ inngest, store, log }: RecordFailuresDependencies) {
  async function record(failure: Failure, attempt: number): Promise<void> {
    const { run_id: runId, error, event } = failure;
    const job = toJobOfRun({ event, runId, attempt });
    if (job) await failJob(store, job.context, { error: toJobError(error), event: job.data });
  }

  /** Inngest's id of a function is that of its app and its own. */
  const ofThisApp = `${inngest.id}-`;

  return inngest.createFunction(
    {
      id,
      retries,
      triggers: [{ event: functionFailed, if: `event.data.function_id != "${ofThisApp}${id}"` }],
    },
    async ({ event: { data }, attempt, step }) => {
      if (!data.function_id.startsWith(ofThisApp)) return; // a function of another app, which may have the same event
      await step.run("record-failure", async () => {
        if (attempt === 0) log.error(toLogged(data), "A run failed"); // once, even while the database is down
        await record(data, attempt);
      });
    },
  );
}

function toLogged({ function_id, run_id, error, event }: Failure) {
  const delivery = toDeliveryId(event.id ?? "");
  return {
    ...(delivery !== null && { delivery }),
    function: function_id,
    event: event.id ?? run_id,
    error: error.message,
    ...(!expected.includes(error.name ?? "") && error.stack && { stack: error.stack }),
  };
}

function toJobError({ name = "Error", message = "Unknown reason.", stack = null }: Failure["error"]) {
  return { name, message, stack };
}
