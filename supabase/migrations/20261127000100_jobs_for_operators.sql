-- What operators see and do: filtered jobs with their events and steps, failures by error, replays of many jobs, and cancellation of one.

alter table capture.jobs
  add column data jsonb,
  add column steps jsonb not null default '[]',
  add column observed_at timestamptz,
  add column cancelled_at timestamptz,
  add column replayed_at timestamptz,
  add column changed_at timestamptz not null default now(),
  -- Messages that differ only in digits are one failure.
  add column failure text generated always as (
    case when state in ('failed', 'retrying') then md5(
      event_name || E'\n' || coalesce(error ->> 'name', '') || E'\n' || regexp_replace(left(coalesce(error ->> 'message', ''), 2000), '\d+', '#', 'g')
    ) end
  ) stored,
  add column lag_ms integer generated always as (
    case when state = 'completed' and observed_at is not null then
      least(extract(epoch from finished_at - observed_at) * 1000, 2000000000)::integer -- `least` ignores null
    end
  ) stored,
  add column search text generated always as (
    lower(
      coalesce(repository, '') || coalesce('#' || number::text, '') || E'\n' || event_id || E'\n' || coalesce(error ->> 'name', '') || E'\n'
      || left(coalesce(error ->> 'message', ''), 2000)
    )
  ) stored;
comment on column capture.jobs.data is 'The data of the event, without what it observed.';
comment on column capture.jobs.steps is 'The last 50 steps that stored something, oldest first: [{name, at, requests, points, rows_written}].';
comment on column capture.jobs.observed_at is 'When the change that a webhook shows was made, by GitHub''s clock. Null: the payload does not show it.';
comment on column capture.jobs.cancelled_at is 'When the job was cancelled by hand. Its run stores nothing more.';
comment on column capture.jobs.replayed_at is 'When the failed job was replayed, as another job. It is cancelled since then.';
comment on column capture.jobs.changed_at is 'When the row last changed.';
comment on column capture.jobs.lag_ms is 'From the change (observed_at) to the end of the completed job.';
comment on column capture.jobs.search is 'What a search for text looks at, in lower case.';
comment on column capture.jobs.failure is 'The key of the job''s event name and error, while failed or retrying.';

drop index capture.jobs_state_idx;
create index jobs_state_id_idx on capture.jobs (state, id);
drop index capture.jobs_finished_at_idx;
create index jobs_ended_idx on capture.jobs (finished_at) include (state, replayed_at, lag_ms);
create index jobs_repository_idx on capture.jobs (repository_id, id);
create index jobs_changed_at_idx on capture.jobs (changed_at, id);
create index jobs_failure_idx on capture.jobs (failure, id) where failure is not null;
create index jobs_never_ran_idx on capture.jobs (id) where state = 'failed' and error ->> 'name' = 'NeverRanError';

create function capture.set_changed_at()
returns trigger language plpgsql set search_path = '' as $$
begin
  new.changed_at := clock_timestamp();
  return new;
end $$;
create trigger set_changed_at before insert or update on capture.jobs for each row execute function capture.set_changed_at();

-- Rows are only added, because concurrent captures would wait for each other to count in one row.
create table capture.retries (
  id bigint primary key generated always as identity,
  at timestamptz not null
);
create index retries_at_idx on capture.retries (at);
alter table capture.retries enable row level security;
comment on table capture.retries is 'When attempts failed that another attempt followed.';

-- Adds a step that stored something. A step that stores in several transactions is one entry.
create function capture.add_step(steps jsonb, added jsonb)
returns jsonb language sql immutable set search_path = '' as $$
  select case
    when added is null then steps
    when steps #>> '{-1,name}' = added ->> 'name' then jsonb_set(steps, '{-1}', added || jsonb_build_object(
      'requests', (steps #>> '{-1,requests}')::integer + (added ->> 'requests')::integer,
      'points', (steps #>> '{-1,points}')::integer + (added ->> 'points')::integer,
      'rows_written', (steps #>> '{-1,rows_written}')::integer + (added ->> 'rows_written')::integer
    ))
    when jsonb_array_length(steps) >= 50 then (steps - 0) || added
    else steps || added
  end
$$;

-- Records one step of a run in the transaction that stores the step's rows, so that a job never counts rows that were rolled back. A step that
-- runs again after its commit writes no rows, and so counts none. Raises PC001 when the job was cancelled by hand.
create or replace function capture.record_step(context jsonb, rows_written integer, finished boolean)
returns void language plpgsql set search_path = '' as $$
declare
  job constant jsonb := context -> 'job';
  repository constant jsonb := context -> 'repository';
  requests constant integer := coalesce((job ->> 'requests')::integer, 0);
  points constant integer := coalesce((job ->> 'points')::integer, 0);
  step constant jsonb := case when job ->> 'step' is not null then jsonb_build_object(
    'name', job -> 'step', 'at', now(), 'requests', requests, 'points', points, 'rows_written', rows_written
  ) end;
begin
  insert into capture.jobs as present (
    event_id, event_name, run_id, repository_id, repository, number, installation_id, reason, priority, state, attempts, data, observed_at,
    queued_at, started_at, stepped_at, finished_at, requests, points, rows_written, steps
  ) values (
    job ->> 'event_id', job ->> 'event_name', job ->> 'run_id',
    (repository ->> 'id')::bigint, (repository ->> 'owner') || '/' || (repository ->> 'name'), (job ->> 'number')::integer,
    (context ->> 'installation_id')::bigint, job ->> 'reason', (job ->> 'priority')::capture.priority,
    case when finished then 'completed' else 'processing' end::capture.job_state,
    (job ->> 'attempt')::integer + 1, nullif(job -> 'data', 'null'), (job ->> 'observed_at')::timestamptz,
    (job ->> 'queued_at')::timestamptz, now(), now(), case when finished then now() end,
    requests, points, record_step.rows_written, capture.add_step('[]', step)
  )
  on conflict (event_id) do update set
    run_id = excluded.run_id,
    state = excluded.state,
    attempts = greatest(present.attempts, excluded.attempts),
    error = null,
    next_attempt_at = null,
    event = null,
    data = coalesce(present.data, excluded.data),
    observed_at = coalesce(present.observed_at, excluded.observed_at),
    replayed_at = null,
    queued_at = coalesce(present.queued_at, excluded.queued_at),
    started_at = coalesce(present.started_at, excluded.started_at),
    stepped_at = excluded.stepped_at,
    finished_at = excluded.finished_at,
    requests = present.requests + excluded.requests,
    points = present.points + excluded.points,
    rows_written = present.rows_written + excluded.rows_written,
    steps = capture.add_step(present.steps, step)
  where present.cancelled_at is null;
  if not found then
    raise exception using errcode = 'PC001', message = 'The job was cancelled by hand.';
  end if;
end $$;

-- Records a failed attempt when it happens, and when the next one is due (null: unknown). Returns the job's id.
--
-- A step without retries left (`final`) has no next attempt: its function handles the error, or the run fails and capture_fail_job follows. A
-- completed or cancelled job keeps its outcome, because a run that goes on after that stores nothing.
create or replace function public.capture_record_attempt(context jsonb, error jsonb, next_attempt_at timestamptz, final boolean)
returns bigint language plpgsql security definer set search_path = '' as $$
declare
  job_id bigint;
begin
  select j.id into job_id from capture.jobs j
  where j.event_id = context #>> '{job,event_id}' and j.state in ('completed', 'cancelled');
  if found then
    return job_id;
  end if;
  if not final then
    insert into capture.retries (at) values (now());
  end if;
  perform capture.record_step(context, 0, false);
  update capture.jobs j set
    state = case when final then 'processing' else 'retrying' end::capture.job_state,
    error = capture_record_attempt.error,
    next_attempt_at = case when not final then capture_record_attempt.next_attempt_at end
  where j.event_id = context #>> '{job,event_id}'
  returning j.id into job_id;
  return job_id;
end $$;

-- Ends the job of a run without retries left. It keeps the event for a replay, and the pull request becomes a gap until it is read.
--
-- When captures have stopped, the job is cancelled with that reason, whatever error it failed with: requests of a suspended or deleted
-- installation fail too. The event is not kept, nor the repository's name if the App was uninstalled. Events about the installation itself,
-- whose context has no repository, are never stopped. A job that was cancelled by hand stays as it is.
create or replace function public.capture_fail_job(context jsonb, error jsonb, event jsonb)
returns void language plpgsql security definer set search_path = '' as $$
declare
  installation constant bigint := (context ->> 'installation_id')::bigint;
  stop_reason constant text := case when context ? 'repository' then coalesce(
    capture.stop_reason(installation, (context #>> '{repository,id}')::bigint),
    case when error ->> 'name' = 'CapturesStoppedError' then error ->> 'message' end
  ) end;
begin
  perform from capture.jobs j where j.event_id = context #>> '{job,event_id}' and j.cancelled_at is not null;
  if found then
    return;
  end if;
  perform capture.record_step(context, 0, false);
  update capture.jobs j set
    state = case when stop_reason is null then 'failed' else 'cancelled' end::capture.job_state,
    error = case
      when stop_reason is null then capture_fail_job.error
      else jsonb_build_object('name', 'CapturesStoppedError', 'message', stop_reason, 'stack', null) end,
    event = case when stop_reason is null then capture_fail_job.event end,
    data = case when stop_reason is null then j.data end,
    repository = case
      when not exists (select from github.installations i where i.id = installation and i.deleted_at is not null) then j.repository end,
    finished_at = now()
  where j.event_id = context #>> '{job,event_id}';

  if stop_reason is null then
    perform capture.mark_failed_parts(context #>> '{job,event_name}', event, coalesce((context #>> '{job,queued_at}')::timestamptz, now()));
  end if;
end $$;

-- Cancels pending jobs and returns their number. Inngest keeps their events; their runs end as soon as they begin.
create or replace function public.capture_cancel_pending_jobs()
returns integer language plpgsql security definer set search_path = '' as $$
declare
  cancelled integer;
begin
  update capture.jobs set state = 'cancelled', finished_at = now(), cancelled_at = now() where state = 'pending';
  get diagnostics cancelled = row_count;
  return cancelled;
end $$;

-- Cancels an unfinished job. Returns false if there is none with that id. Its run stores nothing more, and ends at its next step. What the run
-- should have read of a pull request is stale.
create function public.capture_cancel_job(job_id bigint)
returns boolean language plpgsql security definer set search_path = '' as $$
declare
  job capture.jobs;
begin
  select * into job from capture.jobs j where j.id = job_id and j.state in ('pending', 'processing', 'retrying');
  if not found then
    return false;
  end if;
  -- Captures write a job last too, so that they do not deadlock with this.
  if job.state <> 'pending' and job.data is not null then
    perform capture.mark_failed_parts(job.event_name, job.data, coalesce(job.queued_at, job.created_at));
  end if;
  update capture.jobs j set state = 'cancelled', finished_at = now(), cancelled_at = now(), next_attempt_at = null
  where j.id = job_id and j.state in ('pending', 'processing', 'retrying');
  if not found then
    raise exception using errcode = 'PC002';
  end if;
  delete from capture.outbox o where o.event_id = job.event_id;
  return true;
exception when sqlstate 'PC002' then -- it has ended meanwhile, so nothing is stale
  return false;
end $$;

-- Queues captures. Returns the event ids of the new jobs, whose events have to be sent.
--
-- jobs: [{ event_id, event_name, repository_id, repository, number, since, installation_id, reason, priority, data }]. `data` is the event's. A sync
-- goes back to `since` (null: all history).
--
-- No job is added when the same work is pending; a pending sync has to go back as far. A replay may be of less: of one observation. Nor when a sync that was queued by hand in the last day
-- is running: it repeats until nothing changed meanwhile. The events are stored in the outbox until they are known to be sent, so that a process
-- that crashes before sending them leaves no job pending forever.
create or replace function public.capture_queue_jobs(jobs jsonb)
returns jsonb language plpgsql security definer set search_path = '' as $$
declare
  queued jsonb;
begin
  -- One at a time: two transactions that queue the same work cannot see each other's jobs.
  perform pg_catalog.pg_advisory_xact_lock(hashtextextended('capture.queue', 0));
  with wanted as (
    select distinct on (w.event_name, w.repository_id, w.number) w.*
    from jsonb_to_recordset(jobs) as w (
      event_id text, event_name text, repository_id bigint, repository text, number integer, since timestamptz, installation_id bigint,
      reason text, priority capture.priority, data jsonb
    )
  ), inserted as (
    insert into capture.jobs (event_id, event_name, repository_id, repository, number, since, installation_id, reason, priority, state, data)
    select w.event_id, w.event_name, w.repository_id, w.repository, w.number, w.since, w.installation_id, w.reason, w.priority, 'pending', w.data
    from wanted w
    where not exists (
      select from capture.jobs j
      where j.event_name = w.event_name and j.repository_id = w.repository_id
        and j.number is not distinct from w.number and (j.since is null or j.since <= w.since)
        and (j.number is not null or (j.reason = 'gap') = (w.reason = 'gap')) -- a sync of gaps is no backfill
        and (
          (j.state = 'pending' and j.event_id not like 'replay:%')
          or (
            j.state in ('processing', 'retrying') and j.number is null and j.reason in ('manual', 'backfill', 'gap')
            and j.started_at > now() - interval '1 day'
          )
        )
    )
    returning event_id
  ), stored as (
    insert into capture.outbox (event_id, event, next_attempt_at)
    select w.event_id, jsonb_build_object('id', w.event_id, 'name', w.event_name, 'data', w.data), now() + interval '1 minute'
    from wanted w join inserted i on i.event_id = w.event_id
  )
  select coalesce(jsonb_agg(event_id), '[]') into queued from inserted;
  return queued;
end $$;

-- A job as the API shows it in lists.
create function capture.to_job(job capture.jobs)
returns jsonb language sql stable set search_path = '' as $$
  select to_jsonb(job) - '{event,data,steps,observed_at,lag_ms,cancelled_at,changed_at,failure,search}'::text[]
$$;

-- Returns the SQL condition of a filter: { state, repository, function, reason, text, failure }, each of them optional. `repository` is an id or
-- owner/name. `text` is part of repository#number, of the event's id, or of the error.
create function capture.job_condition(filter jsonb)
returns text language plpgsql stable set search_path = '' as $$
declare
  repository constant text := filter ->> 'repository';
  pattern constant text := '%' || regexp_replace(filter ->> 'text', '([\\%_])', '\\\1', 'g') || '%';
  repo_id constant bigint := case
    when repository ~ '^\d+$' then repository::bigint
    else (public.capture_find_repository(repository) ->> 'id')::bigint end;
begin
  return concat_ws(' and ',
    'true',
    case when filter ->> 'state' is not null then format('j.state = %L', filter ->> 'state') end,
    case
      when repo_id is not null then format('j.repository_id = %s', repo_id)
      when repository is not null then format('lower(j.repository) = lower(%L)', repository) end,
    case when filter ->> 'function' is not null then format('j.event_name = %L', filter ->> 'function') end,
    case when filter ->> 'reason' is not null then format('j.reason = %L', filter ->> 'reason') end,
    case when filter ->> 'failure' is not null then format('j.failure = %L', filter ->> 'failure') end,
    case when pattern is not null then format('j.search like %L', lower(pattern)) end
  );
end $$;

-- Lists the newest jobs that a filter matches, of those before an id (null: of all).
drop function public.capture_list_jobs(text, integer);
create function public.capture_list_jobs(filter jsonb, before bigint, max_jobs integer)
returns jsonb language plpgsql stable security definer set search_path = '' as $$
declare
  jobs jsonb;
begin
  execute format(
    'select coalesce(jsonb_agg(capture.to_job(found) order by found.id desc), ''[]'')
     from (select * from capture.jobs j where %s and %s order by j.id desc limit $1) as found',
    capture.job_condition(filter), case when before is null then 'true' else format('j.id < %s', before) end
  ) into jobs using max_jobs;
  return jobs;
end $$;

-- Counts the jobs that a filter matches, by state: { completed: 2 }. States without a job are left out.
create function public.capture_count_jobs(filter jsonb)
returns jsonb language plpgsql stable security definer set search_path = '' as $$
declare
  counts jsonb;
begin
  execute format(
    'select coalesce(jsonb_object_agg(state, jobs), ''{}'')
     from (select j.state, count(*) as jobs from capture.jobs j where %s group by j.state) as counted',
    capture.job_condition(filter)
  ) into counts;
  return counts;
end $$;

-- Returns at most max_jobs failed jobs that a filter matches and that can be replayed, newest first, of those before an id (null: of all):
-- [{ id, event_name }].
create function public.capture_find_failed(filter jsonb, before bigint, max_jobs integer)
returns jsonb language plpgsql stable security definer set search_path = '' as $$
declare
  found jsonb;
begin
  execute format(
    'select coalesce(jsonb_agg(to_jsonb(found) order by found.id desc), ''[]'') from (
       select j.id, j.event_name from capture.jobs j
       where %s and %s and j.state = ''failed'' and j.event is not null order by j.id desc limit $1
     ) as found',
    capture.job_condition(filter), case when before is null then 'true' else format('j.id < %s', before) end
  ) into found using max_jobs;
  return found;
end $$;

-- Replays failed jobs: each is cancelled, and a pending job takes its place. jobs: [{ id, event_id }], the new event's id. Returns the events to
-- send, [{ id, name, data }]. They are in the outbox until they are known to be sent.
create function public.capture_replay_jobs(jobs jsonb)
returns jsonb language plpgsql security definer set search_path = '' as $$
declare
  events jsonb;
begin
  with failed as materialized (
    select j.*, asked.event_id as replay_id
    from jsonb_to_recordset(jobs) as asked (id bigint, event_id text)
    join capture.jobs j on j.id = asked.id
    where j.state = 'failed' and j.event is not null
    order by j.id for update of j
  ), queued as (
    insert into capture.jobs (event_id, event_name, repository_id, repository, number, since, installation_id, reason, priority, state, data)
    select
      f.replay_id, f.event_name, f.repository_id, f.repository, f.number, f.since, f.installation_id, f.reason, f.priority, 'pending',
      coalesce(f.data, f.event - '{observed,from}'::text[])
    from failed f order by f.id
    on conflict (event_id) do nothing
    returning event_id
  ), replayed as (
    update capture.jobs j set state = 'cancelled', replayed_at = now() from failed f where j.id = f.id
  ), sent as (
    select f.id, f.replay_id, jsonb_build_object('id', f.replay_id, 'name', f.event_name, 'data', f.event) as event
    from failed f join queued q on q.event_id = f.replay_id
  ), stored as (
    insert into capture.outbox (event_id, event, next_attempt_at)
    select s.replay_id, s.event, now() + interval '1 minute' from sent s
  )
  select coalesce(jsonb_agg(s.event order by s.id), '[]') into events from sent s;
  return events;
end $$;

-- Counts jobs by state.
create or replace function public.capture_queue_stats()
returns jsonb language sql stable security definer set search_path = '' as $$
  select jsonb_build_object('pending', 0, 'processing', 0, 'retrying', 0, 'completed', 0, 'failed', 0, 'cancelled', 0, 'total', coalesce(sum(jobs), 0))
    || coalesce(jsonb_object_agg(state, jobs), '{}')
  from (select j.state, count(*) as jobs from capture.jobs j group by j.state) as counted
$$;

-- Returns the unfinished job that syncs a repository back to `since` (null: all history), or else the repository's newest sync, or null.
create or replace function public.capture_find_sync(event_name text, repository_id bigint, since timestamptz)
returns jsonb language sql stable security definer set search_path = '' as $$
  select capture.to_job(j) from capture.jobs j
  where j.event_name = capture_find_sync.event_name and j.repository_id = capture_find_sync.repository_id and j.number is null
    and j.reason <> 'gap'
  order by
    j.state in ('pending', 'processing', 'retrying') and j.reason in ('manual', 'backfill')
      and coalesce(j.since <= capture_find_sync.since, j.since is null) desc,
    j.id desc
  limit 1
$$;

-- Returns a job with its event, its data and its steps, or null.
create or replace function public.capture_get_job(job_id bigint)
returns jsonb language sql stable security definer set search_path = '' as $$
  select capture.to_job(j) || jsonb_build_object('event', j.event, 'data', j.data, 'steps', j.steps) from capture.jobs j where j.id = job_id
$$;

-- Groups failed and retrying jobs by function and error, the most frequent first: [{ key, function, error, message, failed, retrying, first_at,
-- last_at }]. The message is the newest job's.
create function public.capture_list_failures(max_failures integer)
returns jsonb language sql stable security definer set search_path = '' as $$
  with failures as (
    select
      j.failure, count(*) filter (where j.state = 'failed') as failed, count(*) filter (where j.state = 'retrying') as retrying,
      max(j.id) as newest, min(coalesce(j.finished_at, j.stepped_at)) as first_at, max(coalesce(j.finished_at, j.stepped_at)) as last_at
    from capture.jobs j where j.failure is not null group by j.failure
    order by count(*) desc, newest desc limit max_failures
  )
  select coalesce(jsonb_agg(jsonb_build_object(
    'key', f.failure, 'function', j.event_name, 'error', coalesce(j.error ->> 'name', 'Error'), 'message', coalesce(j.error ->> 'message', ''),
    'failed', f.failed, 'retrying', f.retrying, 'first_at', f.first_at, 'last_at', f.last_at
  ) order by f.failed + f.retrying desc, f.newest desc), '[]')
  from failures f join capture.jobs j on j.id = f.newest
$$;

select capture.restrict_access();
