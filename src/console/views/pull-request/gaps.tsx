import type { Gap, GapKind } from "../../../api/contract.ts";
import { formatNumber } from "../../format.ts";

const nouns: Record<GapKind, string> = {
  pull_requests: "the pull request",
  details: "details",
  files: "files",
  reviews: "reviews",
  comments: "comments",
};

/** How the rows differ from GitHub's last inventory. Nothing when they do not. */
export function PullRequestGaps({ gaps }: { gaps: readonly Gap[] }) {
  if (gaps.length === 0) return null;
  return (
    <div class="callout warn">
      <h2>Gaps</h2>
      <ul>
        {gaps.map((gap) => (
          <li key={gap.kind}>{describeGap(gap)}</li>
        ))}
      </ul>
      <p class="small">Capture again reads the pull request from GitHub and closes them.</p>
    </div>
  );
}

function describeGap({ kind, stub, stale, captured, github }: Gap): string {
  const noun = nouns[kind];
  if (stub && kind === "details") return "The details were never captured.";
  if (github === null) return `How many ${noun} GitHub has is unknown.`;
  if (captured === github && stale)
    return `The ${noun} have to be read again: an update came without a webhook, or reading failed.`;
  return `GitHub has ${formatNumber(github)} ${noun}, the copy has ${formatNumber(captured)}.`;
}
