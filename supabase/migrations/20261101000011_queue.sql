-- The manual queue: jobs that wait for their run, and what people ask of them.

-- The repository with that id, or that "owner/name" in any case. Null when none such has been seen, or it is gone.
create function public.capture_find_repository(repository text)
returns jsonb language sql stable security definer set search_path = '' as $$
  select jsonb_build_object('id', r.id, 'owner', r.owner, 'name', r.name, 'installation_id', r.installation_id, 'synced_at', r.synced_at)
  from github.repositories r
  where r.deleted_at is null and r.name is not null
    and case
      when repository ~ '^\d+$' then r.id = repository::bigint
      else lower(r.owner) = lower(split_part(repository, '/', 1)) and lower(r.name) = lower(split_part(repository, '/', 2))
    end
$$;

-- Keeps a repository that GitHub was asked about by name, with what it told: { private, archived, default_branch, updated_at }. Where more is
-- known already, only the name and the sight are new. Returns it as capture_find_repository does.
create function public.capture_meet_repository(context jsonb, repository jsonb)
returns jsonb language plpgsql security definer set search_path = '' as $$
declare
  repo_id constant bigint := capture.note_sight(context);
  observed constant github.repositories := jsonb_populate_record(null::github.repositories, repository);
begin
  update github.repositories r set
    private = observed.private,
    archived = observed.archived,
    default_branch = observed.default_branch,
    updated_at = observed.updated_at,
    fetched_at = (context ->> 'fetched_at')::timestamptz
  where r.id = repo_id and r.updated_at is null;
  return public.capture_find_repository(repo_id::text);
end $$;

create index on capture.jobs (repository_id, event_name, number) where state in ('pending', 'processing');

-- Queues captures. Work that is pending already is joined, not queued twice; work that has begun or ended is queued anew. A sync that was
-- queued by hand and is under way is joined too: it walks until nothing has moved meanwhile. One of more than a day may be dead.
-- jobs: [{ event_id, event_name, repository_id, repository, number, since, installation_id, reason, priority, data }]
-- `data` is the event's. The events stand in the outbox until they are known to be sent, so that a process that dies before it has sent them
-- leaves no job that waits for ever.
-- A sync goes back to `since`, or through everything (null): one that is pending is joined if it goes back as far.
-- Returns the event ids of those queued, whose events are to be sent.
create function public.capture_queue_jobs(jobs jsonb)
returns jsonb language plpgsql security definer set search_path = '' as $$
declare
  queued jsonb;
begin
  -- One at a time: two that queue the same work would not see each other's jobs.
  perform pg_catalog.pg_advisory_xact_lock(hashtextextended('capture.queue', 0));
  with wanted as (
    select distinct on (w.event_name, w.repository_id, w.number) w.*
    from jsonb_to_recordset(jobs) as w (
      event_id text, event_name text, repository_id bigint, repository text, number integer, since timestamptz, installation_id bigint,
      reason text, priority capture.priority, data jsonb
    )
  ), inserted as (
    insert into capture.jobs (event_id, event_name, repository_id, repository, number, since, installation_id, reason, priority, state)
    select w.event_id, w.event_name, w.repository_id, w.repository, w.number, w.since, w.installation_id, w.reason, w.priority, 'pending'
    from wanted w
    where not exists (
      select from capture.jobs j
      where j.event_name = w.event_name and j.repository_id = w.repository_id
        and j.number is not distinct from w.number and (j.since is null or j.since <= w.since)
        and (
          j.state = 'pending'
          or (
            j.state = 'processing' and j.number is null and j.reason in ('manual', 'backfill', 'gap')
            and j.started_at > now() - interval '1 day'
          )
        )
    )
    returning event_id
  ), kept as (
    insert into capture.outbox (event_id, event, next_attempt_at)
    select w.event_id, jsonb_build_object('id', w.event_id, 'name', w.event_name, 'data', w.data), now() + interval '1 minute'
    from wanted w join inserted i on i.event_id = w.event_id
  )
  select coalesce(jsonb_agg(event_id), '[]') into queued from inserted;
  return queued;
end $$;

-- Inngest has the events of queued jobs.
create function public.capture_note_sent(event_ids text[])
returns void language sql security definer set search_path = '' as $$
  delete from capture.outbox where event_id = any (event_ids)
$$;

-- Forgets jobs whose events could not be sent: nothing was queued.
create function public.capture_unqueue_jobs(event_ids text[])
returns void language sql security definer set search_path = '' as $$
  delete from capture.outbox where event_id = any (event_ids);
  delete from capture.jobs where event_id = any (event_ids) and state = 'pending'
$$;

-- Begins a run that will ask GitHub. Returns 'cancelled' when its job was cancelled while it waited; 'known' when it was only to fetch
-- the details of a stub and they have come meanwhile, which ends the job; else 'begun'. Raises PC001 where captures have stopped.
create function public.capture_begin_job(context jsonb, unless_known boolean default false)
returns text language plpgsql security definer set search_path = '' as $$
declare
  known constant boolean := unless_known and exists (
    select from github.pull_requests p
    where p.repository_id = (context #>> '{repository,id}')::bigint and p.number = (context #>> '{job,number}')::integer
      and p.details_clock is not null
  );
begin
  perform from capture.jobs where event_id = context #>> '{job,event_id}' and state = 'cancelled';
  if found then
    return 'cancelled';
  end if;
  perform capture.refuse_stopped(context);
  perform capture.note_step(context, 0, known);
  return case when known then 'known' else 'begun' end;
end $$;

-- Cancels what is pending. Returns how many. Their events stay with Inngest; the runs end when they begin.
create function public.capture_cancel_pending_jobs()
returns integer language plpgsql security definer set search_path = '' as $$
declare
  cancelled integer;
begin
  update capture.jobs set state = 'cancelled', finished_at = now() where state = 'pending';
  get diagnostics cancelled = row_count;
  return cancelled;
end $$;

-- The newest jobs, those of one state or all.
create function public.capture_list_jobs(state text, max_jobs integer)
returns jsonb language sql stable security definer set search_path = '' as $$
  select coalesce(jsonb_agg(to_jsonb(job) - 'event' order by job.id desc), '[]')
  from (
    select * from capture.jobs j
    where capture_list_jobs.state is null or j.state = capture_list_jobs.state::capture.job_state
    order by j.id desc limit max_jobs
  ) as job
$$;

-- The job that stands for a repository's sync back to `since` (null: everything), pending or under way; if there is none, the newest sync's.
-- Null when there is none at all.
create function public.capture_find_sync(event_name text, repository_id bigint, since timestamptz)
returns jsonb language sql stable security definer set search_path = '' as $$
  select to_jsonb(j) - 'event' from capture.jobs j
  where j.event_name = capture_find_sync.event_name and j.repository_id = capture_find_sync.repository_id and j.number is null
  order by
    j.state in ('pending', 'processing') and j.reason in ('manual', 'backfill', 'gap')
      and coalesce(j.since <= capture_find_sync.since, j.since is null) desc,
    j.id desc
  limit 1
$$;

-- A job with all that is known of it, its event too. Null when there is none.
create function public.capture_get_job(job_id bigint)
returns jsonb language sql stable security definer set search_path = '' as $$
  select to_jsonb(j) from capture.jobs j where j.id = job_id
$$;
