-- The manual queue: captures that are requested by hand.

-- Finds a repository by its id or by "owner/name" in any case. Returns null when it is unknown or was deleted.
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

-- Records a repository that GitHub was asked for by name: { private, archived, default_branch, updated_at }. If a repository payload has been
-- captured, only the name is recorded. Returns the result of capture_find_repository.
create function public.capture_ensure_repository(context jsonb, repository jsonb)
returns jsonb language plpgsql security definer set search_path = '' as $$
declare
  repo_id constant bigint := capture.record_context(context);
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

-- Queues captures. Returns the event ids of the new jobs, whose events have to be sent.
--
-- jobs: [{ event_id, event_name, repository_id, repository, number, since, installation_id, reason, priority, data }]. `data` is the event's. A sync
-- goes back to `since` (null: all history).
--
-- No job is added when the same work is pending; a pending sync has to go back as far. Nor when a sync that was queued by hand in the last day
-- is running: it repeats until nothing changed meanwhile. The events are stored in the outbox until they are known to be sent, so that a process
-- that crashes before sending them leaves no job pending forever.
create function public.capture_queue_jobs(jobs jsonb)
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
    insert into capture.jobs (event_id, event_name, repository_id, repository, number, since, installation_id, reason, priority, state)
    select w.event_id, w.event_name, w.repository_id, w.repository, w.number, w.since, w.installation_id, w.reason, w.priority, 'pending'
    from wanted w
    where not exists (
      select from capture.jobs j
      where j.event_name = w.event_name and j.repository_id = w.repository_id
        and j.number is not distinct from w.number and (j.since is null or j.since <= w.since)
        and (j.number is not null or (j.reason = 'gap') = (w.reason = 'gap')) -- a sync of gaps is no backfill
        and (
          j.state = 'pending'
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

-- Removes the events of queued jobs from the outbox after Inngest accepted them.
create function public.capture_record_sent(event_ids text[])
returns void language sql security definer set search_path = '' as $$
  delete from capture.outbox where event_id = any (event_ids)
$$;

-- Deletes queued jobs whose events could not be sent.
create function public.capture_unqueue_jobs(event_ids text[])
returns void language sql security definer set search_path = '' as $$
  delete from capture.outbox where event_id = any (event_ids);
  delete from capture.jobs where event_id = any (event_ids) and state = 'pending'
$$;

select capture.restrict_access();
