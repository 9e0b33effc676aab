import type { PullRequestView } from "../../../api/console-contract.ts";
import type { CaptureReason } from "../../../api/contract.ts";
import { clock, formatAge, formatLocal, formatUtc } from "../../format.ts";

const paths: Record<CaptureReason, string> = {
  webhook: "webhook",
  manual: "manual capture",
  backfill: "backfill",
  gap: "gap repair",
  reconcile: "reconciler",
  install: "installation",
};

/** When a row was captured, and by which path. GitHub's time of what was observed shows on hover. */
export function Provenance({ provenance }: { provenance: PullRequestView["provenance"] }) {
  const { clock: observed, captured_at, captured_by } = provenance;
  const title = [
    captured_at && `Captured ${formatLocal(captured_at)} (${formatUtc(captured_at)})`,
    observed && `GitHub's time ${formatLocal(observed)} (${formatUtc(observed)})`,
  ]
    .filter(Boolean)
    .join("\n");
  if (captured_at === null && captured_by === null)
    return (
      <span class="provenance unknown" title={title}>
        path not recorded
      </span>
    );
  return (
    <span class={`provenance ${captured_by ?? "unknown"}`} title={title}>
      {captured_by ? paths[captured_by] : "path not recorded"}
      {captured_at && (
        <>
          {" · captured "}
          <time dateTime={captured_at}>{formatAge(captured_at, clock.value)}</time>
        </>
      )}
    </span>
  );
}
