-- Looks: reconcilers that the server runs on a timer, outside of Inngest.

create table capture.looks (
  name text primary key,
  due_at timestamptz not null
);
alter table capture.looks enable row level security;
comment on table capture.looks is 'The last look of each schedule that a process has claimed.';
comment on column capture.looks.due_at is 'When the look was due.';

-- True for the first caller that claims this time of the schedule. Several processes share a schedule, and each of its times is one's only.
create function public.capture_claim_look(name text, due_at timestamptz)
returns boolean language plpgsql security definer set search_path = '' as $$
begin
  insert into capture.looks as present values (name, due_at)
  on conflict on constraint looks_pkey do update set due_at = excluded.due_at where present.due_at < excluded.due_at;
  return found;
end $$;

select capture.restrict_access();
