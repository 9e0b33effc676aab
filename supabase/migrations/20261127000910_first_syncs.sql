-- Every repository of an installation gets a first sync, whatever is known of it before. What changed of it without a webhook is found.

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

-- Compares an installation as GitHub lists it, { id, repositories: [{ id, owner, name, private, archived, default_branch }] }, with the rows.
-- Returns { known, suspended, added, removed, changed }: `known` is false for an installation without a payload; the last three are lists of
-- repositories whose webhooks were lost. A repository that another webhook showed first, or whose first sync was lost, counts as added until its
-- history is captured. A changed one has another name, or another value of a known column.
create or replace function public.capture_compare_installation(installation jsonb)
returns jsonb language sql stable security definer set search_path = '' as $$
  with listed as (
    select * from jsonb_to_recordset(installation -> 'repositories') as l (
      id bigint, owner text, name text, private boolean, archived boolean, default_branch text
    )
  ), captured as (
    select r.* from github.repositories r
    where r.installation_id = (installation ->> 'id')::bigint and r.removed_at is null and r.deleted_at is null
  )
  select jsonb_build_object(
    'known', exists (select from github.installations i where i.id = (installation ->> 'id')::bigint and i.account_id is not null),
    'suspended', exists (select from github.installations i where i.id = (installation ->> 'id')::bigint and i.suspended_at is not null),
    'added', (
      select coalesce(jsonb_agg(to_jsonb(l) - array['archived', 'default_branch'] order by l.id), '[]') from listed l
      where not exists (
        select from captured c
        where c.id = l.id and (c.history_since is not null or c.sync_requested_at > now() - interval '6 hours')
      )
    ),
    'removed', (
      select coalesce(jsonb_agg(jsonb_build_object('id', c.id, 'owner', c.owner, 'name', c.name, 'private', coalesce(c.private, false)) order by c.id), '[]')
      from captured c where c.name is not null and not exists (select from listed l where l.id = c.id)
    ),
    'changed', (
      select coalesce(jsonb_agg(to_jsonb(l) order by l.id), '[]')
      from listed l
      join captured c on c.id = l.id and (
        (c.owner, c.name) is distinct from (l.owner, l.name)
        or c.private <> l.private or c.archived <> l.archived or c.default_branch <> l.default_branch
      )
    )
  )
$$;

select capture.restrict_access();
