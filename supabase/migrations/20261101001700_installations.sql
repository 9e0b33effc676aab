-- Installations of the App, their repositories, and what GitHub's payloads contain about repositories and owners themselves.

-- Records whether a repository is in an installation, from a payload or list of that installation. repository: { id, owner, name, private,
-- installed }. `clock` is the installation's updated_at. Returns newer, older, same or ambiguous.
--
-- GitHub does not always change an installation's updated_at when a repository is added or removed. So the order of two different payloads is
-- unknown when their clocks are equal or older than the last answer, as is the order of payloads of two installations. GitHub resolves these. A
-- list of the installation's repositories (context.fetched_at) is never ambiguous.
create function capture.merge_installed(context jsonb, repository jsonb, clock timestamptz)
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
  end if;
  return outcome;
end $$;

-- Deletes everything that was captured through an installation. The installation's row keeps its id and deleted_at, so that late deliveries are
-- still refused. Accounts are deleted when no row refers to them.
create function capture.purge_installation(installation bigint)
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

-- Merges a payload or list of an installation. installation: the known columns of { id, account_id, repository_selection, created_at, updated_at,
-- suspended_at }.
--
--   added, removed  [{ id, owner, name, private }], the repositories in the payload
--   everything      all repositories of the installation are synced, not only those added
--   purge           rows that were captured through a deleted installation are deleted, also after a late payload
--
-- Returns { syncs: [{ id, owner, name }], ambiguous: [{ id, owner, name }] }. The syncs depend on the rows and not on what this call changed, so
-- a call that is repeated after its commit returns them again.
create function public.capture_merge_installation(
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
  select coalesce(jsonb_agg(jsonb_build_object('id', r.id, 'owner', r.owner, 'name', r.name) order by r.id), '[]') into syncs
  from github.repositories r
  where r.installation_id = observed.id and r.removed_at is null and r.deleted_at is null and r.name is not null
    and present.suspended_at is null
    and (everything or r.id in (select (value ->> 'id')::bigint from jsonb_array_elements(added)));

  update github.repositories r set sync_requested_at = now()
  where r.id in (select (value ->> 'id')::bigint from jsonb_array_elements(syncs));
  perform capture.record_step(context, rows_written, ambiguous = '[]');
  return jsonb_build_object('syncs', syncs, 'ambiguous', ambiguous);
end $$;

-- Records GitHub's answer to which installation a repository is in: { id, updated_at }, or null for none. An answer that is not newer than a
-- payload that arrived meanwhile changes nothing. Returns whether the repository is synced next.
create function public.capture_resolve_installed(context jsonb, answer jsonb, finished boolean)
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
  perform capture.record_step(context, rows_written, finished);
  return holder is not null and capture.stop_reason(holder, repo_id) is null;
end $$;

-- Merges a repository payload: the known columns of { private, archived, default_branch, updated_at }. The name is in the context. The job goes
-- on when GitHub is asked next which installation the repository is in (`asked`). `purge` as in capture_merge_installation.
--
-- Returns newer, older, same or ambiguous. A deletion is final, and its payload is the newest.
create function public.capture_merge_repository(context jsonb, repository jsonb, deleted boolean, asked boolean, purge boolean)
returns text language plpgsql security definer set search_path = '' as $$
declare
  columns constant text[] := array['private', 'archived', 'default_branch'];
  installation constant bigint := (context ->> 'installation_id')::bigint;
  fetched_at constant timestamptz := (context ->> 'fetched_at')::timestamptz;
  observed constant github.repositories := jsonb_populate_record(null::github.repositories, repository);
  known constant jsonb := capture.known_columns(to_jsonb(observed), repository);
  repo_id bigint;
  present github.repositories;
  result record;
  outcome text;
begin
  -- Captures go on here after a suspension or removal: the repository's name and visibility still matter, and no later payload contains them.
  if installation is not null then
    perform pg_catalog.pg_advisory_xact_lock_shared(capture.installation_lock(installation));
  end if;
  if purge and exists (select from github.installations i where i.id = installation and i.deleted_at is not null) then
    raise exception using errcode = 'PC001', message = capture.stop_reason(installation, null);
  end if;

  repo_id := capture.record_context(context);
  select * into strict present from github.repositories r where r.id = repo_id for update;
  result := capture.merge_known(
    columns, to_jsonb(present), present.updated_at, present.fetched_at, known, observed.updated_at, fetched_at, null
  );
  if result.outcome = 'ambiguous' and (deleted or present.deleted_at is not null) then
    result := capture.merge_known(
      columns, to_jsonb(present), present.updated_at, present.fetched_at, known, observed.updated_at, fetched_at,
      case when deleted then 'newer' else 'older' end
    );
  end if;
  outcome := result.outcome;
  if outcome <> 'ambiguous' and (
    outcome = 'newer' or present.column_clocks <> result.merged -> 'column_clocks' or present.fetched_at is distinct from result.fetched_at
  ) then
    perform capture.replace_repository(result.merged || jsonb_build_object(
      'updated_at', result.clock, 'fetched_at', result.fetched_at
    ));
  end if;
  if deleted then
    update github.repositories r set deleted_at = now() where r.id = repo_id and r.deleted_at is null;
  end if;

  perform capture.record_step(
    context, case when outcome = 'newer' or (deleted and present.deleted_at is null) then 1 else 0 end, outcome <> 'ambiguous' and not asked
  );
  return outcome;
end $$;

-- Records the new login of an installation's account, and the new owner of its repositories.
--
-- context: { installation_id, accounts: [account], observed_at, fetched_at, job }, from GitHub's answer about the installation. `former` is the
-- previous login if a webhook contained it. A repository with another owner is not changed: it was transferred, or seen since with its new name.
create function public.capture_rename_account(context jsonb, former text)
returns void language plpgsql security definer set search_path = '' as $$
declare
  installation constant bigint := (context ->> 'installation_id')::bigint;
  observed_at constant timestamptz := (context ->> 'observed_at')::timestamptz;
  account constant github.accounts := jsonb_populate_record(null::github.accounts, context #> '{accounts,0}');
  known constant text := (select a.login from github.accounts a where a.id = account.id);
  repository github.repositories;
  rows_written integer := 0;
begin
  perform pg_catalog.pg_advisory_xact_lock_shared(capture.installation_lock(installation));
  perform capture.lock_repository_names(); -- before any row lock: its holder may be waiting for the account's row
  perform capture.record_context(context - 'repository');
  if exists (select from github.accounts a where a.id = account.id and a.login = account.login) then
    for repository in
      select r.* from github.repositories r
      where r.installation_id = installation and r.name is not null and r.deleted_at is null and r.seen_at < observed_at
        and r.owner <> account.login and lower(r.owner) in (lower(known), lower(former))
      order by r.id
    loop
      perform capture.record_repository(repository.id, installation, account.login, repository.name, observed_at);
      rows_written := rows_written + 1;
    end loop;
  end if;
  perform capture.record_step(context, rows_written, true);
end $$;

-- True when an account, { id, login }, is recorded with this login.
create function public.capture_knows_account(account jsonb)
returns boolean language sql stable security definer set search_path = '' as $$
  select exists (
    select from github.accounts a where a.id = (account ->> 'id')::bigint and a.login = account ->> 'login'
  )
$$;

select capture.restrict_access();
