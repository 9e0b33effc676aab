import type { Job } from "../../../api/contract.ts";
import { StateBadge } from "../../components/badge.tsx";
import { Bar } from "../../components/bar.tsx";
import { Time } from "../../components/time.tsx";
import { formatDuration, formatNumber } from "../../format.ts";
import { toShortName } from "./job-filter.ts";
import { describeProgress, isUnfinished, tookMs } from "./job-text.ts";

interface JobRowProps {
  id: string | undefined;
  /** Null: not loaded yet. */
  job: Job | null;
  index: number;
  top: number;
  height: number;
  isActive: boolean;
  isSelected: boolean;
  hrefOfJob: (id: number) => string;
  onSelect: (id: number) => void;
  onActive: (id: number) => void;
}

export function JobRow(props: JobRowProps) {
  const { id, job, index, top, height, isActive, isSelected, hrefOfJob, onSelect, onActive } = props;
  const open = (event: MouseEvent) => {
    if (!job || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    onActive(job.id);
    onSelect(job.id);
  };
  return (
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events -- the grid handles keys
    <div
      id={id}
      class={`job-row ${isActive ? "active" : ""} ${isSelected ? "selected" : ""}`}
      role="row"
      tabIndex={-1}
      aria-rowindex={index + 2}
      aria-selected={isSelected}
      style={{ height: `${height}px`, transform: `translateY(${top}px)` }}
      onClick={open}
    >
      {job ? <Cells job={job} href={hrefOfJob(job.id)} /> : <LoadingCells />}
    </div>
  );
}

function Cells({ job, href }: { job: Job; href: string }) {
  const took = tookMs(job);
  return (
    <>
      <span role="gridcell" class="state">
        <StateBadge state={job.state} />
      </span>
      <span role="gridcell" class="job">
        <a class="target" href={href} tabIndex={-1}>
          {job.repository ?? "all repositories"}
          {job.number !== null && <span class="pr-number">#{job.number}</span>}
          <span class="function">{toShortName(job.event_name)}</span>
        </a>
      </span>
      <span role="gridcell" class="job-outcome">
        <Outcome job={job} />
      </span>
      <span role="gridcell" class="reason muted">
        {job.reason}
      </span>
      <span role="gridcell" class="attempts muted">
        {formatNumber(job.attempts)}
      </span>
      <span role="gridcell" class="took muted">
        {took === null ? "" : formatDuration(took)}
      </span>
      <span role="gridcell" class="created muted">
        <Time at={job.created_at} />
      </span>
    </>
  );
}

/** Why it failed, how far it is, or what it stored. */
function Outcome({ job }: { job: Job }) {
  if (job.error)
    return (
      <span class={job.state === "failed" ? "bad" : "warn"}>
        {job.error.name}: {job.error.message}
      </span>
    );
  if (job.done === null || !isUnfinished(job)) return <span class="muted">{describeProgress(job)}</span>;
  return (
    <>
      <Bar label={`Progress of job ${job.id}`} value={job.done} max={job.total} />
      <span class="muted">{describeProgress(job)}</span>
    </>
  );
}

function LoadingCells() {
  return (
    <span role="gridcell" class="job">
      <span class="placeholder">Loading…</span>
    </span>
  );
}
