-- Reconciling: what GitHub has done beside what has arrived.

create table capture.checkpoints (
  name text primary key,
  settled_until timestamptz,
  succeeded_at timestamptz not null
);
alter table capture.checkpoints enable row level security;
comment on table capture.checkpoints is 'How far each reconciler is, one row for each.';
comment on column capture.checkpoints.settled_until is 'Everything GitHub did before is settled, and is not looked at again.';
comment on column capture.checkpoints.succeeded_at is 'When it last ran to its end.';

-- Null before its first success.
create function public.capture_get_checkpoint(name text)
returns jsonb language sql stable security definer set search_path = '' as $$
  select to_jsonb(c) from capture.checkpoints c where c.name = capture_get_checkpoint.name
$$;

-- All of them: [{ name, settled_until, succeeded_at }].
create function public.capture_list_checkpoints()
returns jsonb language sql stable security definer set search_path = '' as $$
  select coalesce(jsonb_agg(to_jsonb(c) order by c.name), '[]') from capture.checkpoints c
$$;

-- Begins or goes on with a reconciler's job: context is { installation_id: null, job }.
create function public.capture_note_reconciling(context jsonb)
returns void language sql security definer set search_path = '' as $$
  select capture.note_step(context, 0, false)
$$;

-- Ends a reconciler's run and its job, and moves its checkpoint, where it has one, never back. `asked_for`: how many redeliveries,
-- replays, syncs or events followed.
create function public.capture_finish_reconciling(context jsonb, checkpoint text, settled_until timestamptz, asked_for integer)
returns void language plpgsql security definer set search_path = '' as $$
begin
  if checkpoint is not null then
    perform public.capture_move_checkpoint(checkpoint, settled_until);
  end if;
  perform capture.note_step(context, 0, true);
  update capture.jobs j set done = asked_for, total = asked_for where j.event_id = context #>> '{job,event_id}';
end $$;

-- What became of events: [{ event_id, id, state }] of those that have a job, `id` being the job's.
create function public.capture_find_jobs(event_ids text[])
returns jsonb language sql stable security definer set search_path = '' as $$
  select coalesce(jsonb_agg(jsonb_build_object('event_id', j.event_id, 'id', j.id, 'state', j.state)), '[]')
  from capture.jobs j where j.event_id = any (event_ids)
$$;

create index on github.pull_requests (repository_id, updated_at desc);

-- Which repositories GitHub shows otherwise than the rows do.
--
-- states: [{ id, counted_at, total, newest: [{ number, updated_at }] }], what GitHub answered at `counted_at`: how many pull requests a
-- repository has, and those that were updated last. Where nothing differs, that count is kept, for the analysis of gaps.
--
-- Returns { repository: {id, owner, name}, installation_id, since } for each that differs: a sync back to `since` finds what is missing. It is
-- the oldest update of those shown that was missed; where all of them were, the last sync, null where there was none. Missed is also one that
-- a later review or comment hides: it told of the pull request, and what it contradicts, or needs, has not come within ten minutes.
-- A repository whose history is still being read (never synced) is left to that.
create function public.capture_compare_repositories(states jsonb)
returns jsonb language plpgsql security definer set search_path = '' as $$
declare
  different jsonb;
begin
  with shown as (
    select s.id, s.counted_at, s.total, s.newest
    from jsonb_to_recordset(states) as s (id bigint, counted_at timestamptz, total integer, newest jsonb)
  ), compared as (
    select
      r.id, r.owner, r.name, r.installation_id, r.synced_at,
      missed.since, missed.all_of_them,
      s.total > coalesce(r.pull_requests, 0) + (
        select count(*) from github.pull_requests p where p.repository_id = r.id and p.created_at > r.pull_requests_counted_at
      ) as more_than_known
    from shown s
    join github.repositories r on r.id = s.id
    cross join lateral (
      select min(n.updated_at) as since, count(*) = jsonb_array_length(s.newest) and count(*) < s.total as all_of_them
      from jsonb_to_recordset(s.newest) as n (number integer, updated_at timestamptz)
      where not exists (
        select from github.pull_requests p
        join capture.coverage c on c.repository_id = p.repository_id and c.number = p.number
        where p.repository_id = r.id and p.number = n.number and p.updated_at >= n.updated_at
          and ((c.known and c.shown is null) or n.updated_at > s.counted_at - interval '10 minutes')
      )
    ) as missed
    where r.name is not null and r.synced_at is not null and capture.stop_reason(r.installation_id, r.id) is null
  )
  select coalesce(jsonb_agg(jsonb_build_object(
    'repository', jsonb_build_object('id', c.id, 'owner', c.owner, 'name', c.name),
    'installation_id', c.installation_id,
    'since', case when c.since is null or c.all_of_them then c.synced_at else c.since end
  ) order by c.id), '[]') into different
  from compared c where c.since is not null or c.more_than_known;

  update github.repositories r set pull_requests = s.total, pull_requests_counted_at = s.counted_at
  from jsonb_to_recordset(states) as s (id bigint, counted_at timestamptz, total integer)
  where r.id = s.id and r.pull_requests_counted_at < s.counted_at
    and not different @> jsonb_build_array(jsonb_build_object('repository', jsonb_build_object('id', r.id)));
  return different;
end $$;

-- Of an installation as GitHub lists it now, { id, repositories: [{id, owner, name, private}] }: what its webhooks should have told.
-- Returns { known, suspended, added, removed, renamed }: `known` false for one never heard of; `added` and `removed` are
-- repositories, and `renamed` those under another name here.
create function public.capture_compare_installation(installation jsonb)
returns jsonb language sql stable security definer set search_path = '' as $$
  with listed as (
    select * from jsonb_to_recordset(installation -> 'repositories') as l (id bigint, owner text, name text, private boolean)
  ), here as (
    select r.* from github.repositories r
    where r.installation_id = (installation ->> 'id')::bigint and r.removed_at is null and r.deleted_at is null
  )
  select jsonb_build_object(
    'known', exists (select from github.installations i where i.id = (installation ->> 'id')::bigint and i.account_id is not null),
    'suspended', exists (select from github.installations i where i.id = (installation ->> 'id')::bigint and i.suspended_at is not null),
    'added', (
      select coalesce(jsonb_agg(to_jsonb(l) order by l.id), '[]') from listed l where not exists (select from here h where h.id = l.id)
    ),
    'removed', (
      select coalesce(jsonb_agg(jsonb_build_object('id', h.id, 'owner', h.owner, 'name', h.name, 'private', coalesce(h.private, false)) order by h.id), '[]')
      from here h where h.name is not null and not exists (select from listed l where l.id = h.id)
    ),
    'renamed', (
      select coalesce(jsonb_agg(to_jsonb(l) order by l.id), '[]')
      from listed l join here h on h.id = l.id and (h.owner, h.name) is distinct from (l.owner, l.name)
    )
  )
$$;

-- The installations that are taken to be there.
create function public.capture_list_installations()
returns jsonb language sql stable security definer set search_path = '' as $$
  select coalesce(jsonb_agg(i.id order by i.id), '[]') from github.installations i where i.deleted_at is null
$$;

-- Those that are read without an installation, once their history is: [{ id, owner, name }].
create function public.capture_list_public_repositories()
returns jsonb language sql stable security definer set search_path = '' as $$
  select coalesce(jsonb_agg(jsonb_build_object('id', r.id, 'owner', r.owner, 'name', r.name) order by r.id), '[]')
  from github.repositories r
  where r.installation_id is null and r.deleted_at is null and r.name is not null and r.synced_at is not null
$$;

-- The jobs that have failed since the checkpoint `name`, or since `without` where there is none, and until `until`, by what they failed of:
-- { total, reasons: [{ event_name, message, count, job_id, repository, number }] }, the most frequent first, at most so many. Messages that
-- differ in numbers only are one reason; the job is the newest of them.
create function public.capture_summarize_failures(name text, without timestamptz, until timestamptz, max_reasons integer)
returns jsonb language sql stable security definer set search_path = '' as $$
  with failed as (
    select j.* from capture.jobs j
    where j.state = 'failed' and j.finished_at <= until
      and j.finished_at > coalesce((select c.settled_until from capture.checkpoints c where c.name = capture_summarize_failures.name), without)
  ), reasons as (
    select
      f.event_name, regexp_replace(coalesce(f.error ->> 'message', ''), '\d+', '#', 'g') as message,
      count(*) as count, max(f.id) as job_id
    from failed f group by 1, 2
  )
  select jsonb_build_object(
    'total', (select count(*) from failed),
    'reasons', (
      select coalesce(jsonb_agg(
        to_jsonb(r) || jsonb_build_object('repository', j.repository, 'number', j.number) order by r.count desc, r.job_id
      ), '[]')
      from (select * from reasons order by count desc, job_id limit max_reasons) as r
      join capture.jobs j on j.id = r.job_id
    )
  )
$$;

-- Everything before is settled. A checkpoint never moves back.
create function public.capture_move_checkpoint(name text, settled_until timestamptz)
returns void language sql security definer set search_path = '' as $$
  insert into capture.checkpoints as present values (name, settled_until, now())
  on conflict on constraint checkpoints_pkey do update set
    settled_until = greatest(present.settled_until, excluded.settled_until), succeeded_at = excluded.succeeded_at
$$;
