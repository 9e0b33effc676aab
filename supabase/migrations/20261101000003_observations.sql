-- What all merges share: which of two observations is newer, and whom an observation speaks of.

-- 'newer': the new observation replaces the present one. 'older', 'same': it changes nothing.
-- 'unsettled': both bear the same second, differ, and nothing here tells which is later; only GitHub can.
--
-- A fetch is right about a second that was over when it was answered. Within the same second GitHub may have changed
-- the object after answering, so a payload of that second is not simply older.
create function capture.compare_observations(
  present_clock timestamptz, present_fetched_at timestamptz,
  observed_clock timestamptz, observed_fetched_at timestamptz,
  same_content boolean
)
returns text language sql immutable set search_path = '' as $$
  select case
    when present_clock is null or observed_clock > present_clock then 'newer'
    when observed_clock < present_clock then 'older'
    when same_content then 'same'
    when observed_fetched_at is not null and (present_fetched_at is null or observed_fetched_at > present_fetched_at) then 'newer'
    when observed_fetched_at < present_fetched_at then 'older'
    when observed_fetched_at is null and date_trunc('second', present_fetched_at) > present_clock then 'older'
    else 'unsettled'
  end
$$;

-- Who was seen last with a login or a full name, in lower case; of one second, the higher id.
create table capture.names (
  kind text not null check (kind in ('login', 'repository')),
  name text not null,
  holder_id bigint not null,
  seen_at timestamptz not null,
  primary key (kind, name)
);

create function capture.see_name(kind text, name text, holder_id bigint, seen_at timestamptz)
returns void language plpgsql set search_path = '' as $$
begin
  if not exists (
    select from capture.names known
    where known.kind = see_name.kind and known.name = see_name.name
      and (known.seen_at > see_name.seen_at or (known.holder_id = see_name.holder_id and known.seen_at > see_name.seen_at - interval '1 hour'))
  ) then
    insert into capture.names as present values (see_name.kind, see_name.name, see_name.holder_id, see_name.seen_at)
    on conflict on constraint names_pkey do update set holder_id = excluded.holder_id, seen_at = excluded.seen_at
    where (excluded.seen_at, excluded.holder_id) > (present.seen_at, present.holder_id);
  end if;
end $$;

-- What captures of an installation and changes of it wait for: captures share it, a change has it alone. So a capture that writes has
-- seen the last change, and a change that has ended is followed by no write that did not see it.
create function capture.installation_lock(installation bigint)
returns bigint language sql immutable set search_path = '' as $$
  select pg_catalog.hashtextextended('capture.installation:' || installation, 0)
$$;

-- What a purge has alone, so that nobody comes to name an account that it has found to be nobody's.
create function capture.accounts_lock()
returns bigint language sql immutable set search_path = '' as $$
  select pg_catalog.hashtextextended('capture.accounts', 0)
$$;

-- Why nothing more is captured of a repository through an installation, as a sentence. Null while captures go on. Without an
-- installation (null) only the repository's deletion ends them. That it was taken out of one installation is nothing to another.
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

-- Begins every write of a capture: keeps whom it names, and returns the repository's id. Raises PC001 where captures have stopped, so
-- that none of the transaction is written.
create function capture.observe(context jsonb)
returns bigint language plpgsql set search_path = '' as $$
begin
  perform capture.refuse_stopped(context);
  return capture.note_sight(context);
end $$;

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

-- Who writes accounts, repositories and names does so alone, until the end of its transaction: a name that passes from one to another is
-- several rows, which no order of locking fits. Most captures tell nothing new of them, and do not wait.
create function capture.lock_names()
returns void language sql volatile set search_path = '' as $$
  select pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('capture.names', 0))
$$;

-- The accounts of a context that it tells something of: not those seen with the same name within the last hour.
create function capture.accounts_told(context jsonb)
returns table (id bigint, login text, type text) language sql stable set search_path = '' as $$
  select distinct on (sight.id) sight.id, sight.login, sight.type
  from jsonb_to_recordset(context -> 'accounts') as sight (id bigint, login text, type text)
  where not exists (
    select from github.accounts known
    where known.id = sight.id and (known.login, known.type) is not distinct from (sight.login, sight.type)
      and known.seen_at > (context ->> 'observed_at')::timestamptz - interval '1 hour'
  )
  order by sight.id
$$;

-- The repository of a context, likewise.
create function capture.repository_told(context jsonb)
returns table (id bigint, owner text, name text, seen_at timestamptz) language sql stable set search_path = '' as $$
  select sight.id, sight.owner, sight.name, coalesce(sight.seen_at, '-infinity')
  from jsonb_to_record(context -> 'repository') as sight (id bigint, owner text, name text, seen_at timestamptz)
  where sight.id is not null and not exists (
    select from github.repositories known
    where known.id = sight.id and (known.owner, known.name) is not distinct from (sight.owner, sight.name)
      and (context ->> 'installation_id' is null or known.installation_id = (context ->> 'installation_id')::bigint)
      and (known.seen_at > sight.seen_at - interval '1 hour' or sight.seen_at is null)
  )
$$;

-- Keeps the installation, repository and accounts that an observation names. Returns the repository's id.
--
-- context: { repository: {id, owner, name, seen_at}, installation_id, accounts: [{id, login, type}], observed_at, fetched_at, job }
--
-- `repository.seen_at` is null where the capture only knows the name it was asked with, which may be an old one: that names a
-- repository not seen before, and no other.
-- The newest sight of a name wins. A name belongs to one holder, whoever was seen with it last; the other's becomes null until it is
-- seen again. A sight that tells nothing new is noted at most once an hour, so that busy rows are not rewritten by every capture.
create function capture.note_sight(context jsonb)
returns bigint language plpgsql set search_path = '' as $$
declare
  repo_id constant bigint := (context #>> '{repository,id}')::bigint;
  installation constant bigint := (context ->> 'installation_id')::bigint;
begin
  perform pg_catalog.pg_advisory_xact_lock_shared(capture.accounts_lock());
  if installation is not null and not exists (select from github.installations where id = installation) then
    insert into github.installations (id) values (installation) on conflict do nothing;
  end if;

  if exists (select from capture.repository_told(context)) or exists (select from capture.accounts_told(context)) then
    perform capture.lock_names();
    perform capture.note_repository(repo_id, installation, sight.owner, sight.name, sight.seen_at)
    from capture.repository_told(context) as sight;
    perform capture.note_accounts(context);
  end if;
  return repo_id;
end $$;

-- A repository belongs to the installation that told so (installed_clock). Where none did, or that one is over, it belongs to the one
-- it was last seen through.
create function capture.note_repository(repo_id bigint, installation bigint, owner text, name text, seen_at timestamptz)
returns void language plpgsql set search_path = '' as $$
begin
  update github.repositories r set installation_id = installation
  where r.id = repo_id and r.installation_id is null and installation is not null;
  update github.repositories r set
    installation_id = installation, removed_at = null, installed_clock = null, installed_fetched_at = null,
    owner = note_repository.owner, name = note_repository.name, seen_at = note_repository.seen_at
  where r.id = repo_id and r.installation_id <> installation and r.seen_at < note_repository.seen_at
    and (r.installed_clock is null or r.removed_at is not null);

  insert into github.repositories as present (id, owner, name, installation_id, seen_at)
  values (repo_id, owner, name, installation, seen_at)
  on conflict (id) do update set
    owner = excluded.owner, name = excluded.name, seen_at = excluded.seen_at
  where (excluded.seen_at, excluded.owner, excluded.name) > (present.seen_at, coalesce(present.owner, ''), coalesce(present.name, ''));

  perform capture.see_name('repository', lower(owner || '/' || name), repo_id, seen_at);
  update github.repositories r set name = null from capture.names taken
  where taken.kind = 'repository' and taken.name = lower(r.full_name) and (r.id = repo_id or taken.holder_id = repo_id)
    and taken.holder_id <> r.id and (taken.seen_at, taken.holder_id) > (r.seen_at, r.id);
end $$;

create function capture.note_accounts(context jsonb)
returns void language plpgsql set search_path = '' as $$
declare
  observed_at constant timestamptz := (context ->> 'observed_at')::timestamptz;
begin
  insert into github.accounts as present (id, login, type, seen_at)
  select sight.id, sight.login, sight.type, observed_at from capture.accounts_told(context) as sight
  on conflict (id) do update set login = excluded.login, type = excluded.type, seen_at = excluded.seen_at
  where (excluded.seen_at, excluded.login, excluded.type) > (present.seen_at, coalesce(present.login, ''), present.type);

  perform capture.see_name('login', lower(sight.login), sight.id, observed_at)
  from jsonb_to_recordset(context -> 'accounts') as sight (id bigint, login text);
  update github.accounts a set login = null from capture.names taken
  where taken.kind = 'login' and taken.name = lower(a.login) and taken.holder_id <> a.id
    and (taken.seen_at, taken.holder_id) > (a.seen_at, a.id)
    and taken.name in (select lower(named.login) from jsonb_to_recordset(context -> 'accounts') as named (login text));
end $$;

-- Sees to it that the pull request has a row, and locks it until the end of the transaction, so that the merges of one
-- pull request follow one another. `partial` is what a review's or comment's payload says of it, null where nothing does.
-- Returns { details_needed, reviewers_unsettled: clock | absent }. details_needed is true for the event that made a stub, however often
-- it is run: it has to ask for the details. So has one whose reviewers could not be ordered.
create function capture.meet_pull_request(repository_id bigint, number integer, partial jsonb, event_id text)
returns jsonb language plpgsql set search_path = '' as $$
declare
  partial_clock constant timestamptz := (partial ->> 'updated_at')::timestamptz;
  stub constant jsonb := coalesce(partial, '{}') || jsonb_build_object(
    'repository_id', repository_id, 'number', number, 'details_requested_by', event_id,
    'reviewers_clock', case when partial ? 'requested_reviewers' then partial_clock end
  );
  lists constant jsonb := '{"labels": [], "assignees": [], "requested_reviewers": [], "requested_teams": [], "files_truncated": false}';
  created boolean;
  details_needed boolean;
  reviewers_unsettled timestamptz;
begin
  insert into github.pull_requests
  select * from jsonb_populate_record(null::github.pull_requests, lists || stub)
  on conflict do nothing;
  created := found;
  select p.details_clock is null and p.details_requested_by = event_id from github.pull_requests p
  where p.repository_id = meet_pull_request.repository_id and p.number = meet_pull_request.number
  for update into strict details_needed;
  if not created and partial is not null then
    perform capture.note_shown(p, partial) from github.pull_requests p
    where p.repository_id = meet_pull_request.repository_id and p.number = meet_pull_request.number
      and coalesce(p.updated_at, '-infinity') < partial_clock;
    update github.pull_requests p set updated_at = partial_clock
    where p.repository_id = meet_pull_request.repository_id and p.number = meet_pull_request.number
      and coalesce(p.updated_at, '-infinity') < partial_clock;

    -- A stub that only bore its number, from a listing, takes the first that tells more.
    update github.pull_requests p set (
      id, title, body, state, draft, locked, active_lock_reason, author_id, author_association, head_ref, head_sha, head_repository_id,
      base_ref, base_sha, labels, assignees, milestone_number, milestone_title, auto_merge_method, created_at, closed_at, merged_at
    ) = (
      select
        f.id, f.title, f.body, f.state, f.draft, f.locked, f.active_lock_reason, f.author_id, f.author_association, f.head_ref, f.head_sha,
        f.head_repository_id, f.base_ref, f.base_sha, f.labels, f.assignees, f.milestone_number, f.milestone_title,
        f.auto_merge_method, f.created_at, f.closed_at, f.merged_at
      from jsonb_populate_record(p, partial) as f
    )
    where p.repository_id = meet_pull_request.repository_id and p.number = meet_pull_request.number
      and p.details_clock is null and p.title is null;
  end if;
  if partial ? 'requested_reviewers' then
    if capture.merge_reviewers(repository_id, number, partial, null) = 'unsettled' then
      reviewers_unsettled := partial_clock;
    end if;
  end if;
  return jsonb_strip_nulls(jsonb_build_object('details_needed', details_needed, 'reviewers_unsettled', reviewers_unsettled));
end $$;

-- Who is asked for a review has a clock of its own: submitting a review takes its author out, and the review's payload alone tells so.
-- Returns the outcome.
create function capture.merge_reviewers(repo_id bigint, pull_request_number integer, item jsonb, fetched_at timestamptz)
returns text language plpgsql set search_path = '' as $$
declare
  observed constant github.pull_requests := jsonb_populate_record(null::github.pull_requests, item);
  present github.pull_requests;
  outcome text;
begin
  select * into strict present from github.pull_requests p
  where p.repository_id = repo_id and p.number = merge_reviewers.pull_request_number;
  outcome := capture.compare_observations(
    present.reviewers_clock, present.reviewers_fetched_at, observed.updated_at, fetched_at,
    (present.requested_reviewers, present.requested_teams) = (observed.requested_reviewers, observed.requested_teams)
  );
  if outcome = 'newer' or (outcome = 'same' and fetched_at > coalesce(present.reviewers_fetched_at, '-infinity')) then
    update github.pull_requests p set
      requested_reviewers = observed.requested_reviewers,
      requested_teams = observed.requested_teams,
      reviewers_clock = observed.updated_at,
      reviewers_fetched_at = merge_reviewers.fetched_at
    where p.repository_id = repo_id and p.number = merge_reviewers.pull_request_number;
  end if;
  return outcome;
end $$;
