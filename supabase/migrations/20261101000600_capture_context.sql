-- What every capture begins with: the check that captures are allowed, and the installation, repository and accounts that its context names.
--
-- context: { repository: { id, owner, name, seen_at }, installation_id, accounts: [{ id, login, type, derived }], observed_at, fetched_at, job }
--
-- Locks are taken in this order, so that no two transactions deadlock: the installation, the repository's titles, the accounts, the repository
-- names, rows of accounts by id, pull requests by number, their rows of capture.coverage.

-- Captures of an installation share this lock; a change of the installation holds it alone. So a capture sees the last change, and no capture
-- that began before a change writes after it.
create function capture.installation_lock(installation bigint)
returns bigint language sql immutable set search_path = '' as $$
  select pg_catalog.hashtextextended('capture.installation:' || installation, 0)
$$;

-- Captures of a repository share this lock; a change of its labels or milestones holds it alone. Such a change rewrites rows, and no capture
-- that began before it may write the old names after it.
create function capture.titles_lock(repo_id bigint)
returns bigint language sql immutable set search_path = '' as $$
  select pg_catalog.hashtextextended('capture.titles:' || repo_id, 0)
$$;

-- Captures share this lock; a purge holds it alone, so that no capture refers to an account that the purge deletes.
create function capture.accounts_lock()
returns bigint language sql immutable set search_path = '' as $$
  select pg_catalog.hashtextextended('capture.accounts', 0)
$$;

-- Only one transaction at a time writes repositories and their names: a name that moves between repositories changes several rows, for which no
-- order of row locks works. Most captures change no repository and do not take this lock.
create function capture.lock_repository_names()
returns void language sql volatile set search_path = '' as $$
  select pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('capture.repository_names', 0))
$$;

-- Locks several pull requests in the order of their numbers. Every transaction that writes more than one calls it first, and writes a pull
-- request before its row of capture.coverage.
create function capture.lock_pull_requests(repo_id bigint, numbers integer[])
returns void language plpgsql set search_path = '' as $$
begin
  perform from github.pull_requests p where p.repository_id = repo_id and p.number = any (numbers) order by p.number for update;
end $$;

-- Returns why a repository is no longer captured through an installation, as a sentence, or null. Without an installation (null) only the
-- repository's deletion stops captures. Its removal from another installation does not.
create function capture.stop_reason(installation bigint, repo_id bigint)
returns text language sql stable set search_path = '' as $$
  select case
    when i.deleted_at is not null then format('The App was uninstalled: installation %s is gone.', installation)
    when i.suspended_at is not null then format('Installation %s is suspended: nothing is captured until it is unsuspended.', installation)
    when r.deleted_at is not null then format('Repository %s was deleted.', repo_id)
    when r.removed_at is not null then format('Repository %s was taken out of installation %s.', repo_id, installation)
  end
  from (select) as one
  left join github.installations i on i.id = installation
  left join github.repositories r on r.id = repo_id and (r.deleted_at is not null or r.installation_id = installation)
$$;

-- Raises PC001 when captures have stopped.
create function capture.refuse_stopped(context jsonb)
returns void language plpgsql set search_path = '' as $$
declare
  installation constant bigint := (context ->> 'installation_id')::bigint;
  stop_reason text;
begin
  if installation is not null then
    perform pg_catalog.pg_advisory_xact_lock_shared(capture.installation_lock(installation));
  end if;
  stop_reason := capture.stop_reason(installation, (context #>> '{repository,id}')::bigint);
  if stop_reason is not null then
    raise exception using errcode = 'PC001', message = stop_reason;
  end if;
end $$;

-- The repository that was last seen with a full name (in lower case); within one second, the higher id. On GitHub a full name belongs to one
-- repository at a time. Logins have no such table: two accounts can share one.
create table capture.repository_names (
  full_name text primary key,
  repository_id bigint not null,
  seen_at timestamptz not null
);
alter table capture.repository_names enable row level security;
comment on table capture.repository_names is 'The repository that was last seen with a full name.';

create function capture.claim_repository_name(full_name text, repository_id bigint, seen_at timestamptz)
returns void language plpgsql set search_path = '' as $$
begin
  if not exists (
    select from capture.repository_names known
    where known.full_name = claim_repository_name.full_name
      and (
        known.seen_at > claim_repository_name.seen_at
        or (known.repository_id = claim_repository_name.repository_id and known.seen_at > claim_repository_name.seen_at - interval '1 hour')
      )
  ) then
    insert into capture.repository_names as present
    values (claim_repository_name.full_name, claim_repository_name.repository_id, claim_repository_name.seen_at)
    on conflict on constraint repository_names_pkey do update set repository_id = excluded.repository_id, seen_at = excluded.seen_at
    where (excluded.seen_at, excluded.repository_id) > (present.seen_at, present.repository_id);
  end if;
end $$;

-- Returns the repository of a context if it is new or changed. Busy rows are not rewritten by every capture: an unchanged name is recorded at
-- most once an hour.
create function capture.changed_repository(context jsonb)
returns table (id bigint, owner text, name text, seen_at timestamptz) language sql stable set search_path = '' as $$
  select seen.id, seen.owner, seen.name, coalesce(seen.seen_at, '-infinity')
  from jsonb_to_record(context -> 'repository') as seen (id bigint, owner text, name text, seen_at timestamptz)
  where seen.id is not null and not exists (
    select from github.repositories known
    where known.id = seen.id and (known.owner, known.name) is not distinct from (seen.owner, seen.name)
      and (context ->> 'installation_id' is null or known.installation_id = (context ->> 'installation_id')::bigint)
      and (known.seen_at > seen.seen_at - interval '1 hour' or seen.seen_at is null)
  )
$$;

-- Records a repository's name and installation. The installation is the one whose payload contained the repository (installed_clock). Without
-- such a payload, or when that installation is gone, it is the one that the repository was last captured through.
create function capture.record_repository(repo_id bigint, installation bigint, owner text, name text, seen_at timestamptz)
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
  update github.repositories r set name = null from capture.repository_names taken
  where taken.full_name = lower(r.full_name) and (r.id = repo_id or taken.repository_id = repo_id)
    and taken.repository_id <> r.id and (taken.seen_at, taken.repository_id) > (r.seen_at, r.id);
end $$;

-- Returns the accounts of a context that are new or changed, each once. An unchanged login is recorded at most once an hour. `seen_at` is
-- -infinity for a login derived from GraphQL, which only names an account without a login.
create function capture.changed_accounts(context jsonb)
returns table (id bigint, login text, type text, seen_at timestamptz) language sql stable set search_path = '' as $$
  select distinct on (seen.id) seen.id, seen.login, seen.type, clock.seen_at
  from jsonb_to_recordset(context -> 'accounts') as seen (id bigint, login text, type text, derived boolean),
    lateral (
      select case when seen.derived or seen.login is null then '-infinity' else (context ->> 'observed_at')::timestamptz end
    ) as clock (seen_at)
  where not exists (
    select from github.accounts known
    where known.id = seen.id and known.login is not null
      and case
        when clock.seen_at = '-infinity' then known.type is not null
        else known.login = seen.login and known.type is not distinct from coalesce(seen.type, known.type)
          and known.seen_at > clock.seen_at - interval '1 hour'
      end
  )
  order by seen.id, clock.seen_at desc, seen.login desc nulls last
$$;

-- True when an observed login is newer than the present one; within one second, when it is the greater one.
create function capture.is_newer_login(observed github.accounts, present github.accounts)
returns boolean language sql immutable set search_path = '' as $$
  select observed.login is not null and (
    present.login is null
    or (observed.seen_at, observed.login, coalesce(observed.type, '')) > (present.seen_at, present.login, coalesce(present.type, ''))
  )
$$;

-- Records the accounts of a context in the order of their ids. An older observation only fills in an unknown login or type.
create function capture.record_accounts(context jsonb)
returns void language sql set search_path = '' as $$
  insert into github.accounts as present (id, login, type, seen_at)
  select seen.id, seen.login, seen.type, seen.seen_at from capture.changed_accounts(context) as seen
  on conflict (id) do update set
    login = case when capture.is_newer_login(excluded, present) then excluded.login else present.login end,
    type = case
      when capture.is_newer_login(excluded, present) then coalesce(excluded.type, present.type)
      else coalesce(present.type, excluded.type)
    end,
    seen_at = case when capture.is_newer_login(excluded, present) then excluded.seen_at else present.seen_at end
  where capture.is_newer_login(excluded, present) or (present.type is null and excluded.type is not null)
$$;

-- Records the installation, repository and accounts of a context. Returns the repository's id.
--
-- The newest name of each repository and account wins. A full name belongs to the repository that was last seen with it; the other one's name
-- becomes null until it is seen again. `repository.seen_at` is null when the name is only the one that the capture was requested with, which
-- may be old: it names a new repository and never renames a known one.
create function capture.record_context(context jsonb)
returns bigint language plpgsql set search_path = '' as $$
declare
  repo_id constant bigint := (context #>> '{repository,id}')::bigint;
  installation constant bigint := (context ->> 'installation_id')::bigint;
begin
  perform pg_catalog.pg_advisory_xact_lock_shared(capture.accounts_lock());
  if installation is not null and not exists (select from github.installations where id = installation) then
    insert into github.installations (id) values (installation) on conflict do nothing;
  end if;

  if exists (select from capture.changed_repository(context)) then
    perform capture.lock_repository_names();
    perform capture.record_repository(repo_id, installation, seen.owner, seen.name, seen.seen_at)
    from capture.changed_repository(context) as seen;
  end if;
  perform capture.record_accounts(context);
  return repo_id;
end $$;

-- Begins every transaction that writes captured rows. Raises PC001 when captures have stopped. Returns the repository's id.
create function capture.begin_write(context jsonb)
returns bigint language plpgsql set search_path = '' as $$
begin
  perform capture.refuse_stopped(context);
  perform pg_catalog.pg_advisory_xact_lock_shared(capture.titles_lock((context #>> '{repository,id}')::bigint));
  return capture.record_context(context);
end $$;

-- Begins a run that requests data from GitHub. Returns 'cancelled' when its job was cancelled before; 'known' when the run would only fetch a
-- stub's details (`unless_known`) and they have arrived, which completes the job; else 'begun'. Raises PC001 when captures have stopped.
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
  perform capture.record_step(context, 0, known);
  return case when known then 'known' else 'begun' end;
end $$;

-- Marks the parts of a pull request that a failed capture should have read as stale since the event. A pull request that is known only from
-- this event becomes a gap too. When files are missing already, details are not marked as well.
create function capture.mark_failed_parts(event_name text, event jsonb, queued_at timestamptz)
returns void language plpgsql set search_path = '' as $$
declare
  repo_id constant bigint := (event #>> '{repository,id}')::bigint;
  pull_request_number constant integer := (event ->> 'number')::integer;
  parts text[];
begin
  case event_name
    when 'capture/pr.details' then parts := array['details'];
    when 'capture/pr.reviews' then parts := array['reviews'];
    when 'capture/pr.comments' then
      if event #>> '{observed,kind}' = 'issue' or event -> 'lists' = '["issue_comments"]' then
        parts := array['issue_comments'];
      elsif event #>> '{observed,kind}' is not null or not event -> 'lists' ? 'issue_comments' then
        parts := array['review_comments'];
      else
        parts := array['issue_comments', 'review_comments'];
      end if;
    else return;
  end case;
  if event ->> 'reason' = 'webhook' then
    insert into capture.coverage (repository_id, number)
    select repo_id, pull_request_number where exists (select from github.repositories r where r.id = repo_id)
    on conflict do nothing;
  end if;
  if event_name = 'capture/pr.details' and exists (
    select from capture.coverage c where c.repository_id = repo_id and c.number = pull_request_number and c.known and c.files_missing > 0
  ) then
    return;
  end if;
  perform capture.mark_stale(repo_id, array[pull_request_number], parts, queued_at);
end $$;

-- Ends the job of a run without retries left. It keeps the event for a replay, and the pull request becomes a gap until it is read.
--
-- When captures have stopped, the job is cancelled with that reason, whatever error it failed with: requests of a suspended or deleted
-- installation fail too. The event is not kept, nor the repository's name if the App was uninstalled. Events about the installation itself,
-- whose context has no repository, are never stopped.
create function public.capture_fail_job(context jsonb, error jsonb, event jsonb)
returns void language plpgsql security definer set search_path = '' as $$
declare
  installation constant bigint := (context ->> 'installation_id')::bigint;
  stop_reason constant text := case when context ? 'repository' then coalesce(
    capture.stop_reason(installation, (context #>> '{repository,id}')::bigint),
    case when error ->> 'name' = 'CapturesStoppedError' then error ->> 'message' end
  ) end;
begin
  perform capture.record_step(context, 0, false);
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

  if stop_reason is null then
    perform capture.mark_failed_parts(context #>> '{job,event_name}', event, coalesce((context #>> '{job,queued_at}')::timestamptz, now()));
  end if;
end $$;

select capture.restrict_access();
