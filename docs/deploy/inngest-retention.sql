-- Deletes the history of Inngest runs that ended more than :days days ago, and the events that only such runs used.
-- Runs that have not ended are kept, whatever their age.
-- https://github.com/inngest/inngest/blob/main/docs/POSTGRES_RETENTION.md describes the tables and the codes of ended states.
\set ON_ERROR_STOP on
begin;

create temporary table ended_traces on commit drop as
select run_id
from trace_runs
where status in (50, 300, 400, 500, 600)
  and ended_at < extract(epoch from now() - make_interval(days => :days)) * 1000;

delete from spans using ended_traces e where spans.run_id = e.run_id;
delete from traces using ended_traces e where traces.run_id = e.run_id;
delete from event_batches using ended_traces e where event_batches.run_id = e.run_id;
delete from trace_runs using ended_traces e where trace_runs.run_id = e.run_id;

create temporary table ended_runs on commit drop as
select run_id from function_finishes where created_at < now() - make_interval(days => :days);

delete from history using ended_runs e where history.run_id = e.run_id;
delete from function_runs using ended_runs e where function_runs.run_id = e.run_id;
delete from function_finishes using ended_runs e where function_finishes.run_id = e.run_id;

delete from events
where received_at < now() - make_interval(days => :days)
  and not exists (
    select from function_runs r
    left join function_finishes f using (run_id)
    where r.event_id = events.internal_id and f.run_id is null
  );

commit;
