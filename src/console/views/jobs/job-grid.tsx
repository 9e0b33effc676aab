import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Job } from "../../../api/contract.ts";
import { useMedia } from "../../use-media.ts";
import { useVirtualRows } from "../../use-virtual-rows.ts";
import { JobRow } from "./job-row.tsx";

interface JobGridProps {
  jobs: readonly Job[];
  /** The number of all rows, loaded or not. */
  count: number;
  /** The id of the job in the panel. */
  selected: number | null;
  onSelect: (id: number) => void;
  loadUntil: (index: number) => void;
  hrefOfJob: (id: number) => string;
}

const headers = [
  { title: "State", name: "state" },
  { title: "Job", name: "job" },
  { title: "Outcome", name: "job-outcome" },
  { title: "Reason", name: "reason" },
  { title: "Attempts", name: "attempts" },
  { title: "Took", name: "took" },
  { title: "Created", name: "created" },
];

/** Rows are loaded before the reader reaches them. */
const maxRowsAhead = 500;

/**
 * A virtual list of jobs. It is one stop for the Tab key: arrows, Page Up, Page Down, Home and End move within it, and Enter opens a job. What
 * the reader looks at stays in place when newer jobs arrive above it.
 */
export function JobGrid({ jobs, count, selected, onSelect, loadUntil, hrefOfJob }: JobGridProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const isNarrow = useMedia("(max-width: 600px)");
  const rowHeight = isNarrow ? 80 : 40;
  const rows = useVirtualRows(scroller, count, rowHeight);
  const [active, setActive] = useState<number | null>(null);
  const activeIndex = indexOf(jobs, active ?? selected);
  useKeptPosition(scroller, jobs, rowHeight);

  const lastShown = rows.items.at(-1)?.index ?? 0;
  const wanted = lastShown + Math.min(jobs.length * 0.4, maxRowsAhead);
  useEffect(() => {
    if (wanted >= jobs.length) loadUntil(wanted);
  }, [wanted, jobs.length, loadUntil]);

  const moveTo = (index: number) => {
    const next = Math.max(0, Math.min(index, count - 1));
    rows.scrollToIndex(next);
    const job = jobs[next];
    if (!job) return; // it loads
    setActive(job.id);
    if (selected !== null) onSelect(job.id);
  };
  const press = (event: KeyboardEvent) => {
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / rowHeight) - 1);
    const moves: Record<string, number> = {
      ArrowDown: activeIndex + 1,
      ArrowUp: activeIndex - 1,
      PageDown: activeIndex + page,
      PageUp: activeIndex - page,
      Home: 0,
      End: count - 1,
    };
    const target = moves[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (target !== undefined) moveTo(target);
    else if (event.key === "Enter" && active !== null) onSelect(active);
    else return;
    event.preventDefault();
  };

  const isActiveShown = rows.items.some(({ index }) => index === activeIndex);
  return (
    <div
      ref={scroller}
      class="job-grid"
      role="grid"
      aria-label="Jobs"
      aria-rowcount={count + 1}
      aria-colcount={headers.length}
      aria-activedescendant={isActiveShown ? rowId(jobs[activeIndex]?.id) : undefined}
      tabIndex={0}
      onKeyDown={press}
    >
      <div class="job-row head" role="row" aria-rowindex={1}>
        {headers.map(({ title, name }) => (
          <span key={name} role="columnheader" class={name}>
            {title}
          </span>
        ))}
      </div>
      <div role="rowgroup" class="rows" style={{ height: `${rows.totalHeight}px` }}>
        {rows.items.map(({ index, start }) => {
          const job = jobs[index];
          return (
            <JobRow
              key={job?.id ?? `row ${index}`}
              id={rowId(job?.id)}
              job={job ?? null}
              index={index}
              top={start}
              height={rowHeight}
              isActive={index === activeIndex && active !== null}
              isSelected={job !== undefined && job.id === selected}
              hrefOfJob={hrefOfJob}
              onSelect={onSelect}
              onActive={setActive}
            />
          );
        })}
      </div>
    </div>
  );
}

function rowId(id: number | undefined): string | undefined {
  return id === undefined ? undefined : `job-${id}`;
}

function indexOf(jobs: readonly Job[], id: number | null): number {
  return id === null ? -1 : jobs.findIndex((job) => job.id === id);
}

/** Scrolls by as many rows as appear above the first one in sight, unless the list is at its top. */
function useKeptPosition(scroller: { current: HTMLElement | null }, jobs: readonly Job[], rowHeight: number) {
  const before = useRef(jobs);
  useLayoutEffect(() => {
    const element = scroller.current;
    const known = before.current;
    before.current = jobs;
    if (!element || element.scrollTop === 0 || known === jobs) return;
    const first = Math.floor(element.scrollTop / rowHeight);
    const moved = indexOf(jobs, known[first]?.id ?? null) - first;
    if (known[first] && moved > -first) element.scrollTop += moved * rowHeight;
  }, [scroller, jobs, rowHeight]);
}
