/** Supabase's roles, which exist before the migrations. */
export const supabaseRoles = `
  do $$
  declare
    role text;
  begin
    foreach role in array array['anon', 'authenticated', 'service_role'] loop
      if not exists (select from pg_roles where rolname = role) then
        execute format('create role %I nologin noinherit', role);
      end if;
    end loop;
    alter role service_role bypassrls;
  end $$;
`;

/** Supabase's grants to them on everything that the current role creates in `public`. */
export const supabaseGrants = `
  grant usage on schema public to anon, authenticated, service_role;
  alter default privileges in schema public grant all on tables to anon, authenticated, service_role;
  alter default privileges in schema public grant all on functions to anon, authenticated, service_role;
  alter default privileges in schema public grant all on sequences to anon, authenticated, service_role;
`;
