import type { PullRequestSummary } from "../../../api/console-contract.ts";
import { Badge, type Tone } from "../../components/badge.tsx";

const stateTones: Record<string, Tone> = { open: "good", merged: "accent", closed: "bad" };

export function PullRequestState({ pullRequest }: { pullRequest: PullRequestSummary }) {
  const { state, draft } = pullRequest;
  if (state === null) return <Badge tone="warn">stub</Badge>;
  if (state === "open" && draft) return <Badge>draft</Badge>;
  return <Badge tone={stateTones[state] ?? "neutral"}>{state}</Badge>;
}
