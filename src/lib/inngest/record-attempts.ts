import { Middleware, RetryAfterError, type Logger } from "inngest";
import { recordAttempt, recordRecovery } from "../store/jobs.ts";
import type { Store } from "../store/store.ts";
import { toDeliveryId } from "./events/event-ids.ts";
import { toJobOfRun, type FunctionRun, type JobOfRun } from "./job-of-run.ts";

/** How long a failed attempt waits for its record. The database may be what failed. */
const maxWaitMs = 3_000;

interface FailedAttempt {
  ctx: Middleware.OnRunErrorArgs["ctx"];
  fn: Middleware.OnRunErrorArgs["fn"];
  error: Error;
  isFinalAttempt: boolean;
}

/**
 * Middleware for the Inngest client. It records each failed attempt in its job, and logs one line. A record that the database does not store in
 * time is skipped. The `record-failures` function handles runs that are out of retries.
 */
export function createRecordAttempts({ store, log }: { store: Store; log: Logger }): Middleware.Class {
  async function record(attempt: FailedAttempt): Promise<number | null> {
    const { name, message, stack = null } = attempt.error;
    return tryToRecord(attempt, ({ context }) =>
      recordAttempt(store, context, {
        error: { name, message, stack },
        nextAttemptAt: toNextAttempt(attempt.error),
        final: attempt.isFinalAttempt,
      }),
    );
  }

  async function recover(succeeded: Pick<FailedAttempt, "ctx" | "fn">): Promise<void> {
    if (succeeded.ctx.attempt === 0) return;
    await tryToRecord(succeeded, ({ context }) => recordRecovery(store, context.job.event_id));
  }

  return class RecordAttempts extends Middleware.BaseMiddleware {
    readonly id = "pr-capture:record-attempts";

    /** A step that is out of retries is not logged: the run fails next, or its function handles the error. */
    override async onStepError(failed: Middleware.OnStepErrorArgs) {
      const job = await record(failed);
      if (!failed.isFinalAttempt) log.warn(toLogged(failed, job), "An attempt failed and is retried");
    }

    /** Errors that a function throws outside its steps. */
    override async onRunError(failed: Middleware.OnRunErrorArgs) {
      const isRecorder = failed.fn.id() === "record-failures";
      if (failed.isFinalAttempt && !isRecorder) return; // the record-failures function records it
      const job = await record(failed);
      if (failed.isFinalAttempt) log.error(toLogged(failed, job), "Could not record a failed run");
      else log.warn(toLogged(failed, job), "An attempt failed and is retried");
    }

    override onStepComplete(succeeded: Middleware.OnStepCompleteArgs) {
      return recover(succeeded);
    }

    override onRunComplete(succeeded: Middleware.OnRunCompleteArgs) {
      return recover(succeeded);
    }
  };
}

function toFunctionRun({ ctx }: Pick<FailedAttempt, "ctx">): FunctionRun {
  const { event, runId, attempt } = ctx;
  return { event, runId, attempt };
}

function toLogged({ ctx, fn, error }: FailedAttempt, job: number | null) {
  const { event, runId, attempt } = ctx;
  const delivery = toDeliveryId(event.id ?? "");
  return {
    ...(delivery !== null && { delivery }),
    function: fn.id(),
    event: event.id ?? runId,
    ...(job !== null && { job }),
    attempt: attempt + 1,
    error: error.message,
  };
}

/** Returns the time in the error, or null for Inngest's backoff, which differs between its versions. */
function toNextAttempt(error: Error): Date | null {
  if (!(error instanceof RetryAfterError)) return null;
  const seconds = Number(error.retryAfter);
  return Number.isNaN(seconds) ? new Date(error.retryAfter) : new Date(Date.now() + seconds * 1000);
}

/** Null if the run has no job, or the record was not stored in time. */
async function tryToRecord<Result>(
  run: Pick<FailedAttempt, "ctx" | "fn">,
  work: (job: JobOfRun) => Promise<Result>,
): Promise<Result | null> {
  const late = Promise.withResolvers<null>();
  const timer = setTimeout(() => late.resolve(null), maxWaitMs);
  try {
    const job = toJobOfRun(toFunctionRun(run));
    return job && (await Promise.race([work(job), late.promise]));
  } catch {
    return null;
  } finally {
    clearTimeout(timer);
  }
}
