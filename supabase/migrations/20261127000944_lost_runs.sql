-- Runs that the queue lost after they began.

-- Fails the jobs whose runs have done nothing since a moment: the queue lost them, such as a self-hosted Inngest without its Redis, or they were
-- cancelled there. What they should have captured becomes a gap. A run that goes on after all sets its job's state again. Returns their number.
create function public.capture_fail_lost_runs(idle_since timestamptz)
returns integer language plpgsql security definer set search_path = '' as $$
declare
  lost capture.jobs;
  failed integer := 0;
begin
  for lost in
    select * from capture.jobs j
    where j.state in ('processing', 'retrying') and j.stepped_at < idle_since and coalesce(j.next_attempt_at < idle_since, true)
    order by j.id for update skip locked
  loop
    update capture.jobs j set
      state = 'failed', next_attempt_at = null, event = j.data, finished_at = now(),
      error = jsonb_build_object(
        'name', 'LostRunError',
        'message', 'The queue lost this run: it began, and has done nothing for days.'
          || coalesce(' Its last attempt failed: ' || (j.error ->> 'message'), ''),
        'stack', null
      )
    where j.id = lost.id;
    perform capture.mark_failed_parts(lost.event_name, lost.data, coalesce(lost.queued_at, lost.created_at));
    failed := failed + 1;
  end loop;
  return failed;
end $$;

select capture.restrict_access();
