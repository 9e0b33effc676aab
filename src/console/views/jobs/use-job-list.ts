import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Job, QueueStats } from "../../../api/contract.ts";
import { api } from "../../api.ts";
import { onChange } from "../../live.ts";
import { useResource } from "../../use-resource.ts";
import type { ShownFilter } from "./job-filter.ts";
import { appendOlder, applyChanges, mergeNewest, noJobs, type LoadedJobs } from "./job-list.ts";

export interface JobList {
  /** The loaded jobs, newest first. */
  jobs: readonly Job[];
  /** The number of jobs that the filter matches, loaded or not. Null while unknown. */
  count: number | null;
  /** The jobs by state that the filter matches without its own state. */
  counts: QueueStats | null;
  error: unknown;
  reload: () => void;
  /** Loads older jobs until the row at `index` is known. */
  loadUntil: (index: number) => void;
}

const firstPageSize = 100;
const pageSize = 1_000;

/** The jobs that the filter matches, loaded as far as the reader scrolls, and live unless paused. */
export function useJobList(filter: ShownFilter, isPaused: boolean): JobList {
  const key = JSON.stringify(filter);
  const [list, setList] = useState({ key, ...noJobs });
  const [pageError, setPageError] = useState<unknown>(null);
  const shown: LoadedJobs = list.key === key ? list : noJobs;
  const update = (change: (known: LoadedJobs) => LoadedJobs) =>
    setList((known) => ({ key, ...change(known.key === key ? known : noJobs) }));
  const latest = useRef({ shown, filter, update });
  useLayoutEffect(() => {
    latest.current = { shown, filter, update };
  });

  const newest = useResource(
    key,
    (signal) => readNewest(filter, latest.current.shown.jobs[0]?.id ?? null, signal),
    { isLive: !isPaused },
  );
  const { data: read } = newest;
  useLayoutEffect(() => {
    if (read) latest.current.update((known) => mergeNewest(known, read.jobs, read.isWhole));
  }, [read]);

  const { state, ...rest } = filter;
  const counting = useResource(JSON.stringify(rest), (signal) => api.countJobs(rest, signal), {
    isLive: !isPaused,
  });
  const counts = counting.data?.by_state ?? null;

  useEffect(() => {
    if (isPaused) return;
    return onChange(({ jobs }) =>
      latest.current.update((known) => applyChanges(known, jobs, latest.current.filter)),
    );
  }, [isPaused]);

  const wanted = useRef(0);
  const paging = useRef<AbortController | null>(null);
  useEffect(() => {
    setPageError(null);
    return () => {
      paging.current?.abort();
      paging.current = null;
    };
  }, [key]);

  const loadUntil = async (index: number) => {
    wanted.current = index;
    if (paging.current) return;
    const stop = new AbortController();
    paging.current = stop;
    try {
      for (;;) {
        const { shown: known, filter: wantedFilter, update: apply } = latest.current;
        const before = known.jobs.at(-1)?.id;
        if (before === undefined || known.isComplete || known.jobs.length > wanted.current) break;
        const older = await api.listJobs(wantedFilter, { before, limit: pageSize }, stop.signal);
        apply((current) => appendOlder(current, { before, older, isLast: older.length < pageSize }));
        await nextFrame();
      }
    } catch (error) {
      if (!stop.signal.aborted) setPageError(error);
    } finally {
      if (paging.current === stop) paging.current = null;
    }
  };

  const total = counts && (state === undefined ? counts.total : counts[state]);
  return {
    jobs: shown.jobs,
    count: countRows(shown, total, read !== null),
    counts,
    error: newest.error ?? counting.error ?? pageError,
    reload: () => {
      setPageError(null);
      newest.reload();
      counting.reload();
    },
    loadUntil: (index) => void loadUntil(index),
  };
}

/** Reads the newest jobs, down to the newest known one. */
async function readNewest(filter: ShownFilter, known: number | null, signal: AbortSignal) {
  const jobs = await api.listJobs(filter, { limit: firstPageSize }, signal);
  let isWhole = jobs.length < firstPageSize;
  const reaches = (job: Job | undefined) => known === null || job === undefined || job.id <= known;
  while (!isWhole && !reaches(jobs.at(-1))) {
    const older = await api.listJobs(filter, { before: jobs.at(-1)?.id, limit: pageSize }, signal);
    jobs.push(...older);
    isWhole = older.length < pageSize;
  }
  return { jobs, isWhole };
}

function countRows({ jobs, isComplete }: LoadedJobs, total: number | null, isRead: boolean): number | null {
  if (isComplete) return jobs.length;
  if (total === null && !isRead) return null;
  return Math.max(total ?? 0, jobs.length);
}

function nextFrame(): Promise<void> {
  return new Promise((resolve) => requestAnimationFrame(() => resolve()));
}
