-- The outbox: events that Inngest did not accept, stored until it does.

create table capture.outbox (
  id bigint primary key generated always as identity,
  event_id text not null unique,
  event jsonb not null,
  attempts integer not null default 0,
  error text,
  created_at timestamptz not null default now(),
  next_attempt_at timestamptz not null default now()
);
create index outbox_next_attempt_at_idx on capture.outbox (next_attempt_at, id);
alter table capture.outbox enable row level security;
comment on table capture.outbox is 'Events of acknowledged deliveries that Inngest did not accept, and of queued jobs. They are sent oldest first.';
comment on column capture.outbox.event is 'The event as it is sent: {id, name, data}.';
comment on column capture.outbox.attempts is 'The number of failed attempts to send it again.';

-- Stores events and the error of sending them. A stored event stays as it is.
create function public.capture_store_events(events jsonb, error text)
returns void language sql security definer set search_path = '' as $$
  insert into capture.outbox (event_id, event, error)
  select value ->> 'id', value, capture_store_events.error from jsonb_array_elements(events)
  on conflict (event_id) do nothing
$$;

-- Returns the events that are due, oldest first: [{ id, attempts, event }].
create function public.capture_due_events(max_events integer)
returns jsonb language sql stable security definer set search_path = '' as $$
  select coalesce(jsonb_agg(jsonb_build_object('id', due.id, 'attempts', due.attempts, 'event', due.event) order by due.id), '[]')
  from (select * from capture.outbox o where o.next_attempt_at <= now() order by o.id limit max_events) as due
$$;

-- Deletes events that were sent.
create function public.capture_delete_events(ids bigint[])
returns void language sql security definer set search_path = '' as $$
  delete from capture.outbox o where o.id = any (ids)
$$;

-- Postpones events that could not be sent again: twice as long each time, at most five minutes.
create function public.capture_postpone_events(ids bigint[], error text)
returns void language sql security definer set search_path = '' as $$
  update capture.outbox o set
    attempts = o.attempts + 1,
    error = capture_postpone_events.error,
    next_attempt_at = now() + least(interval '1 second' * 2 ^ least(o.attempts, 9), interval '5 minutes')
  where o.id = any (ids)
$$;

-- Returns { waiting, oldest_at }.
create function public.capture_outbox_stats()
returns jsonb language sql stable security definer set search_path = '' as $$
  select jsonb_build_object('waiting', count(*), 'oldest_at', min(created_at)) from capture.outbox
$$;

select capture.restrict_access();
