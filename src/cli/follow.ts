import { setTimeout as wait } from "node:timers/promises";
import { QueueApiError } from "../client/queue-client.ts";
import { createProgressBar, type Progress, type Terminal } from "./progress-bar.ts";

/** How often the server is asked again. */
const intervalMs = 1_000;

/**
 * How long nothing may answer. A host has started the server elsewhere by then, or a person has started it again; what was queued goes
 * on when it does.
 */
const patienceMs = 5 * 60_000;

export interface Followed<Answer> {
  ask: () => Promise<Answer>;
  toProgress: (answer: Answer) => Progress;
  hasEnded: (answer: Answer) => boolean;
}

export interface FollowOptions {
  /** Where progress is drawn. */
  terminal?: Terminal;
  patienceMs?: number;
}

/**
 * Asks again and again, shows the progress, and returns the answer of the end. While nothing answers, it says so and goes on asking; when
 * patience is over, it throws a `QueueApiError`.
 */
export async function follow<Answer>(
  { ask, toProgress, hasEnded }: Followed<Answer>,
  options: FollowOptions = {},
): Promise<Answer> {
  const bar = createProgressBar(options.terminal ?? process.stderr);
  const patience = options.patienceMs ?? patienceMs;
  let progress: Progress = { done: 0, total: null, label: "" };
  let answeredAt = performance.now();
  try {
    for (;;) {
      try {
        const answer = await ask();
        answeredAt = performance.now();
        progress = toProgress(answer);
        bar.show(progress);
        if (hasEnded(answer)) return answer;
      } catch (error) {
        if (!isSilence(error)) throw error;
        if (performance.now() - answeredAt >= patience) throw giveUp(error, patience);
        bar.show({ ...progress, label: `${error.message} Asking again.` });
      }
      await wait(intervalMs);
    }
  } finally {
    bar.end();
  }
}

/** A server that is down, or starting behind a proxy that answers in its place. */
function isSilence(error: unknown): error is QueueApiError {
  return error instanceof QueueApiError && [null, 502, 503, 504].includes(error.status);
}

function giveUp({ message, status }: QueueApiError, patience: number): QueueApiError {
  const minutes = Math.round(patience / 60_000);
  return new QueueApiError(
    `${message} It has been so for ${minutes} minutes. What was queued goes on when the server does.`,
    status,
  );
}
