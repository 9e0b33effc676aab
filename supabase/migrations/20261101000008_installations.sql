-- Installations of the App, the repositories in them, and what GitHub tells of a repository itself.

-- Notes what a payload of an installation says: { id, account_id, repository_selection, created_at, updated_at, suspended_at }.
--
-- added, removed: [{ id, owner, name, private }], the repositories that the payload lists. `everything`: those in the installation are to
-- be synced, whichever they are. `purge`: what was captured through a deleted installation is deleted, again whenever a late payload of
-- it comes.
--
-- Returns { syncs: [{ id, owner, name }], unsettled: [{ id, owner, name }] }. Syncs follow from what is, not from what this call changed, so
-- that a call that is repeated after its commit returns them again.
create function public.capture_merge_installation(
  context jsonb, installation jsonb, added jsonb, removed jsonb, deleted boolean, everything boolean, purge boolean
)
returns jsonb language plpgsql security definer set search_path = '' as $$
declare
  observed constant github.installations := jsonb_populate_record(null::github.installations, installation);
  present github.installations;
  repository jsonb;
  outcome text;
  rows_written integer := 0;
  unsettled jsonb := '[]';
  syncs jsonb;
begin
  -- All that it will wait for, in the order of captures: these lock rows only when they have what they wait for.
  perform pg_catalog.pg_advisory_xact_lock(capture.installation_lock(observed.id));
  if purge then
    perform pg_catalog.pg_advisory_xact_lock(capture.accounts_lock());
  end if;
  perform capture.lock_names();
  perform capture.note_sight(context - 'repository');

  -- Suspending moves updated_at, while GitHub's own example of unsuspending bears the updated_at of the suspension that it ends. So of
  -- one second the one that is not suspended is later. Were it wrong, GitHub would refuse the requests; the other way round, captures
  -- would be lost.
  update github.installations i set
    account_id = observed.account_id,
    repository_selection = observed.repository_selection,
    created_at = observed.created_at,
    updated_at = observed.updated_at,
    suspended_at = observed.suspended_at
  where i.id = observed.id
    and (
      i.updated_at is null
      or (observed.updated_at, observed.suspended_at is null, coalesce(observed.repository_selection, ''))
        > (i.updated_at, i.suspended_at is null, coalesce(i.repository_selection, ''))
    );
  rows_written := rows_written + case when found then 1 else 0 end;
  if deleted then
    update github.installations i set deleted_at = now() where i.id = observed.id and i.deleted_at is null;
    rows_written := rows_written + case when found then 1 else 0 end;
  end if;

  for repository in
    select listed.value || jsonb_build_object('installed', listed.installed)
    from (select value, true from jsonb_array_elements(added) union all select value, false from jsonb_array_elements(removed))
      as listed (value, installed)
    order by (listed.value ->> 'id')::bigint
  loop
    outcome := capture.merge_installed(context, repository, observed.updated_at);
    if outcome = 'newer' then
      rows_written := rows_written + 1;
    elsif outcome = 'unsettled' then
      unsettled := unsettled || (repository - array['private', 'installed']);
    end if;
  end loop;

  select * into strict present from github.installations i where i.id = observed.id;
  if present.deleted_at is not null then
    unsettled := '[]'; -- nothing is in it any more, whatever was told last
    update github.repositories r set removed_at = now() where r.installation_id = observed.id and r.removed_at is null;
    if purge then
      perform capture.purge_installation(observed.id);
    end if;
  end if;
  select coalesce(jsonb_agg(jsonb_build_object('id', r.id, 'owner', r.owner, 'name', r.name) order by r.id), '[]') into syncs
  from github.repositories r
  where r.installation_id = observed.id and r.removed_at is null and r.deleted_at is null and r.name is not null
    and present.suspended_at is null
    and (everything or r.id in (select (value ->> 'id')::bigint from jsonb_array_elements(added)));

  perform capture.note_step(context, rows_written, unsettled = '[]');
  return jsonb_build_object('syncs', syncs, 'unsettled', unsettled);
end $$;

-- Whether a repository is in an installation, as a payload of that installation tells: repository { id, owner, name, private, installed },
-- clock its updated_at. Returns newer, older, same or unsettled.
--
-- GitHub does not always move an installation's updated_at when a repository is added or removed, so an equal clock, or one from before
-- GitHub was asked, does not tell which of two different payloads is later. Nor do the clocks of two installations. What is in doubt is
-- asked of GitHub.
create function capture.merge_installed(context jsonb, repository jsonb, clock timestamptz)
returns text language plpgsql set search_path = '' as $$
declare
  installation constant bigint := (context ->> 'installation_id')::bigint;
  installed constant boolean := (repository ->> 'installed')::boolean;
  -- These names bear no clock of their own.
  repo_id constant bigint := capture.note_sight(
    context || jsonb_build_object('repository', repository || '{"seen_at": null}', 'accounts', '[]'::jsonb)
  );
  present github.repositories;
  outcome text;
begin
  select * into strict present from github.repositories r where r.id = repo_id for update;
  outcome := case
    when present.installation_id <> installation then
      case
        when not installed then 'older' -- another's by now
        when exists (select from github.installations i where i.id = present.installation_id and i.deleted_at is not null) then 'newer'
        else 'unsettled'
      end
    when present.installed_clock is null or clock > greatest(present.installed_clock, present.installed_fetched_at) then 'newer'
    when clock < present.installed_clock then 'older'
    when (present.removed_at is null) = installed then 'same'
    else 'unsettled'
  end;
  if outcome = 'newer' then
    update github.repositories r set
      installation_id = installation,
      removed_at = case when not installed then now() end,
      installed_clock = clock,
      installed_fetched_at = null,
      private = case when present.updated_at is null then (repository ->> 'private')::boolean else present.private end
    where r.id = repo_id;
  end if;
  return outcome;
end $$;

-- Notes GitHub's answer to which installation a repository is in: { id, updated_at }, or null for none. An answer as old as what a
-- payload has told meanwhile changes nothing. Returns whether the repository is to be synced.
create function public.capture_settle_installed(context jsonb, answer jsonb, finished boolean)
returns boolean language plpgsql security definer set search_path = '' as $$
declare
  holder constant bigint := (answer ->> 'id')::bigint;
  asked_at constant timestamptz := (context ->> 'fetched_at')::timestamptz;
  repo_id constant bigint := (context #>> '{repository,id}')::bigint;
  rows_written integer;
begin
  perform pg_catalog.pg_advisory_xact_lock(lock)
  from unnest(array[capture.installation_lock((context ->> 'installation_id')::bigint), capture.installation_lock(holder)]) as locks (lock)
  where lock is not null
  group by lock order by lock;
  insert into github.installations (id) select holder where holder is not null on conflict do nothing;
  update github.repositories r set
    installation_id = coalesce(holder, r.installation_id),
    removed_at = case when holder is null then coalesce(r.removed_at, now()) end,
    installed_clock = coalesce((answer ->> 'updated_at')::timestamptz, r.installed_clock),
    installed_fetched_at = asked_at
  where r.id = repo_id and coalesce(holder, r.installation_id) is not null
    and date_trunc('second', asked_at) > coalesce(r.installed_clock, '-infinity')
    and asked_at >= coalesce(r.installed_fetched_at, '-infinity')
    and not exists (select from github.installations i where i.id = holder and i.deleted_at is not null);
  get diagnostics rows_written = row_count;
  perform capture.note_step(context, rows_written, finished);
  return holder is not null and capture.stop_reason(holder, repo_id) is null;
end $$;

-- Deletes all that was captured through an installation, for good. Its own row keeps its id and that it is deleted, so that what arrives
-- late is still refused.
create function capture.purge_installation(installation bigint)
returns void language plpgsql set search_path = '' as $$
declare
  repositories constant bigint[] := array(select r.id from github.repositories r where r.installation_id = installation);
  people bigint[];
begin
  select array_agg(distinct person) into people
  from (
    select unnest(array[p.author_id, p.merged_by_id] || p.assignees || p.requested_reviewers) from github.pull_requests p
    where p.repository_id = any (repositories)
    union all
    select r.author_id from github.reviews r where r.repository_id = any (repositories)
    union all
    select c.author_id from github.comments c where c.repository_id = any (repositories)
    union all
    select i.account_id from github.installations i where i.id = installation
  ) as named (person);

  delete from github.repositories r where r.id = any (repositories); -- and by cascade all that is in them
  delete from capture.names n where n.kind = 'repository' and n.holder_id = any (repositories);
  delete from capture.jobs j where j.installation_id = installation or j.repository_id = any (repositories);
  update github.installations i set
    account_id = null, repository_selection = null, created_at = null, updated_at = null, suspended_at = null
  where i.id = installation;

  delete from github.accounts a
  where a.id = any (people)
    and not exists (select from github.pull_requests p where p.author_id = a.id)
    and not exists (select from github.reviews r where r.author_id = a.id)
    and not exists (select from github.comments c where c.author_id = a.id)
    and not exists (select from github.installations i where i.account_id = a.id)
    and not exists (
      select from (
        select unnest(array[p.merged_by_id] || p.assignees || p.requested_reviewers) from github.pull_requests p
      ) as named (person)
      where named.person = a.id
    );
  delete from capture.names n
  where n.kind = 'login' and n.holder_id = any (people) and not exists (select from github.accounts a where a.id = n.holder_id);
end $$;

-- Merges what GitHub tells of a repository itself: { private, archived, default_branch, updated_at }. Its name is the context's.
-- `asked`: which installation it is in is to be asked of GitHub next, so the job goes on. `purge` as for installations: nothing is kept of a
-- deleted one.
-- Returns newer, older, same or unsettled. A deletion is final and bears the last that GitHub tells.
create function public.capture_merge_repository(context jsonb, repository jsonb, deleted boolean, asked boolean, purge boolean)
returns text language plpgsql security definer set search_path = '' as $$
declare
  installation constant bigint := (context ->> 'installation_id')::bigint;
  asked_at constant timestamptz := (context ->> 'fetched_at')::timestamptz;
  observed constant github.repositories := jsonb_populate_record(null::github.repositories, repository);
  repo_id bigint;
  present github.repositories;
  outcome text;
begin
  -- Neither a suspension nor a removal stops this: what the repository is called and whether it is private stays worth knowing, and
  -- nothing would tell it later.
  if installation is not null then
    perform pg_catalog.pg_advisory_xact_lock_shared(capture.installation_lock(installation));
  end if;
  if purge and exists (select from github.installations i where i.id = installation and i.deleted_at is not null) then
    raise exception using errcode = 'PC001', message = capture.stop_reason(installation, null);
  end if;

  repo_id := capture.note_sight(context);
  select * into strict present from github.repositories r where r.id = repo_id for update;
  outcome := capture.compare_observations(
    present.updated_at, present.fetched_at, observed.updated_at, asked_at,
    (present.private, present.archived, present.default_branch) is not distinct from (observed.private, observed.archived, observed.default_branch)
  );
  if outcome = 'unsettled' and (deleted or present.deleted_at is not null) then
    outcome := case when deleted then 'newer' else 'older' end;
  end if;
  if outcome = 'newer' then
    update github.repositories r set
      private = observed.private,
      archived = observed.archived,
      default_branch = observed.default_branch,
      updated_at = observed.updated_at,
      fetched_at = asked_at
    where r.id = repo_id;
  end if;
  if deleted then
    update github.repositories r set deleted_at = now() where r.id = repo_id and r.deleted_at is null;
  end if;

  perform capture.note_step(
    context, case when outcome = 'newer' or (deleted and present.deleted_at is null) then 1 else 0 end, outcome <> 'unsettled' and not asked
  );
  return outcome;
end $$;
