-- What GitHub shows after its deletion exists again. A deleted repository can be restored for 90 days, without a webhook:
-- https://docs.github.com/repositories/creating-and-managing-repositories/restoring-a-deleted-repository
-- An installation disappears and returns with its account, or with the backup of an Enterprise Server.

-- True when an answer shows what was deleted at `deleted_at`. A replica that lags can show it for some seconds.
create function capture.is_restored(deleted_at timestamptz, answered_at timestamptz)
returns boolean language sql immutable set search_path = '' as $$
  select coalesce(deleted_at < answered_at - interval '1 minute', false)
$$;

-- Ends a repository's deletion. GitHub restores pull requests without their labels, so all details are read again.
create function capture.restore_repository(repo_id bigint, answered_at timestamptz)
returns void language plpgsql set search_path = '' as $$
begin
  update github.repositories r set deleted_at = null
  where r.id = repo_id and capture.is_restored(r.deleted_at, restore_repository.answered_at);
  if found then
    perform capture.mark_stale(
      repo_id, array(select c.number from capture.coverage c where c.repository_id = repo_id), array['details'], answered_at
    );
  end if;
end $$;

-- Records whether a repository is in an installation, from a payload or list of that installation. repository: { id, owner, name, private,
-- installed }. `clock` is the installation's updated_at. Returns newer, older, same or ambiguous.
--
-- GitHub does not always change an installation's updated_at when a repository is added or removed. So the order of two different payloads is
-- unknown when their clocks are equal or older than the last answer, as is the order of payloads of two installations. GitHub resolves these. A
-- list of the installation's repositories (context.fetched_at) is never ambiguous.
create or replace function capture.merge_installed(context jsonb, repository jsonb, clock timestamptz)
returns text language plpgsql set search_path = '' as $$
declare
  installation constant bigint := (context ->> 'installation_id')::bigint;
  installed constant boolean := (repository ->> 'installed')::boolean;
  answered_at constant timestamptz := (context ->> 'fetched_at')::timestamptz;
  -- The names in these payloads have no clock.
  repo_id constant bigint := capture.record_context(
    context || jsonb_build_object('repository', repository || '{"seen_at": null}', 'accounts', '[]'::jsonb)
  );
  present github.repositories;
  outcome text;
begin
  select * into strict present from github.repositories r where r.id = repo_id for update;
  outcome := case
    when present.installation_id <> installation then
      case
        when not installed then 'older' -- it is in another installation by now
        when exists (select from github.installations i where i.id = present.installation_id and i.deleted_at is not null) then 'newer'
        else 'ambiguous'
      end
    when date_trunc('second', answered_at) > greatest(present.installed_clock, present.installed_fetched_at) then 'newer'
    when present.installed_clock is null or clock > greatest(present.installed_clock, present.installed_fetched_at) then 'newer'
    when clock < present.installed_clock then 'older'
    when (present.removed_at is null) = installed then 'same'
    else 'ambiguous'
  end;
  if outcome = 'newer' then
    update github.repositories r set
      installation_id = installation,
      removed_at = case when not installed then now() end,
      installed_clock = greatest(clock, case when answered_at is not null then present.installed_clock end),
      installed_fetched_at = answered_at,
      private = case
        when present.updated_at is null and repository ? 'private' then (repository ->> 'private')::boolean else present.private
      end
    where r.id = repo_id;
    if installed then
      perform capture.restore_repository(repo_id, answered_at);
    end if;
  end if;
  return outcome;
end $$;

-- Merges a payload or list of an installation. installation: the known columns of { id, account_id, repository_selection, created_at, updated_at,
-- suspended_at }.
--
--   added, removed  [{ id, owner, name, private }], the repositories in the payload
--   everything      all repositories of the installation are synced, not only those added
--   purge           rows that were captured through a deleted installation are deleted, also after a late payload
--
-- Returns { syncs: [{ id, owner, name }], ambiguous: [{ id, owner, name }] }. The syncs depend on the rows and not on what this call changed, so
-- a call that is repeated after its commit returns them again.
create or replace function public.capture_merge_installation(
  context jsonb, installation jsonb, added jsonb, removed jsonb, deleted boolean, everything boolean, purge boolean
)
returns jsonb language plpgsql security definer set search_path = '' as $$
declare
  observed constant github.installations := jsonb_populate_record(null::github.installations, installation);
  present github.installations;
  result record;
  repository jsonb;
  outcome text;
  rows_written integer := 0;
  ambiguous jsonb := jsonb '[]';
  syncs jsonb;
begin
  -- All advisory locks are taken before the first row lock, in the order that captures use.
  perform pg_catalog.pg_advisory_xact_lock(capture.installation_lock(observed.id));
  if purge then
    perform pg_catalog.pg_advisory_xact_lock(capture.accounts_lock());
  end if;
  perform capture.lock_repository_names();
  perform capture.record_context(context - 'repository');

  -- A suspension changes updated_at, but in GitHub's example an unsuspension has the updated_at of the suspension that it ends. So within one
  -- second the unsuspended payload is later. If that is wrong, GitHub refuses requests; the other way round, captures would be lost.
  select * into strict present from github.installations i where i.id = observed.id;
  result := capture.merge_known(
    array['account_id', 'repository_selection', 'created_at', 'suspended_at'], to_jsonb(present), present.updated_at, null,
    capture.known_columns(to_jsonb(observed), installation), observed.updated_at, null,
    case
      when present.updated_at is null
        or (observed.updated_at, observed.suspended_at is null, coalesce(observed.repository_selection, ''))
          > (present.updated_at, present.suspended_at is null, coalesce(present.repository_selection, ''))
      then 'newer' else 'older'
    end
  );
  if result.outcome = 'newer' or present.column_clocks <> result.merged -> 'column_clocks' then
    perform capture.replace_installation(result.merged || jsonb_build_object('updated_at', result.clock));
    rows_written := rows_written + 1;
  end if;
  if deleted then
    update github.installations i set deleted_at = now() where i.id = observed.id and i.deleted_at is null;
  else
    update github.installations i set deleted_at = null
    where i.id = observed.id and capture.is_restored(i.deleted_at, (context ->> 'fetched_at')::timestamptz);
  end if;
  rows_written := rows_written + case when found then 1 else 0 end;

  for repository in
    select listed.value || jsonb_build_object('installed', listed.installed)
    from (select value, true from jsonb_array_elements(added) union all select value, false from jsonb_array_elements(removed))
      as listed (value, installed)
    order by (listed.value ->> 'id')::bigint
  loop
    outcome := capture.merge_installed(context, repository, observed.updated_at);
    if outcome = 'newer' then
      rows_written := rows_written + 1;
    elsif outcome = 'ambiguous' then
      ambiguous := ambiguous || (repository - array['private', 'installed']);
    end if;
  end loop;

  select * into strict present from github.installations i where i.id = observed.id;
  if present.deleted_at is not null then
    ambiguous := jsonb '[]'; -- a deleted installation has no repositories
    update github.repositories r set removed_at = now() where r.installation_id = observed.id and r.removed_at is null;
    if purge then
      perform capture.purge_installation(observed.id);
    end if;
  end if;
  -- A repository has no name while the one that had it before is not known to be renamed. Its sync has the payload's.
  select coalesce(jsonb_agg(jsonb_build_object(
    'id', r.id, 'owner', coalesce(r.owner, shown.owner), 'name', coalesce(r.name, shown.name)
  ) order by r.id), '[]') into syncs
  from github.repositories r
  left join jsonb_to_recordset(added) as shown (id bigint, owner text, name text) on shown.id = r.id
  where r.installation_id = observed.id and r.removed_at is null and r.deleted_at is null
    and coalesce(r.name, shown.name) is not null and present.suspended_at is null
    and (everything or shown.id is not null);

  update github.repositories r set sync_requested_at = now()
  where r.id in (select (value ->> 'id')::bigint from jsonb_array_elements(syncs));
  perform capture.record_step(context, rows_written, ambiguous = '[]');
  return jsonb_build_object('syncs', syncs, 'ambiguous', ambiguous);
end $$;

-- Records GitHub's answer to which installation a repository is in: { id, updated_at }, or null for none. An answer that is not newer than a
-- payload that arrived meanwhile changes nothing. Returns whether the repository is synced next.
create or replace function public.capture_resolve_installed(context jsonb, answer jsonb, finished boolean)
returns boolean language plpgsql security definer set search_path = '' as $$
declare
  holder constant bigint := (answer ->> 'id')::bigint;
  answered_at constant timestamptz := (context ->> 'fetched_at')::timestamptz;
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
    installed_fetched_at = answered_at
  where r.id = repo_id and coalesce(holder, r.installation_id) is not null
    and date_trunc('second', answered_at) > coalesce(r.installed_clock, '-infinity')
    and answered_at >= coalesce(r.installed_fetched_at, '-infinity')
    and not exists (select from github.installations i where i.id = holder and i.deleted_at is not null);
  get diagnostics rows_written = row_count;
  if rows_written > 0 and holder is not null then
    perform capture.restore_repository(repo_id, answered_at);
  end if;
  perform capture.record_step(context, rows_written, finished);
  return holder is not null and capture.stop_reason(holder, repo_id) is null;
end $$;

select capture.restrict_access();
