-- A long sync continues in another run, whose event names the job of the first. Its replay is a job of its own: the event names that one, and so do
-- the marks of what was read already. It named the failed job, so the replay stayed pending for ever.
create or replace function public.capture_replay_jobs(jobs jsonb)
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
  ), marked as (
    update capture.coverage c set
      read_by = case when c.read_by = f.event_id then f.replay_id else c.read_by end,
      skipped_by = case when c.skipped_by = f.event_id then f.replay_id else c.skipped_by end
    from failed f join queued q on q.event_id = f.replay_id
    where f.event ? 'from' and c.repository_id = f.repository_id and f.event_id in (c.read_by, c.skipped_by)
  ), replayed as (
    update capture.jobs j set state = 'cancelled', replayed_at = now() from failed f where j.id = f.id
  ), sent as (
    select f.id, f.replay_id, jsonb_build_object('id', f.replay_id, 'name', f.event_name, 'data', case
      when f.event ? 'from' then jsonb_set(f.event, '{from,job}', to_jsonb(f.replay_id)) else f.event
    end) as event
    from failed f join queued q on q.event_id = f.replay_id
  ), stored as (
    insert into capture.outbox (event_id, event, next_attempt_at)
    select s.replay_id, s.event, now() + interval '1 minute' from sent s
  )
  select coalesce(jsonb_agg(s.event order by s.id), '[]') into events from sent s;
  return events;
end $$;

-- A time that is more than a day ahead came from a process with a wrong clock. It must not stop the looks of all others until then.
create or replace function public.capture_claim_look(name text, due_at timestamptz)
returns boolean language plpgsql security definer set search_path = '' as $$
begin
  insert into capture.looks as present values (name, due_at)
  on conflict on constraint looks_pkey do update set due_at = excluded.due_at
    where present.due_at < excluded.due_at or present.due_at > greatest(excluded.due_at, now()) + interval '1 day';
  return found;
end $$;

-- Servers whose timers overlap resend the same event with the same id, which counts once.
create or replace function public.capture_record_resent(event_ids text[])
returns void language sql security definer set search_path = '' as $$
  update capture.unstarted_events u set resends = u.resends + 1, sent_at = now()
  where u.event_id = any (event_ids) and u.sent_at < now() - interval '1 minute'
$$;

-- Renaming an organization of n repositories took n² steps.
create or replace function capture.record_repository(repo_id bigint, installation bigint, owner text, name text, seen_at timestamptz)
returns void language plpgsql set search_path = '' as $$
begin
  update github.repositories r set installation_id = installation
  where r.id = repo_id and r.installation_id is null and installation is not null;
  update github.repositories r set
    installation_id = installation, removed_at = null, installed_clock = null, installed_fetched_at = null,
    owner = record_repository.owner, name = record_repository.name, seen_at = record_repository.seen_at
  where r.id = repo_id and r.installation_id <> installation and r.seen_at < record_repository.seen_at
    and (r.installed_clock is null or r.removed_at is not null);

  insert into github.repositories as present (id, owner, name, installation_id, seen_at)
  values (repo_id, owner, name, installation, seen_at)
  on conflict (id) do update set
    owner = excluded.owner, name = excluded.name, seen_at = excluded.seen_at
  where (excluded.seen_at, excluded.owner, excluded.name) > (present.seen_at, coalesce(present.owner, ''), coalesce(present.name, ''));

  perform capture.claim_repository_name(lower(owner || '/' || name), repo_id, seen_at);
  -- Either another repository has the name of this one, or this one has another's. One condition with `or` would read all repositories.
  update github.repositories r set name = null from capture.repository_names taken
  where r.id = repo_id and taken.full_name = lower(r.full_name)
    and taken.repository_id <> r.id and (taken.seen_at, taken.repository_id) > (r.seen_at, r.id);
  update github.repositories r set name = null from capture.repository_names taken
  where taken.full_name = lower(record_repository.owner || '/' || record_repository.name) and taken.repository_id = repo_id
    and lower(r.owner) = lower(record_repository.owner) and lower(r.name) = lower(record_repository.name)
    and taken.repository_id <> r.id and (taken.seen_at, taken.repository_id) > (r.seen_at, r.id);
end $$;

-- The outbox has whole payloads.
create or replace function capture.purge_installation(installation bigint)
returns void language plpgsql set search_path = '' as $$
declare
  repositories constant bigint[] := array(select r.id from github.repositories r where r.installation_id = installation);
  accounts bigint[];
begin
  select array_agg(distinct account) into accounts
  from (
    select unnest(array[p.author_id, p.merged_by_id] || p.assignees || p.requested_reviewers) from github.pull_requests p
    where p.repository_id = any (repositories)
    union all
    select r.author_id from github.reviews r where r.repository_id = any (repositories)
    union all
    select c.author_id from github.comments c where c.repository_id = any (repositories)
    union all
    select i.account_id from github.installations i where i.id = installation
  ) as referenced (account);

  delete from github.repositories r where r.id = any (repositories); -- cascades to all their rows
  delete from capture.repository_names n where n.repository_id = any (repositories);
  delete from capture.jobs j where j.installation_id = installation or j.repository_id = any (repositories);
  delete from capture.outbox o where (o.event #>> '{data,installationId}')::bigint = installation;
  delete from capture.unstarted_events u where (u.event #>> '{data,installationId}')::bigint = installation;
  update capture.journal set events = (
    select coalesce(json_agg(value), '[]') from json_array_elements(events)
    where (value #>> '{data,installationId}')::bigint is distinct from installation
  );
  update github.installations i set
    account_id = null, repository_selection = null, created_at = null, updated_at = null, suspended_at = null, column_clocks = '{}'
  where i.id = installation;

  delete from github.accounts a
  where a.id = any (accounts)
    and not exists (select from github.pull_requests p where p.author_id = a.id)
    and not exists (select from github.pull_requests p where p.merged_by_id = a.id)
    and not exists (select from github.reviews r where r.author_id = a.id)
    and not exists (select from github.comments c where c.author_id = a.id)
    and not exists (select from github.installations i where i.account_id = a.id)
    and not exists (
      select from (select unnest(p.assignees || p.requested_reviewers) from github.pull_requests p) as referenced (account)
      where referenced.account = a.id
    );
end $$;

select capture.restrict_access();
