import type { ComponentChildren } from "preact";
import type { JobState } from "../../api/contract.ts";

export type Tone = "neutral" | "accent" | "good" | "warn" | "bad";

export function Badge({ tone = "neutral", children }: { tone?: Tone; children: ComponentChildren }) {
  return <span class={`badge ${tone}`}>{children}</span>;
}

const tones: Record<JobState, Tone> = {
  pending: "neutral",
  processing: "accent",
  retrying: "warn",
  completed: "good",
  failed: "bad",
  cancelled: "neutral",
};

/** The state of a job. */
export function StateBadge({ state }: { state: JobState }) {
  return <Badge tone={tones[state]}>{state}</Badge>;
}
