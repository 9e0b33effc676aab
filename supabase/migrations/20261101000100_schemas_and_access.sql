-- Schemas and access.
--
--   github   the captured rows, named like GitHub's REST API
--   capture  the tables and functions that fill them
--
-- The program calls only the functions public.capture_*. Only the service role may execute them; they run as their owner. Row level security is
-- enabled on every table and no policy exists, so only the service role can read.

create schema github;
create schema capture;

-- Restricts the functions of this project to the service role, and lets that role read the tables. Every migration ends with it.
--
-- Postgres lets everyone execute a new function, and so does Supabase in schema public. Default privileges cannot change that for this project
-- alone: Postgres revokes from PUBLIC only for all schemas of a role, and other applications' functions live in public too. Access that was
-- granted to other roles stays.
create function capture.restrict_access()
returns void language plpgsql set search_path = '' as $$
declare
  entry record;
begin
  for entry in
    select p.oid::regprocedure as function, coalesce(quote_ident(r.rolname), 'public') as grantee
    from pg_catalog.pg_proc p
    cross join lateral pg_catalog.aclexplode(coalesce(p.proacl, pg_catalog.acldefault('f', p.proowner))) as acl
    left join pg_catalog.pg_roles r on r.oid = acl.grantee
    where (
        p.pronamespace = 'capture'::regnamespace or (p.pronamespace = 'public'::regnamespace and p.proname like 'capture\_%')
      )
      and (acl.grantee = 0 or r.rolname in ('anon', 'authenticated'))
  loop
    execute format('revoke all on function %s from %s', entry.function, entry.grantee);
  end loop;

  -- Postgres without Supabase has no such role. The program connects as the owner there.
  if exists (select from pg_catalog.pg_roles where rolname = 'service_role') then
    grant usage on schema github, capture to service_role;
    grant select on all tables in schema github, capture to service_role;
    for entry in
      select p.oid::regprocedure as function from pg_catalog.pg_proc p
      where p.pronamespace = 'public'::regnamespace and p.proname like 'capture\_%'
        and not pg_catalog.has_function_privilege('service_role', p.oid, 'execute')
    loop
      execute format('grant execute on function %s to service_role', entry.function);
    end loop;
  end if;
end $$;

select capture.restrict_access();
