import { useCallback, useState } from "preact/hooks";
import { messageOf } from "../request.ts";
import { Button } from "../components/button.tsx";
import { Empty, Page } from "../components/page.tsx";
import { hrefOf, navigate, route, setQuery } from "../router.ts";
import { FailureGroups } from "./jobs/failure-groups.tsx";
import { Filters } from "./jobs/filters.tsx";
import { readFilter } from "./jobs/job-filter.ts";
import { JobGrid } from "./jobs/job-grid.tsx";
import { JobPanel } from "./jobs/job-panel.tsx";
import { BulkActions } from "./jobs/bulk-actions.tsx";
import { PauseButton } from "./jobs/pause-button.tsx";
import { StateTabs } from "./jobs/state-tabs.tsx";
import { useJobList } from "./jobs/use-job-list.ts";

/** Every capture: what runs, what failed and why, and what to do about it. */
export function JobsView() {
  const filter = readFilter();
  const asked = route.value.query.get("job");
  const selected = asked !== null && /^\d+$/.test(asked) ? asked : null;
  const [isPaused, setPaused] = useState(false);
  const list = useJobList(filter, isPaused);
  const { counts, count, error, reload } = list;

  const select = useCallback((id: number) => {
    if (route.value.query.has("job")) setQuery({ job: id });
    else navigate(["jobs"], { ...Object.fromEntries(route.value.query), job: id });
  }, []);
  const close = useCallback(() => {
    setQuery({ job: null });
    setTimeout(() => document.querySelector<HTMLElement>(".job-grid")?.focus()); // once no dialog makes it inert
  }, []);
  const isFiltered = Object.keys(filter).length > 0;

  return (
    <Page
      title="Jobs"
      lead="Each capture is a job: an event, and the run that answers it."
      actions={
        <>
          <PauseButton
            isPaused={isPaused}
            onPause={() => setPaused(true)}
            onResume={() => {
              setPaused(false);
              reload();
            }}
          />
          <BulkActions filter={filter} failed={counts?.failed ?? 0} isPaused={isPaused} onChanged={reload} />
        </>
      }
    >
      <StateTabs filter={filter} counts={counts} />
      <Filters filter={filter} />
      <FailureGroups filter={filter} isPaused={isPaused} onChanged={reload} />
      {error !== null && (
        <div class="problem" role="alert">
          <p>{messageOf(error)}</p>
          <Button onClick={reload}>Try again</Button>
        </div>
      )}
      <div class={`job-board ${selected === null ? "" : "with-panel"}`}>
        {count === null && error === null && <p class="loading">Loading…</p>}
        {count === 0 && <NoJobs isFiltered={isFiltered} />}
        {count !== null && count > 0 && (
          <JobGrid
            key={JSON.stringify(filter)}
            jobs={list.jobs}
            count={count}
            selected={selected === null ? null : Number(selected)}
            onSelect={select}
            loadUntil={list.loadUntil}
            hrefOfJob={(id) => hrefOf(["jobs"], { ...filter, job: id })}
          />
        )}
        {selected !== null && (
          <JobPanel id={selected} isPaused={isPaused} onClose={close} onChanged={reload} />
        )}
      </div>
    </Page>
  );
}

function NoJobs({ isFiltered }: { isFiltered: boolean }) {
  if (isFiltered)
    return (
      <Empty title="No job matches the filter.">
        <a href={hrefOf(["jobs"])}>Show all jobs</a>
      </Empty>
    );
  return (
    <Empty title="There are no jobs yet.">
      <p>
        Each webhook starts one. To capture what is on GitHub already,{" "}
        <a href={hrefOf(["repositories"])}>start a backfill of a repository</a>.
      </p>
    </Empty>
  );
}
