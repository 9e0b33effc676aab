import { useEffect, useState } from "preact/hooks";
import type { Job } from "../../../api/contract.ts";
import { api } from "../../api.ts";
import { StateBadge } from "../../components/badge.tsx";
import { Bar } from "../../components/bar.tsx";
import { Button } from "../../components/button.tsx";
import { Time } from "../../components/time.tsx";
import { formatCount, formatNumber } from "../../format.ts";
import { hrefOf } from "../../router.ts";
import { useResource } from "../../use-resource.ts";

/** Follows the repository's sync to its end, also one that was under way when the page opened. */
export function SyncProgress({ sync, name }: { sync: Job | null; name: string }) {
  const [followed, setFollowed] = useState(sync?.id ?? null);
  const running = sync?.id ?? null;
  useEffect(() => {
    if (running !== null) setFollowed(running);
  }, [running]);
  const { data } = useResource<Job | null>(
    `sync ${followed}`,
    (signal) => (followed === null ? Promise.resolve(null) : api.getJob(followed, signal)),
    { isLive: true },
  );
  const job = data ?? sync;
  if (job === null || followed === null) return null;
  const isEnded = job.finished_at !== null;
  return (
    <section class={`sync card ${job.state}`} aria-label="Sync">
      <div class="sync-line">
        <strong>{titleOf(job)}</strong>
        <StateBadge state={job.state} />
        <span class="sync-links">
          <a href={hrefOf(["jobs"], { job: job.id })}>Job {job.id}</a>
          {isEnded && (
            <Button kind="quiet" onClick={() => setFollowed(null)}>
              Dismiss
            </Button>
          )}
        </span>
      </div>
      <SyncBar job={job} name={name} />
      <p class="muted small">
        <SyncText job={job} />
      </p>
      {job.error && (
        <p class="error">
          {job.error.message}
          {job.state === "retrying" && (
            <>
              {" "}
              Next try: <Time at={job.next_attempt_at} otherwise="follows Inngest's backoff" />.
            </>
          )}
        </p>
      )}
    </section>
  );
}

/** A completed sync has read everything, also when GitHub has less than it announced. */
export function SyncBar({ job: { state, done, total }, name }: { job: Job; name: string }) {
  const isFull = state === "completed";
  return (
    <Bar
      label={`Sync of ${name}`}
      value={isFull ? 1 : (done ?? 0)}
      max={isFull ? 1 : total}
      tone={isFull ? "good" : state === "failed" ? "bad" : "accent"}
    />
  );
}

function titleOf({ reason, since }: Job): string {
  const kind = reason === "backfill" ? "Backfill" : reason === "gap" ? "Closing gaps" : "Sync";
  if (reason !== "backfill" && since === null) return kind;
  return `${kind} ${since === null ? "of all history" : `of the last ${formatCount(daysSince(since), "day")}`}`;
}

function daysSince(since: string): number {
  return Math.max(1, Math.round((Date.now() - Date.parse(since)) / 86_400_000));
}

function SyncText({ job }: { job: Job }) {
  const { state, done, total, requests, points, rows_written, started_at, finished_at, left_behind } = job;
  if (state === "pending") return <>Waits for its turn: a repository has one sync at a time.</>;
  return (
    <>
      {total === null
        ? "Looks for pull requests"
        : `${formatNumber(done ?? 0)} of ${formatCount(total, "pull request")}`}
      {` · ${formatCount(rows_written, "row")} stored · ${formatCount(requests, "request")}, ${formatCount(points, "point")} · `}
      {finished_at === null ? "started " : "ended "}
      <Time at={finished_at ?? started_at} otherwise="just now" />
      {left_behind.length > 0 && ` · ${formatCount(left_behind.length, "pull request")} left to own jobs`}
    </>
  );
}
