import { setTimeout as delay } from "node:timers/promises";
import type { Check } from "./check-setup.ts";
import { createRetryPauses } from "./retry-pauses.ts";
import type { Services } from "./services.ts";
import { SetupError } from "./setup-error.ts";

/**
 * Runs a check once, and returns a function that repeats it until it finds no problem, or until `signal` aborts. Throws what waiting cannot fix. A
 * check that takes longer than `waitMs` finishes in the returned function. A harmless problem is logged and leaves the server healthy.
 */
export async function startCheck(
  subject: string,
  check: Check,
  { problems, log }: Pick<Services, "problems" | "log">,
  signal: AbortSignal,
  { waitMs = Infinity, isHarmless = false } = {},
): Promise<() => Promise<void>> {
  let known: string | null = null;
  const record = (problem: string | null) => {
    if (problem && problem !== known) log.warn(`${problem} Retrying.`);
    known = problem;
    if (problem && !isHarmless) problems.set(subject, problem);
    else problems.delete(subject);
    return problem;
  };
  let pending = check();
  const slow = waitMs === Infinity ? [] : [delay(waitMs, "slow" as const, { ref: false })];
  const result = await Promise.race([pending, ...slow]);
  if (result !== "slow") {
    record(result);
    pending = Promise.resolve(result);
  }
  return async () => {
    const pause = createRetryPauses(signal);
    try {
      while (record(await pending)) {
        await pause();
        pending = check();
      }
    } catch (error) {
      // The server is running: it keeps what has arrived, and reports the problem at /healthz.
      if (signal.aborted) return;
      if (!(error instanceof SetupError)) throw error;
      problems.set(subject, error.message);
      log.error(error.message);
    }
  };
}
