-- The journal: events that Inngest accepted, stored until their jobs begin. An event that Inngest loses is found here and sent again.

-- One row for each batch of accepted events. Rows are never updated, and are deleted when they are checked.
create table capture.journal (
  id bigint primary key generated always as identity,
  events json not null, -- json, uncompressed: a batch is written once, on the way of every webhook, and read once
  accepted_at timestamptz not null default now()
);
alter table capture.journal alter column events set storage external;
create index journal_accepted_at_idx on capture.journal (accepted_at);
alter table capture.journal enable row level security;
comment on table capture.journal is 'Batches of accepted events that are too young to be checked.';
comment on column capture.journal.events is '[{id, name, data, job_event_id, after_run_id}], without observations. The last two only for an event that continues a sync.';

create table capture.unstarted_events (
  event_id text primary key,
  job_event_id text not null,
  after_run_id text,
  event jsonb not null,
  accepted_at timestamptz not null,
  sent_at timestamptz not null,
  resends integer not null default 0
);
alter table capture.unstarted_events enable row level security;
comment on table capture.unstarted_events is 'Accepted events whose job had not begun when their batch was checked: the queue is slow or lost them.';
comment on column capture.unstarted_events.job_event_id is 'event_id of the event''s job: its own, or that of the sync that it continues.';
comment on column capture.unstarted_events.after_run_id is 'The run that sent the event, if it continues a sync.';
comment on column capture.unstarted_events.event is '{name, data}, without observations.';
comment on column capture.unstarted_events.sent_at is 'When the event was last sent.';

create function public.capture_journal_events(events json)
returns void language sql security definer set search_path = '' as $$
  insert into capture.journal (events) values (events)
$$;

-- True when a run has begun for an event. A pending job has no run yet. An event that continues a sync has one when a run other than its sender
-- has written to the job, or the job has ended.
create function capture.has_begun(job_event_id text, after_run_id text)
returns boolean language sql stable set search_path = '' as $$
  select exists (
    select from capture.jobs j
    where j.event_id in (job_event_id, 'replay:' || job_event_id) and j.state <> 'pending'
      and (after_run_id is null or j.run_id is distinct from after_run_id or j.state not in ('processing', 'retrying'))
  )
$$;

-- Returns the unstarted events that the queue must have lost. Each is at least 15 minutes old, twice that after each resend, and the queue is
-- not still processing events of that age: no job of the same event name and installation that was queued before was active in the last 15
-- minutes. A retried job does not count as active, since retries can go on for hours whatever the queue's backlog is. Inngest's priority lets an
-- event overtake others by at most 10 minutes, so an event queued up to 10 minutes later counts as queued before.
-- https://www.inngest.com/docs/reference/functions/run-priority
create function capture.lost_events()
returns setof capture.unstarted_events language sql stable set search_path = '' as $$
  with active as (
    select j.event_name, j.installation_id, min(coalesce(j.queued_at, j.created_at)) as oldest
    from capture.jobs j
    where j.stepped_at > now() - interval '15 minutes'
      and (j.state = 'processing' or (j.finished_at > now() - interval '15 minutes' and j.attempts <= 1))
    group by j.event_name, j.installation_id
  )
  select u.* from capture.unstarted_events u
  where u.sent_at < now() - interval '15 minutes' * 2 ^ u.resends
    and not exists (
      select from active a
      where a.event_name = u.event ->> 'name' and a.installation_id is not distinct from (u.event #>> '{data,installationId}')::bigint
        and a.oldest < u.sent_at + interval '10 minutes'
    )
$$;

-- Checks the journal. Returns at most max_events lost events to send again: [{ event_id, event, resends }]. An event without a job after three
-- resends becomes a failed job, which can be replayed.
create function public.capture_check_journal(max_events integer)
returns jsonb language plpgsql security definer set search_path = '' as $$
declare
  lost capture.unstarted_events;
  data jsonb;
begin
  with checked as (
    delete from capture.journal where id in (
      select j.id from capture.journal j
      where j.accepted_at < now() - interval '15 minutes' order by j.accepted_at limit 100 for update skip locked
    )
    returning events, accepted_at
  )
  insert into capture.unstarted_events (event_id, job_event_id, after_run_id, event, accepted_at, sent_at)
  select
    value ->> 'id', coalesce(value ->> 'job_event_id', value ->> 'id'), value ->> 'after_run_id',
    jsonb_build_object('name', value -> 'name', 'data', value -> 'data'), accepted_at, accepted_at
  from checked cross join json_array_elements(checked.events)
  where not capture.has_begun(coalesce(value ->> 'job_event_id', value ->> 'id'), value ->> 'after_run_id')
  on conflict (event_id) do nothing;

  delete from capture.unstarted_events u where capture.has_begun(u.job_event_id, u.after_run_id);

  for lost in select * from capture.lost_events() where resends >= 3 order by event_id loop
    data := lost.event -> 'data';
    insert into capture.jobs as present (
      event_id, event_name, repository_id, repository, number, since, installation_id, reason, priority, state, error, event,
      queued_at, finished_at
    ) values (
      lost.job_event_id, lost.event ->> 'name', (data #>> '{repository,id}')::bigint,
      (data #>> '{repository,owner}') || '/' || (data #>> '{repository,name}'),
      (data ->> 'number')::integer, (data ->> 'since')::timestamptz, (data ->> 'installationId')::bigint,
      data ->> 'reason', (data ->> 'priority')::capture.priority, 'failed',
      jsonb_build_object(
        'name', 'NeverRanError',
        'message', format('The queue accepted this event %s times and never ran it.', lost.resends + 1),
        'stack', null
      ),
      data, lost.accepted_at, now()
    )
    on conflict (event_id) do update set
      state = excluded.state, error = excluded.error, next_attempt_at = null, event = excluded.event, finished_at = excluded.finished_at
    where present.state = 'pending'
      or (present.state in ('processing', 'retrying') and present.run_id = lost.after_run_id);
    delete from capture.unstarted_events u where u.event_id = lost.event_id;
    perform capture.mark_failed_parts(lost.event ->> 'name', data, lost.accepted_at);
  end loop;

  return (
    select coalesce(jsonb_agg(jsonb_build_object('event_id', l.event_id, 'event', l.event, 'resends', l.resends)), '[]')
    from (select * from capture.lost_events() order by sent_at, event_id limit max_events) as l
  );
end $$;

-- Records that Inngest accepted lost events once more.
create function public.capture_record_resent(event_ids text[])
returns void language sql security definer set search_path = '' as $$
  update capture.unstarted_events u set resends = u.resends + 1, sent_at = now() where u.event_id = any (event_ids)
$$;

-- Returns { unstarted, oldest_at, resent, given_up }: events that should have a job, when the oldest was accepted, how many of them were sent
-- again, and how many jobs failed because the queue never ran their event.
create function public.capture_journal_stats()
returns jsonb language sql stable security definer set search_path = '' as $$
  select jsonb_build_object(
    'unstarted', count(*),
    'oldest_at', min(u.accepted_at),
    'resent', count(*) filter (where u.resends > 0),
    'given_up', (select count(*) from capture.jobs j where j.state = 'failed' and j.error ->> 'name' = 'NeverRanError')
  )
  from capture.unstarted_events u
$$;

-- Deletes events that were never checked, such as after a change from Inngest to the embedded engine. Returns the number of batches.
create function public.capture_prune_journal(accepted_before timestamptz)
returns integer language plpgsql security definer set search_path = '' as $$
declare
  pruned integer;
begin
  delete from capture.unstarted_events u where u.accepted_at < accepted_before;
  delete from capture.journal j where j.accepted_at < accepted_before;
  get diagnostics pruned = row_count;
  return pruned;
end $$;

select capture.restrict_access();
