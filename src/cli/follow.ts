import { setTimeout as wait } from "node:timers/promises";
import { QueueApiError } from "../client/queue-client.ts";
import { createProgressBar, type Progress, type Terminal } from "./progress-bar.ts";

const intervalMs = 1_000;

/** How long the server may be down. Queued work continues when it is back. */
const maxSilenceMs = 5 * 60_000;

export interface Followed<Answer> {
  ask: () => Promise<Answer>;
  toProgress: (answer: Answer) => Progress;
  hasEnded: (answer: Answer) => boolean;
}

export interface FollowOptions {
  /** Where progress is drawn; stderr by default. */
  terminal?: Terminal;
  maxSilenceMs?: number;
}

/**
 * Polls the server, shows the progress, and returns the final answer. It keeps polling while the server is down, and throws a `QueueApiError`
 * after `maxSilenceMs`.
 */
export async function follow<Answer>(
  { ask, toProgress, hasEnded }: Followed<Answer>,
  options: FollowOptions = {},
): Promise<Answer> {
  const bar = createProgressBar(options.terminal ?? process.stderr);
  const silenceMs = options.maxSilenceMs ?? maxSilenceMs;
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
        if (performance.now() - answeredAt >= silenceMs) throw giveUp(error, silenceMs);
        bar.show({ ...progress, label: `${error.message} Trying again.` });
      }
      await wait(intervalMs);
    }
  } finally {
    bar.end();
  }
}

/** True while the server is down, or a proxy answers for it. */
function isSilence(error: unknown): error is QueueApiError {
  return error instanceof QueueApiError && [null, 502, 503, 504].includes(error.status);
}

function giveUp({ message, status }: QueueApiError, silenceMs: number): QueueApiError {
  const minutes = Math.round(silenceMs / 60_000);
  return new QueueApiError(
    `${message} Gave up after ${minutes} minutes. Queued work continues when the server is back.`,
    status,
  );
}
