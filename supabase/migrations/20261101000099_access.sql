-- Who may do what. Row level security is on and no policy opens it: only the service role reads, and it writes only through
-- the capture_ functions, which run as their owner. Supabase grants execution to everybody by default; that is taken back.

alter table github.installations enable row level security;
alter table github.repositories enable row level security;
alter table github.accounts enable row level security;
alter table github.pull_requests enable row level security;
alter table github.pull_request_files enable row level security;
alter table github.reviews enable row level security;
alter table github.comments enable row level security;
alter table capture.jobs enable row level security;
alter table capture.names enable row level security;

do $$
declare
  entry regprocedure;
  role name;
begin
  for entry in
    select oid from pg_catalog.pg_proc
    where pronamespace in ('public'::regnamespace, 'capture'::regnamespace)
      and (proname like 'capture\_%' or pronamespace = 'capture'::regnamespace)
  loop
    execute format('revoke all on function %s from public', entry);
    for role in select rolname from pg_catalog.pg_roles where rolname in ('anon', 'authenticated') loop
      execute format('revoke all on function %s from %I', entry, role);
    end loop;
  end loop;

  -- A plain Postgres has no such role; there the owner connects.
  if exists (select from pg_catalog.pg_roles where rolname = 'service_role') then
    grant usage on schema github, capture to service_role;
    grant select on all tables in schema github, capture to service_role;
    for entry in
      select oid from pg_catalog.pg_proc where pronamespace = 'public'::regnamespace and proname like 'capture\_%'
    loop
      execute format('grant execute on function %s to service_role', entry);
    end loop;
  end if;
end $$;
