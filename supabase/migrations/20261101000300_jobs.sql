-- Jobs: one row for each capture. A job's row is written in the transaction that writes the captured rows.

-- Enums sort in this order: `order by priority desc` lists critical first.
create type capture.priority as enum ('low', 'medium', 'high', 'critical');
create type capture.job_state as enum ('pending', 'processing', 'retrying', 'completed', 'failed', 'cancelled');

create table capture.jobs (
  id bigint primary key generated always as identity,
  event_id text not null unique,
  event_name text not null,
  run_id text,
  repository_id bigint,
  repository text,
  number integer,
  since timestamptz,
  installation_id bigint,
  reason text not null,
  priority capture.priority not null,
  state capture.job_state not null,
  attempts integer not null default 0,
  error jsonb,
  next_attempt_at timestamptz,
  event jsonb,
  queued_at timestamptz,
  created_at timestamptz not null default now(),
  started_at timestamptz,
  stepped_at timestamptz,
  finished_at timestamptz,
  requests integer not null default 0,
  points integer not null default 0,
  rows_written integer not null default 0,
  done integer,
  total integer,
  left_behind integer[] not null default '{}'
);
create index jobs_state_idx on capture.jobs (state, created_at);
create index jobs_finished_at_idx on capture.jobs (finished_at);
create index jobs_unfinished_idx on capture.jobs (repository_id, event_name, number) where state in ('pending', 'processing', 'retrying');
alter table capture.jobs enable row level security;
comment on table capture.jobs is 'Captures, live and manual: an Inngest event and the run that handles it.';
comment on column capture.jobs.repository is 'owner/name when the event was sent, for display. repository_id is the key.';
comment on column capture.jobs.since is 'Of a sync that was queued by hand: the start of its time range. Null: all history.';
comment on column capture.jobs.state is 'retrying: the last attempt failed and Inngest makes another one.';
comment on column capture.jobs.attempts is 'The highest number of attempts of any step. Inngest counts attempts for each step.';
comment on column capture.jobs.error is 'Why the last attempt failed: {name, message, stack}. Null after an attempt succeeds.';
comment on column capture.jobs.next_attempt_at is 'While retrying: when the next attempt is due. Null: unknown, Inngest''s backoff decides.';
comment on column capture.jobs.queued_at is 'When the event was sent. Null: unknown.';
comment on column capture.jobs.stepped_at is 'When a step last stored rows or failed.';
comment on column capture.jobs.event is 'The data of the event when its run failed, for a replay.';
comment on column capture.jobs.requests is 'Requests that count against GitHub''s REST rate limit.';
comment on column capture.jobs.points is 'Points that count against GitHub''s GraphQL rate limit.';
comment on column capture.jobs.done is 'Of a sync: how many pull requests it has read, out of total.';
comment on column capture.jobs.left_behind is 'Of a sync: pull requests that it could not read. They have jobs of their own.';

-- Records one step of a run in the transaction that stores the step's rows, so that a job never counts rows that were rolled back. A step that
-- runs again after its commit writes no rows, and so counts none.
create function capture.record_step(context jsonb, rows_written integer, finished boolean)
returns void language sql set search_path = '' as $$
  insert into capture.jobs as present (
    event_id, event_name, run_id, repository_id, repository, number, installation_id, reason, priority, state,
    attempts, queued_at, started_at, stepped_at, finished_at, requests, points, rows_written
  )
  select
    job ->> 'event_id', job ->> 'event_name', job ->> 'run_id',
    (repository ->> 'id')::bigint, (repository ->> 'owner') || '/' || (repository ->> 'name'), (job ->> 'number')::integer,
    (context ->> 'installation_id')::bigint, job ->> 'reason', (job ->> 'priority')::capture.priority,
    case when finished then 'completed' else 'processing' end::capture.job_state,
    (job ->> 'attempt')::integer + 1, (job ->> 'queued_at')::timestamptz, now(), now(), case when finished then now() end,
    coalesce((job ->> 'requests')::integer, 0), coalesce((job ->> 'points')::integer, 0), rows_written
  from (select context -> 'job' as job, context -> 'repository' as repository) as step
  on conflict (event_id) do update set
    run_id = excluded.run_id,
    state = excluded.state,
    attempts = greatest(present.attempts, excluded.attempts),
    error = null,
    next_attempt_at = null,
    event = null,
    queued_at = coalesce(present.queued_at, excluded.queued_at),
    started_at = coalesce(present.started_at, excluded.started_at),
    stepped_at = excluded.stepped_at,
    finished_at = excluded.finished_at,
    requests = present.requests + excluded.requests,
    points = present.points + excluded.points,
    rows_written = present.rows_written + excluded.rows_written
$$;

-- Records a failed attempt when it happens, and when the next one is due (null: unknown). Returns the job's id.
--
-- A step without retries left (`final`) has no next attempt: its function handles the error, or the run fails and capture_fail_job follows. A
-- completed or cancelled job keeps its outcome, because a run that goes on after that stores nothing.
create function public.capture_record_attempt(context jsonb, error jsonb, next_attempt_at timestamptz, final boolean)
returns bigint language plpgsql security definer set search_path = '' as $$
declare
  job_id bigint;
begin
  select j.id into job_id from capture.jobs j
  where j.event_id = context #>> '{job,event_id}' and j.state in ('completed', 'cancelled');
  if found then
    return job_id;
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

-- Ends the state retrying after an attempt succeeded whose step stores nothing, such as a step that sends an event.
create function public.capture_record_recovery(event_id text)
returns void language sql security definer set search_path = '' as $$
  update capture.jobs j set state = 'processing', error = null, next_attempt_at = null
  where j.event_id = capture_record_recovery.event_id and j.state = 'retrying'
$$;

-- Cancels pending jobs and returns their number. Inngest keeps their events; their runs end as soon as they begin.
create function public.capture_cancel_pending_jobs()
returns integer language plpgsql security definer set search_path = '' as $$
declare
  cancelled integer;
begin
  update capture.jobs set state = 'cancelled', finished_at = now() where state = 'pending';
  get diagnostics cancelled = row_count;
  return cancelled;
end $$;

-- Deletes jobs that finished before a moment and returns their number.
create function public.capture_prune_jobs(finished_before timestamptz)
returns integer language plpgsql security definer set search_path = '' as $$
declare
  pruned integer;
begin
  delete from capture.jobs where finished_at < finished_before;
  get diagnostics pruned = row_count;
  return pruned;
end $$;

-- Lists the newest jobs, of one state or of all (null).
create function public.capture_list_jobs(state text, max_jobs integer)
returns jsonb language sql stable security definer set search_path = '' as $$
  select coalesce(jsonb_agg(to_jsonb(job) - 'event' order by job.id desc), '[]')
  from (
    select * from capture.jobs j
    where capture_list_jobs.state is null or j.state = capture_list_jobs.state::capture.job_state
    order by j.id desc limit max_jobs
  ) as job
$$;

-- Returns a job with its event, or null.
create function public.capture_get_job(job_id bigint)
returns jsonb language sql stable security definer set search_path = '' as $$
  select to_jsonb(j) from capture.jobs j where j.id = job_id
$$;

-- Returns the jobs of events: [{ event_id, id, state }]. `id` is the job's. Events without a job are left out.
create function public.capture_find_jobs(event_ids text[])
returns jsonb language sql stable security definer set search_path = '' as $$
  select coalesce(jsonb_agg(jsonb_build_object('event_id', j.event_id, 'id', j.id, 'state', j.state)), '[]')
  from capture.jobs j where j.event_id = any (event_ids)
$$;

-- Returns the unfinished job that syncs a repository back to `since` (null: all history), or else the repository's newest sync, or null.
create function public.capture_find_sync(event_name text, repository_id bigint, since timestamptz)
returns jsonb language sql stable security definer set search_path = '' as $$
  select to_jsonb(j) - 'event' from capture.jobs j
  where j.event_name = capture_find_sync.event_name and j.repository_id = capture_find_sync.repository_id and j.number is null
    and j.reason <> 'gap'
  order by
    j.state in ('pending', 'processing', 'retrying') and j.reason in ('manual', 'backfill')
      and coalesce(j.since <= capture_find_sync.since, j.since is null) desc,
    j.id desc
  limit 1
$$;

-- Counts jobs by state.
create function public.capture_queue_stats()
returns jsonb language sql stable security definer set search_path = '' as $$
  select jsonb_build_object(
    'pending', count(*) filter (where state = 'pending'),
    'processing', count(*) filter (where state = 'processing'),
    'retrying', count(*) filter (where state = 'retrying'),
    'completed', count(*) filter (where state = 'completed'),
    'failed', count(*) filter (where state = 'failed'),
    'cancelled', count(*) filter (where state = 'cancelled'),
    'total', count(*)
  )
  from capture.jobs
$$;

select capture.restrict_access();
