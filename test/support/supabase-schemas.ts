/** The parts of Supabase's schemas `auth` and `realtime` that supabase/optional uses, as Supabase defines them. */
export const supabaseSchemas = `
  create schema auth;
  create table auth.users (id uuid primary key);
  create table auth.identities (
    user_id uuid not null references auth.users on delete cascade,
    provider text not null,
    provider_id text not null,
    primary key (provider_id, provider)
  );
  create index on auth.identities (user_id);
  alter table auth.users enable row level security;
  alter table auth.identities enable row level security;
  create function auth.uid() returns uuid language sql stable set search_path = '' as $$
    select coalesce(
      nullif(current_setting('request.jwt.claim.sub', true), ''),
      (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')
    )::uuid
  $$;
  grant usage on schema auth to anon, authenticated, service_role;

  create schema realtime;
  create table realtime.messages (
    id uuid primary key default gen_random_uuid(),
    topic text not null,
    extension text not null,
    payload jsonb,
    event text,
    private boolean default false
  );
  alter table realtime.messages enable row level security;
  create function realtime.topic() returns text language sql stable set search_path = '' as $$
    select nullif(current_setting('realtime.topic', true), '')::text
  $$;
  create function realtime.send(payload jsonb, event text, topic text, private boolean default true)
  returns void language sql set search_path = '' as $$
    insert into realtime.messages (payload, event, topic, private, extension) values (payload, event, topic, private, 'broadcast')
  $$;
  grant usage on schema realtime to anon, authenticated, service_role;
  grant select on realtime.messages to anon, authenticated, service_role;
`;
