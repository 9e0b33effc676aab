-- Schema capture: the work that fills schema github.

create schema capture;

-- Enums sort in the order given here: `order by priority desc` puts critical first.
create type capture.priority as enum ('low', 'medium', 'high', 'critical');
create type capture.job_state as enum ('pending', 'processing', 'completed', 'failed', 'cancelled');

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
  event jsonb,
  created_at timestamptz not null default now(),
  started_at timestamptz,
  finished_at timestamptz,
  requests integer not null default 0,
  points integer not null default 0,
  rows_written integer not null default 0,
  done integer,
  total integer
);
create index on capture.jobs (state, created_at);
create index on capture.jobs (finished_at);
comment on table capture.jobs is 'One row for every capture, live or manual: an Inngest event and the run that answers it.';
comment on column capture.jobs.repository is 'owner/name at the time, for people; repository_id is the key.';
comment on column capture.jobs.since is 'Of a repository''s sync that was queued by hand: how far back it goes. Null: through everything.';
comment on column capture.jobs.error is 'Why the last run failed: {name, message, stack}.';
comment on column capture.jobs.event is 'The event''s data, kept when its run failed, so that it can be sent again.';
comment on column capture.jobs.requests is 'Requests to GitHub that count against its REST limit.';
comment on column capture.jobs.done is 'Of a repository''s sync: pull requests walked so far, of total.';
comment on column capture.jobs.points is 'Points of GitHub''s GraphQL limit.';

-- Notes what one step of a run did, in the transaction that did it, so that a job never claims rows that are not there.
-- A step that is run again after its commit changes no rows, and so adds none.
create function capture.note_step(context jsonb, rows_written integer, finished boolean)
returns void language sql set search_path = '' as $$
  insert into capture.jobs as present (
    event_id, event_name, run_id, repository_id, repository, number, installation_id, reason, priority, state,
    attempts, started_at, finished_at, requests, points, rows_written
  )
  select
    job ->> 'event_id', job ->> 'event_name', job ->> 'run_id',
    (repository ->> 'id')::bigint, (repository ->> 'owner') || '/' || (repository ->> 'name'), (job ->> 'number')::integer,
    (context ->> 'installation_id')::bigint, job ->> 'reason', (job ->> 'priority')::capture.priority,
    case when finished then 'completed' else 'processing' end::capture.job_state,
    (job ->> 'attempt')::integer + 1, now(), case when finished then now() end,
    coalesce((job ->> 'requests')::integer, 0), coalesce((job ->> 'points')::integer, 0), rows_written
  from (select context -> 'job' as job, context -> 'repository' as repository) as given
  on conflict (event_id) do update set
    run_id = excluded.run_id,
    state = excluded.state,
    attempts = greatest(present.attempts, excluded.attempts),
    error = null,
    event = null,
    started_at = coalesce(present.started_at, excluded.started_at),
    finished_at = excluded.finished_at,
    requests = present.requests + excluded.requests,
    points = present.points + excluded.points,
    rows_written = present.rows_written + excluded.rows_written
$$;

-- Marks the job of a run that is out of retries. Keeps the event, so that it can be sent again.
-- Where captures have stopped, the job is cancelled and says why, whatever it was that the run failed of: a suspended or deleted
-- installation's requests fail too. It keeps no event then, and of an uninstalled App not even the repository's name. What tells of the
-- installation itself, and so of no repository, is never stopped.
create function public.capture_fail_job(context jsonb, error jsonb, event jsonb)
returns void language plpgsql security definer set search_path = '' as $$
declare
  installation constant bigint := (context ->> 'installation_id')::bigint;
  stop_reason constant text := case when context ? 'repository' then coalesce(
    capture.stop_reason(installation, (context #>> '{repository,id}')::bigint),
    case when error ->> 'name' = 'CapturesStoppedError' then error ->> 'message' end
  ) end;
begin
  perform capture.note_step(context, 0, false);
  update capture.jobs j set
    state = case when stop_reason is null then 'failed' else 'cancelled' end::capture.job_state,
    error = case
      when stop_reason is null then capture_fail_job.error
      else jsonb_build_object('name', 'CapturesStoppedError', 'message', stop_reason, 'stack', null) end,
    event = case when stop_reason is null then capture_fail_job.event end,
    repository = case
      when not exists (select from github.installations i where i.id = installation and i.deleted_at is not null) then j.repository end,
    finished_at = now()
  where j.event_id = context #>> '{job,event_id}';
end $$;

-- Deletes jobs that finished before the moment given. Returns how many.
create function public.capture_prune_jobs(finished_before timestamptz)
returns integer language plpgsql security definer set search_path = '' as $$
declare
  pruned integer;
begin
  delete from capture.jobs where finished_at < finished_before;
  get diagnostics pruned = row_count;
  return pruned;
end $$;

-- How many jobs are in each state, as they are.
create function public.capture_queue_stats()
returns jsonb language sql stable security definer set search_path = '' as $$
  select jsonb_build_object(
    'pending', count(*) filter (where state = 'pending'),
    'processing', count(*) filter (where state = 'processing'),
    'completed', count(*) filter (where state = 'completed'),
    'failed', count(*) filter (where state = 'failed'),
    'cancelled', count(*) filter (where state = 'cancelled'),
    'total', count(*)
  )
  from capture.jobs
$$;
