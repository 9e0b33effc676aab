-- Queries that people write: read-only, of the schemas github and capture, with a time limit and a row limit.
--
-- They run as the role pr_capture_reader, which may only select. Creating a role needs the right to: where it is missing, everything but queries
-- works, and capture_query says what to do.

do $$
begin
  create role pr_capture_reader nologin;
exception
  when duplicate_object or unique_violation or insufficient_privilege then null; -- roles belong to the whole server
end $$;

-- Runs one query as the owner of this function, pr_capture_reader. capture_query describes the result.
--
--   what the query can do            why
--   read other tables, call others'  the role has no rights; within a function of another owner, nobody can change the role
--   write                            the transaction is read-only, which cannot be undone once it has read something
--   run several statements, COPY,    a cursor takes one statement that returns rows
--   SET, DO or COMMIT
--   leave settings, notifications,   the query runs in a subtransaction that is always rolled back; locks of the session, which survive that,
--   large objects or locks behind    are released
--   read the request's headers,      they are cleared first
--   where PostgREST has its key
create function capture.run_query(query text, max_rows integer)
returns jsonb language plpgsql security definer
set search_path = github, capture set timezone = 'UTC' set datestyle = 'ISO' set intervalstyle = 'postgres' set bytea_output = 'hex' as $$
declare
  max_bytes constant integer := 10 * 1024 * 1024;
  began_at constant timestamptz := clock_timestamp();
  result refcursor;
  item record;
  bytes integer := 0;
  names text[];
  types text[];
  rows text[] := array[]::text[];
  truncated boolean := false;
begin
  perform set_config('transaction_read_only', 'on', true);
  perform set_config(name, '', true)
  from unnest(array['request.headers', 'request.cookies', 'request.jwt', 'request.jwt.claims']) as name
  where current_setting(name, true) <> '';
  begin
    open result no scroll for execute query;
    loop
      fetch result into item;
      names := coalesce(names, array(select json_object_keys(row_to_json(item))));
      exit when not found;
      truncated := cardinality(rows) = max_rows or bytes > max_bytes;
      exit when truncated;
      rows := array_append(rows, item::text);
      bytes := bytes + octet_length(item::text);
    end loop;
    -- The only description of a cursor's columns in SQL.
    types := array(
      select coalesce(to_regtype(case
          when xml_type like '%.%' then format('%I.%I', split_part(xml_type, '.', 3), split_part(xml_type, '.', 4)) -- UDT.database.schema.type
          when xml_type = 'DOUBLE' then 'float8'
          else replace(lower(xml_type), '_wtz', 'tz')
        end)::text, xml_type)
      from regexp_matches(
        cursor_to_xmlschema(result, true, false, '')::text, '<xsd:element name="[^"]*" type="([^"]*)" nillable=', 'g'
      ) as element,
        lateral (select element[1]) as spelled (xml_type)
    );
    raise exception using errcode = 'PC002';
  exception
    when sqlstate 'PC002' then
      perform pg_advisory_unlock_all();
    when query_canceled or others then
      perform pg_advisory_unlock_all();
      raise;
  end;
  return jsonb_build_object(
    'names', names, 'types', types, 'rows', rows, 'truncated', truncated,
    'duration_ms', round(extract(epoch from clock_timestamp() - began_at) * 1000, 1)
  );
end $$;

-- Lets pr_capture_reader read the tables and own capture.run_query. Does nothing while the role does not exist or may not be used.
create function capture.set_up_reader()
returns void language plpgsql set search_path = '' as $$
declare
  entry record;
begin
  if not exists (select from pg_catalog.pg_roles where rolname = 'pr_capture_reader') then
    return;
  end if;
  grant usage on schema github, capture to pr_capture_reader;
  grant select on all tables in schema github, capture to pr_capture_reader;
  for entry in
    select c.oid::regclass as name from pg_catalog.pg_class c
    where c.relnamespace in ('github'::regnamespace, 'capture'::regnamespace) and c.relrowsecurity
      and not exists (select from pg_catalog.pg_policy p where p.polrelid = c.oid and p.polname = 'queries')
  loop
    execute format('create policy queries on %s for select to pr_capture_reader using (true)', entry.name);
  end loop;

  if capture.has_reader() then
    return;
  end if;
  -- An owner's role needs to be granted to whoever changes the owner, and may create in the schema.
  if not pg_catalog.pg_has_role('pr_capture_reader', 'member') then
    execute format('grant pr_capture_reader to %I', current_user);
  end if;
  grant create on schema capture to pr_capture_reader;
  execute format('grant execute on function capture.run_query(text, integer) to %I', current_user);
  alter function capture.run_query(text, integer) owner to pr_capture_reader;
  revoke create on schema capture from pr_capture_reader;
exception
  when insufficient_privilege then null;
end $$;

-- True when queries run as pr_capture_reader.
create function capture.has_reader()
returns boolean language sql stable set search_path = '' as $$
  select pg_catalog.pg_get_userbyid(p.proowner) = 'pr_capture_reader' from pg_catalog.pg_proc p
  where p.oid = 'capture.run_query(text, integer)'::regprocedure
$$;

-- Runs one read-only query, for at most five seconds. Returns { names, types, rows, truncated, duration_ms }: the columns' names and types,
-- and each row as the text of a composite value. `truncated` is true when there are more than max_rows rows, or
-- more than 10 MB.
--
-- PostgREST runs a stable function in a read-only transaction, and applies this function's statement_timeout to that transaction.
create function public.capture_query(query text, max_rows integer)
returns jsonb language plpgsql stable security definer set search_path = '' set statement_timeout = '5s' as $$
begin
  if not capture.has_reader() then
    raise exception using errcode = 'PT503', message =
      'Queries need the role pr_capture_reader, which the database''s user may not create. Run as an administrator of the database: '
      || format('create role pr_capture_reader nologin; grant pr_capture_reader to %I;', current_user)
      || ' Then run as that user: select capture.restrict_access();';
  end if;
  return capture.run_query(query, max_rows);
end $$;

-- Describes the tables that queries can read: [{ schema, name, comment, columns: [{ name, type, comment }] }].
create function public.capture_describe_tables()
returns jsonb language sql stable security definer set search_path = '' as $$
  select jsonb_agg(
    jsonb_build_object(
      'schema', n.nspname, 'name', c.relname, 'comment', pg_catalog.obj_description(c.oid, 'pg_class'), 'columns', described.columns
    ) order by n.nspname desc, c.relname
  )
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace and n.nspname in ('github', 'capture')
  cross join lateral (
    select jsonb_agg(
      jsonb_build_object(
        'name', a.attname,
        'type', pg_catalog.format_type(a.atttypid, a.atttypmod),
        'comment', pg_catalog.col_description(c.oid, a.attnum)
      ) order by a.attnum
    ) as columns
    from pg_catalog.pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  ) as described
  where c.relkind in ('r', 'p', 'v', 'm')
$$;

-- Restricts the functions of this project to the service role, and lets that role and pr_capture_reader read the tables. Every migration ends
-- with it.
--
-- Postgres lets everyone execute a new function, and so does Supabase in schema public. Default privileges cannot change that for this project
-- alone: Postgres revokes from PUBLIC only for all schemas of a role, and other applications' functions live in public too. Access that was
-- granted to other roles stays.
create or replace function capture.restrict_access()
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

  perform capture.set_up_reader();
end $$;

select capture.restrict_access();
