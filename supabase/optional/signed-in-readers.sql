-- Lets people who signed in with GitHub read the rows of the repositories that they can see: all public ones, and the private ones that your program
-- recorded for them within the last day. docs/supabase.md shows how. Run it after the migrations; running it again changes nothing.
--
-- To remove it:
--   drop schema access cascade;
--   drop function public.capture_set_visible_repositories(uuid, bigint[]);
--   revoke select on all tables in schema github from authenticated;
--   revoke usage on schema github from authenticated;

create schema if not exists access;

create table if not exists access.visible_repositories (
  user_id uuid not null references auth.users on delete cascade,
  repository_id bigint not null,
  recorded_at timestamptz not null default now(),
  primary key (user_id, repository_id)
);
alter table access.visible_repositories enable row level security;
comment on table access.visible_repositories is 'Which private repositories GitHub showed a user, and when. A row counts for a day, so that access that ended on GitHub ends here.';

-- The repositories that the signed-in user can see. None for users without a GitHub account: anonymous users and those of other providers are
-- "authenticated" too. auth.identities says so and cannot be changed by users, unlike the metadata in their tokens.
create or replace function access.readable_repositories()
returns setof bigint language sql stable security definer set search_path = '' as $$
  select r.id from github.repositories r
  where exists (select from auth.identities i where i.user_id = (select auth.uid()) and i.provider = 'github')
    and r.deleted_at is null
    and (
      r.private = false
      or exists (
        select from access.visible_repositories v
        where v.user_id = (select auth.uid()) and v.repository_id = r.id and v.recorded_at > now() - interval '1 day'
      )
    )
$$;

-- Replaces the private repositories of a user by those that GitHub shows them now.
create or replace function public.capture_set_visible_repositories(user_id uuid, repository_ids bigint[])
returns void language plpgsql security definer set search_path = '' as $$
begin
  delete from access.visible_repositories v where v.user_id = capture_set_visible_repositories.user_id;
  insert into access.visible_repositories (user_id, repository_id)
  select distinct capture_set_visible_repositories.user_id, id from unnest(repository_ids) as id;
end $$;

revoke all on function access.readable_repositories() from public;
grant usage on schema access to authenticated;
grant execute on function access.readable_repositories() to authenticated;
grant usage on schema github to authenticated;

do $$
declare
  entry record;
begin
  for entry in
    select * from (values
      ('repositories', 'id'),
      ('pull_requests', 'repository_id'),
      ('pull_request_files', 'repository_id'),
      ('reviews', 'repository_id'),
      ('comments', 'repository_id')
    ) as t (name, repository)
  loop
    execute format('drop policy if exists readers on github.%I', entry.name);
    execute format(
      'create policy readers on github.%I for select to authenticated using (%I in (select access.readable_repositories()))',
      entry.name, entry.repository
    );
    execute format('grant select on github.%I to authenticated', entry.name);
  end loop;
end $$;

-- Accounts are public on GitHub.
drop policy if exists readers on github.accounts;
create policy readers on github.accounts for select to authenticated
  using (exists (select from access.readable_repositories()));
grant select on github.accounts to authenticated;

select capture.restrict_access();
