-- Names of labels and titles of milestones. A rename changes no pull request's updated_at, so no observation of a pull request announces it.
--
-- A pull request's row contains the ids of its labels and the number of its milestone. The table below contains their titles, from the webhooks
-- `label` and `milestone` and from GitHub's answers. It is applied twice: merging titles rewrites the rows with them, and merging a pull request
-- replaces names from before the last rename. So the order of the two does not matter.

create table capture.titles (
  repository_id bigint not null references github.repositories on delete cascade,
  kind text not null check (kind in ('label', 'milestone')),
  key text not null,
  title text,
  seen_at timestamptz not null,
  fetched_at timestamptz,
  primary key (repository_id, kind, key)
);
alter table capture.titles enable row level security;
comment on table capture.titles is 'Labels and milestones that were renamed or deleted. For others the names in pull requests are right.';
comment on column capture.titles.key is 'A label''s node id or a milestone''s number. GitHub never reuses them.';
comment on column capture.titles.title is 'Null: deleted.';
comment on column capture.titles.seen_at is 'GitHub''s time of the observation: a milestone''s updated_at, or the `date` of an answer.';
comment on column capture.titles.fetched_at is 'Null: from a webhook. A deletion by webhook is final.';

-- True when a title is newer than an observation of a pull request at observed_at. A payload can be newer than its clock but never older, so
-- a later clock proves that the observation has the new title.
create function capture.is_newer_title(known capture.titles, observed_at timestamptz)
returns boolean language sql immutable set search_path = '' as $$
  select known.key is not null and ((known.title is null and known.fetched_at is null) or known.seen_at >= observed_at)
$$;

-- Returns a pull request's labels with their current names, sorted by name, without deleted ones.
create function capture.current_labels(repo_id bigint, names text[], ids text[], observed_at timestamptz)
returns table (labels text[], label_ids text[]) language sql volatile set search_path = '' as $$
  select
    coalesce(array_agg(each.name order by each.name collate "C"), '{}'), coalesce(array_agg(each.id order by each.name collate "C"), '{}')
  from (
    select label.id, case when capture.is_newer_title(known, observed_at) then known.title else label.name end as name
    from unnest(names, ids) as label (name, id)
    left join capture.titles known on known.repository_id = repo_id and known.kind = 'label' and known.key = label.id
  ) as each
  where each.name is not null
$$;

-- Replaces old names of labels and milestones in an observation, an object of columns of github.pull_requests.
create function capture.with_current_titles(repo_id bigint, item jsonb, fetched_at timestamptz)
returns jsonb language plpgsql volatile set search_path = '' as $$
declare
  observed_at constant timestamptz := coalesce(fetched_at, (item ->> 'updated_at')::timestamptz);
  observed github.pull_requests;
  milestone capture.titles;
begin
  if item is null or not exists (select from capture.titles known where known.repository_id = repo_id) then
    return item;
  end if;
  observed := jsonb_populate_record(null::github.pull_requests, item);
  if observed.label_ids is not null then
    select item || to_jsonb(present) into item
    from capture.current_labels(repo_id, observed.labels, observed.label_ids, observed_at) as present;
  end if;
  select * into milestone from capture.titles known
  where known.repository_id = repo_id and known.kind = 'milestone' and known.key = observed.milestone_number::text;
  if capture.is_newer_title(milestone, observed_at) then
    item := item || jsonb_build_object(
      'milestone_number', case when milestone.title is not null then observed.milestone_number end, 'milestone_title', milestone.title
    );
  end if;
  return item;
end $$;

-- Returns when the labels and the milestone of a row were observed. A stub's can be of any age: its details are requested already.
create function capture.titles_observed_at(pull_request github.pull_requests)
returns timestamptz language sql immutable set search_path = '' as $$
  select coalesce(greatest(pull_request.details_clock, pull_request.details_fetched_at), '-infinity')
$$;

-- Merges titles and rewrites the pull requests that have them. titles: [{ kind, key, title, seen_at }]; title is null for a deleted one, seen_at
-- is null for a deletion by webhook. Returns the keys of ambiguous milestones: two webhooks of one second. The job goes on while there are any,
-- or when GitHub is asked next (`asked`).
create function public.capture_merge_titles(context jsonb, titles jsonb, asked boolean)
returns jsonb language plpgsql security definer set search_path = '' as $$
declare
  fetched_at constant timestamptz := (context ->> 'fetched_at')::timestamptz;
  repo_id constant bigint := (context #>> '{repository,id}')::bigint;
  keys constant text[] := array(select title ->> 'key' from jsonb_array_elements(titles) as title);
  observed capture.titles;
  present capture.titles;
  ambiguous jsonb := jsonb '[]';
  rows_written integer := 0;
  rewritten integer;
begin
  perform capture.refuse_stopped(context);
  perform pg_catalog.pg_advisory_xact_lock(capture.titles_lock(repo_id));
  perform capture.record_context(context);

  for observed in select t.* from jsonb_populate_recordset(null::capture.titles, titles) as t order by t.kind, t.key loop
    select * into present from capture.titles known
    where known.repository_id = repo_id and known.kind = observed.kind and known.key = observed.key;
    continue when found and present.title is null and present.fetched_at is null;
    if observed.title is not null or fetched_at is not null then
      case capture.compare_observations(
        present.seen_at, present.fetched_at, observed.seen_at, fetched_at, present.title is not distinct from observed.title
      )
        when 'ambiguous' then
          ambiguous := ambiguous || to_jsonb(observed.key);
          continue;
        when 'newer' then null;
        else continue;
      end case;
    end if;
    insert into capture.titles values (repo_id, observed.kind, observed.key, observed.title, coalesce(observed.seen_at, '-infinity'), fetched_at)
    on conflict on constraint titles_pkey do update set
      title = excluded.title, seen_at = excluded.seen_at, fetched_at = excluded.fetched_at;
  end loop;

  update github.pull_requests p set labels = renamed.labels, label_ids = renamed.label_ids
  from github.pull_requests labeled
  cross join lateral capture.current_labels(repo_id, labeled.labels, labeled.label_ids, capture.titles_observed_at(labeled)) as renamed
  where labeled.repository_id = repo_id and labeled.label_ids && keys and labeled.labels is distinct from renamed.labels
    and p.repository_id = labeled.repository_id and p.number = labeled.number;
  get diagnostics rewritten = row_count;
  rows_written := rows_written + rewritten;

  update github.pull_requests p set
    milestone_number = case when known.title is not null then p.milestone_number end,
    milestone_title = known.title
  from capture.titles known
  where known.repository_id = repo_id and known.kind = 'milestone' and known.key = any (keys)
    and p.repository_id = repo_id and p.milestone_number::text = known.key and p.milestone_title is distinct from known.title
    and capture.is_newer_title(known, capture.titles_observed_at(p));
  get diagnostics rewritten = row_count;
  rows_written := rows_written + rewritten;

  perform capture.record_step(context, rows_written, ambiguous = '[]' and not asked);
  return ambiguous;
end $$;

-- Returns the labels and milestones whose names in pull requests differ from GitHub's lists.
--
-- states: [{ id, fetched_at, labels: [{ id, name }] | null, milestones: [{ number, title }] | null }], complete lists of each repository, null for
-- a list that could not be read completely. Pull requests that were observed since are not compared.
--
-- Returns { repository: { id, owner, name }, installation_id, fetched_at, labels: [id], milestones: [{ number, title }] } for each repository with
-- differences. title is null for a milestone that is not listed.
create function public.capture_compare_titles(states jsonb)
returns jsonb language sql stable security definer set search_path = '' as $$
  with states as (
    select s.id, s.fetched_at, s.labels, s.milestones
    from jsonb_to_recordset(capture_compare_titles.states) as s (id bigint, fetched_at timestamptz, labels jsonb, milestones jsonb)
  ), captured as (
    select s.id as repository_id, p.labels, p.label_ids, p.milestone_number, p.milestone_title
    from states s join github.pull_requests p on p.repository_id = s.id and capture.titles_observed_at(p) < s.fetched_at
  ), labels as (
    select c.repository_id, jsonb_agg(distinct label.id) as ids
    from captured c
    cross join lateral unnest(c.labels, c.label_ids) as label (name, id)
    left join (
      select s.id as repository_id, l.id, l.name from states s, jsonb_to_recordset(s.labels) as l (id text, name text)
    ) as listed on listed.repository_id = c.repository_id and listed.id = label.id
    where label.id is not null and label.name is distinct from listed.name
      and c.repository_id in (select s.id from states s where s.labels <> 'null')
    group by c.repository_id
  ), milestones as (
    select different.repository_id, jsonb_agg(jsonb_build_object('number', different.number, 'title', different.title)) as titles
    from (
      select distinct c.repository_id, c.milestone_number as number, listed.title
      from captured c
      left join (
        select s.id as repository_id, m.number, m.title from states s, jsonb_to_recordset(s.milestones) as m (number integer, title text)
      ) as listed on listed.repository_id = c.repository_id and listed.number = c.milestone_number
      where c.milestone_number is not null and c.milestone_title is distinct from listed.title
        and c.repository_id in (select s.id from states s where s.milestones <> 'null')
    ) as different
    group by different.repository_id
  )
  select coalesce(jsonb_agg(jsonb_build_object(
    'repository', jsonb_build_object('id', r.id, 'owner', r.owner, 'name', r.name),
    'installation_id', r.installation_id,
    'fetched_at', s.fetched_at,
    'labels', coalesce(l.ids, '[]'),
    'milestones', coalesce(m.titles, '[]')
  ) order by r.id), '[]')
  from states s
  join github.repositories r on r.id = s.id
  left join labels l on l.repository_id = r.id
  left join milestones m on m.repository_id = r.id
  where (l.ids is not null or m.titles is not null) and r.name is not null and capture.stop_reason(r.installation_id, r.id) is null
$$;

select capture.restrict_access();
