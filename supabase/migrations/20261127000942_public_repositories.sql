-- Repositories that are read without an installation have no list in which their changes show.

-- Returns the repositories that are read without an installation and whose history is captured: [{ id, owner, name, archived, default_branch }].
create or replace function public.capture_list_public_repositories()
returns jsonb language sql stable security definer set search_path = '' as $$
  select coalesce(jsonb_agg(jsonb_build_object(
    'id', r.id, 'owner', r.owner, 'name', r.name, 'archived', r.archived, 'default_branch', r.default_branch
  ) order by r.id), '[]')
  from github.repositories r
  where r.installation_id is null and r.deleted_at is null and r.name is not null and r.history_since is not null
$$;

-- Makes the state of repositories unknown that GitHub no longer shows: they were deleted or made private. When GitHub shows one again, an
-- inventory is due.
create function public.capture_forget_inventories(repository_ids bigint[])
returns void language sql security definer set search_path = '' as $$
  update github.repositories r set inventoried_at = null where r.id = any (repository_ids) and r.installation_id is null
$$;

select capture.restrict_access();
