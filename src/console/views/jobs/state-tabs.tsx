import { useEffect, useRef } from "preact/hooks";
import type { JobState, QueueStats } from "../../../api/contract.ts";
import { formatNumber } from "../../format.ts";
import { hrefOf } from "../../router.ts";
import type { ShownFilter } from "./job-filter.ts";

const states: { state: JobState | undefined; name: string }[] = [
  { state: undefined, name: "All" },
  { state: "pending", name: "Pending" },
  { state: "processing", name: "Processing" },
  { state: "retrying", name: "Retrying" },
  { state: "completed", name: "Completed" },
  { state: "failed", name: "Failed" },
  { state: "cancelled", name: "Cancelled" },
];

/** Counts by state, each a link to its jobs. The other filters stay. */
export function StateTabs({ filter, counts }: { filter: ShownFilter; counts: QueueStats | null }) {
  const tabs = useRef<HTMLElement>(null);
  useEffect(() => {
    const current = tabs.current?.querySelector<HTMLElement>("[aria-current]");
    if (current && tabs.current) tabs.current.scrollLeft = current.offsetLeft - tabs.current.offsetLeft - 40;
  }, [filter.state]);
  return (
    <nav ref={tabs} class="tabs" aria-label="State">
      {states.map(({ state, name }) => {
        const count = counts && (state === undefined ? counts.total : counts[state]);
        return (
          <a
            key={name}
            href={hrefOf(["jobs"], { ...filter, state })}
            class={count !== null && count > 0 ? (state ?? "") : ""}
            aria-current={filter.state === state ? "true" : undefined}
          >
            {name} <span class="tab-count">{count === null ? "…" : formatNumber(count)}</span>
          </a>
        );
      })}
    </nav>
  );
}
