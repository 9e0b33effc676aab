/**
 * Live updates: server-sent events over fetch (an EventSource cannot send the token in a header), or polling where the host has no streams. While
 * the server is gone, the connection is retried until it answers.
 */
import { effect, signal, untracked } from "@preact/signals";
import { EventSourceParserStream } from "eventsource-parser/stream";
import type { LiveChange } from "../api/console-contract.ts";
import { api } from "./api.ts";
import { send } from "./request.ts";
import { token } from "./session.ts";

/** `polling`: the host has no streams, or too many pages have one. `offline`: the server does not answer. */
export const connection = signal<"connecting" | "live" | "polling" | "offline">("connecting");

/** Counts the times the server came back. What was read before may have changed. */
export const reconnections = signal(0);

/** The counts of the last change. Null: none arrived, or the host has no streams. `at` is the server's time. */
export const latestCounts = signal<Pick<LiveChange, "at" | "stats"> | null>(null);

const pollMs = 3_000;
const retryMs = { first: 500, max: 5_000 };
/** The server writes a line every 15 seconds. A connection that is silent for longer is dead. */
const silentMs = 40_000;
const jobsPerPoll = 200;
/** How long a page polls before it asks for a stream again, when too many pages had one. */
const busyMs = 10_000;

const listeners = new Set<(change: LiveChange) => void>();

/** Calls `listener` with each change. Returns a function that ends it. */
export function onChange(listener: (change: LiveChange) => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function publish(change: LiveChange): void {
  for (const listener of listeners) listener(change);
}

/** Follows the server while a token is there. */
export function startLive(): void {
  effect(() => {
    if (token.value === null) return;
    const stop = new AbortController();
    untracked(() => void follow(stop.signal));
    return () => stop.abort();
  });
}

async function follow(stop: AbortSignal): Promise<void> {
  connection.value = "connecting";
  let wait = retryMs.first;
  let isReturn = false;
  const reach = (state: "live" | "polling") => {
    const wasPolling = state === "polling" && connection.value === "polling";
    if (isReturn && !wasPolling) reconnections.value += 1;
    isReturn = false;
    connection.value = state;
    wait = retryMs.first;
  };
  while (!stop.aborted) {
    try {
      const end = await readStream(stop, () => reach("live"));
      const pollFor = { "no streams": Infinity, "too many": busyMs, ended: 0, refused: 0 }[end];
      if (pollFor > 0) await poll(stop, performance.now() + pollFor, () => reach("polling"));
      // A stream that ended is opened again at once. Proxies end them after a while.
      if (end === "ended") wait = retryMs.first;
      else if (end === "refused") connection.value = "offline";
    } catch {
      connection.value = "offline";
    }
    isReturn = true;
    await pause(wait, stop);
    wait = Math.min(wait * 2, retryMs.max);
  }
}

/** Throws when the server does not answer, or the connection breaks. */
async function readStream(
  stop: AbortSignal,
  onOpen: () => void,
): Promise<"ended" | "refused" | "no streams" | "too many"> {
  const silence = new AbortController();
  let timer = setTimeout(() => silence.abort(), silentMs);
  try {
    const response = await send("GET", "/api/live", { signal: AbortSignal.any([stop, silence.signal]) });
    if (response.status === 404) return "no streams";
    if (response.status === 503) return "too many";
    if (!response.ok || !response.body) return "refused";
    onOpen();
    const heard = new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        clearTimeout(timer);
        timer = setTimeout(() => silence.abort(), silentMs);
        controller.enqueue(chunk);
      },
    });
    const events = response.body
      .pipeThrough(heard)
      .pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>)
      .pipeThrough(new EventSourceParserStream())
      .getReader();
    for (let next = await events.read(); !next.done; next = await events.read()) {
      if (next.value.event !== "change") continue;
      const change = JSON.parse(next.value.data) as LiveChange;
      latestCounts.value = change;
      publish(change);
    }
    return "ended";
  } finally {
    clearTimeout(timer);
    latestCounts.value = null;
  }
}

/** Polls until that time. Throws when the server does not answer. */
async function poll(stop: AbortSignal, until: number, onAnswer: () => void): Promise<void> {
  let statsBefore = "";
  let jobsBefore = new Set<string>();
  while (!stop.aborted && performance.now() < until) {
    if (!document.hidden) {
      const stats = await api.getStats(stop);
      const jobs = await api.listJobs({}, { limit: jobsPerPoll }, stop);
      onAnswer();
      const changed = jobs.filter((job) => !jobsBefore.has(JSON.stringify(job)));
      if (changed.length > 0 || statsBefore !== JSON.stringify(stats))
        publish({ at: new Date().toISOString(), stats, jobs: changed });
      statsBefore = JSON.stringify(stats);
      jobsBefore = new Set(jobs.map((job) => JSON.stringify(job)));
    }
    await pause(pollMs, stop);
  }
}

function pause(ms: number, stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    stop.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
