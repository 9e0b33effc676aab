-- Less work for each merge. The functions do what they did before.
--
-- Postgres starts an executor for each statement and for each expression with a subquery. PL/pgSQL evaluates other expressions itself, in a
-- fraction of that time. So expressions that need no subquery have none, and what rarely applies is asked for first.

create or replace function capture.installation_lock(installation bigint)
returns bigint language plpgsql immutable set search_path = '' as $$
begin
  return pg_catalog.hashtextextended('capture.installation:' || installation, 0);
end $$;

create or replace function capture.titles_lock(repo_id bigint)
returns bigint language plpgsql immutable set search_path = '' as $$
begin
  return pg_catalog.hashtextextended('capture.titles:' || repo_id, 0);
end $$;

create or replace function capture.accounts_lock()
returns bigint language plpgsql immutable set search_path = '' as $$
begin
  return pg_catalog.hashtextextended('capture.accounts', 0);
end $$;

-- Compares two observations of one object. docs/merging.md explains the rules.
create or replace function capture.compare_observations(
  present_clock timestamptz, present_fetched_at timestamptz, observed_clock timestamptz, observed_fetched_at timestamptz, same_content boolean
)
returns text language plpgsql immutable set search_path = '' as $$
begin
  return case
    when present_clock is null or observed_clock > present_clock then 'newer'
    when observed_clock < present_clock then 'older'
    when same_content then 'same'
    when observed_fetched_at is not null and (present_fetched_at is null or observed_fetched_at > present_fetched_at) then 'newer'
    when observed_fetched_at < present_fetched_at then 'older'
    when observed_fetched_at is null and date_trunc('second', present_fetched_at) > present_clock then 'older'
    else 'ambiguous'
  end;
end $$;

-- Adds a step to those of a job, or its figures to the last step of the same name.
create or replace function capture.add_step(steps jsonb, added jsonb)
returns jsonb language plpgsql immutable set search_path = '' as $$
begin
  return case
    when added is null then steps
    when steps #>> '{-1,name}' = added ->> 'name' then jsonb_set(steps, '{-1}', added || jsonb_build_object(
      'requests', (steps #>> '{-1,requests}')::integer + (added ->> 'requests')::integer,
      'points', (steps #>> '{-1,points}')::integer + (added ->> 'points')::integer,
      'rows_written', (steps #>> '{-1,rows_written}')::integer + (added ->> 'rows_written')::integer
    ))
    when jsonb_array_length(steps) >= 50 then (steps - 0) || added
    else steps || added
  end;
end $$;

-- Creates the functions that list the columns of a table which an observation can contain and its clock orders. A migration that adds a column to
-- one of these tables calls capture.create_replace_function, which calls this.
create function capture.create_column_lists()
returns void language plpgsql set search_path = '' as $$
declare
  definition constant text :=
    'create or replace function capture.%I(%s) returns text[] language plpgsql immutable set search_path = '''' as $body$ begin return %s; end $body$';
begin
  execute format(definition, 'detail_columns', '', format('%L::text[]', array['assigned_users', 'assigned_others'] || capture.columns_of(
    'github.pull_requests', array[
      'repository_id', 'number', 'updated_at', 'assignees', 'requested_reviewers', 'requested_teams', 'comments', 'review_comments', 'reviews',
      'files_head_sha', 'files_base_ref', 'files_truncated', 'details_clock', 'details_fetched_at', 'details_requested_by', 'column_clocks',
      'reviewers_clock', 'reviewers_fetched_at', 'comments_counted_at', 'review_comments_counted_at', 'reviews_counted_at'
    ]
  )));
  execute format(definition, 'review_columns', '', format('%L::text[]', capture.columns_of('github.reviews', array[
    'id', 'repository_id', 'pull_request_number', 'deleted_at', 'clock', 'fetched_at', 'column_clocks', 'listed_at'
  ])));
  execute format(definition, 'comment_columns', 'kind text', format(
    'case kind when ''issue'' then %L::text[] else %L::text[] end',
    array['author_id', 'author_association', 'body', 'created_at'],
    capture.columns_of('github.comments', array[
      'kind', 'id', 'repository_id', 'pull_request_number', 'updated_at', 'in_reply_to_id', 'resolved', 'deleted_at', 'fetched_at',
      'column_clocks', 'listed_at', 'deletion_inferred', 'resolved_clock', 'resolved_fetched_at'
    ])
  ));
end $$;
select capture.create_column_lists();

-- Creates a function that replaces one row of a table by a merged row, found by its primary key. It is created from the table's columns and not
-- written by hand, so that no merge lists them. A migration that adds a column to a table calls this for the table again; it also renews the
-- trigger of a table with provenance, and the lists of columns.
create or replace function capture.create_replace_function(name text, target regclass, key text[])
returns void language plpgsql set search_path = '' as $$
declare
  columns constant text[] := capture.columns_of(target, key);
begin
  execute format(
    $definition$
      create or replace function capture.%1$I(merged_row jsonb)
      returns void language plpgsql set search_path = '' as $body$
      begin
        update %2$s as present set (%3$s) = row(%4$s) from jsonb_populate_record(null::%2$s, merged_row) as replacement where (%5$s) = (%6$s);
      end $body$
    $definition$,
    name,
    target,
    (select string_agg(quote_ident(c), ', ') from unnest(columns) as c),
    (select string_agg('replacement.' || quote_ident(c), ', ') from unnest(columns) as c),
    (select string_agg('present.' || quote_ident(c), ', ') from unnest(key) as c),
    (select string_agg('replacement.' || quote_ident(c), ', ') from unnest(key) as c)
  );
  if exists (select from pg_catalog.pg_attribute a where a.attrelid = target and a.attname = 'captured_by') then
    perform capture.create_provenance_trigger(target);
  end if;
  perform capture.create_column_lists();
end $$;

-- Merges one observation into a row, column by column. docs/merging.md explains the rules.
create or replace function capture.merge_known(
  columns text[], present jsonb, present_clock timestamptz, present_fetched_at timestamptz,
  observed jsonb, observed_clock timestamptz, observed_fetched_at timestamptz, decided text,
  out outcome text, out merged jsonb, out clock timestamptz, out fetched_at timestamptz
)
language plpgsql immutable set search_path = '' as $$
declare
  clocks jsonb := present -> 'column_clocks';
  filled jsonb := jsonb '{}'; -- columns with a clock of their own that this observation is newer than
  same_content boolean;
  entry record;
begin
  if observed - columns <> '{}' then
    observed := observed - array(select jsonb_object_keys(observed - columns));
  end if;
  outcome := decided;
  if decided is null then
    if present_clock = observed_clock or observed_clock is null then
      same_content := not exists (
        select from jsonb_each(observed) as o
        where o.key <> 'author_association' and not clocks ? o.key and present -> o.key is distinct from o.value
      );
    end if;
    outcome := capture.compare_observations(present_clock, present_fetched_at, observed_clock, observed_fetched_at, same_content);
  end if;
  if (outcome <> 'newer' or decided is null) and clocks <> '{}' then
    for entry in select o.key, o.value from jsonb_each(observed) as o where clocks ? o.key loop
      case capture.compare_observations(
        (clocks #>> array[entry.key, '0'])::timestamptz, (clocks #>> array[entry.key, '1'])::timestamptz,
        observed_clock, observed_fetched_at, entry.key = 'author_association' or present -> entry.key = entry.value
      )
        when 'newer' then filled := filled || jsonb_build_object(entry.key, entry.value);
        when 'ambiguous' then outcome := case when decided is null then 'ambiguous' else outcome end;
        when 'older' then observed := observed - entry.key;
        else null;
      end case;
    end loop;
  end if;

  clock := present_clock;
  fetched_at := present_fetched_at;
  merged := present;
  if outcome = 'ambiguous' then
    return;
  end if;
  merged := merged || case when outcome = 'newer' then observed else filled end;
  if outcome = 'newer' or (outcome = 'same' and observed_fetched_at > coalesce(present_fetched_at, '-infinity')) then
    clock := observed_clock;
    fetched_at := observed_fetched_at;
    if observed ?& columns then
      clocks := clocks - columns;
    else
      clocks := (
        select coalesce(jsonb_object_agg(c, coalesce(clocks -> c, jsonb_build_array(present_clock, present_fetched_at))), '{}')
        from unnest(columns) as c where not observed ? c
      ) || (clocks - columns);
    end if;
  elsif filled <> '{}' then
    clocks := clocks || (
      select jsonb_object_agg(key, jsonb_build_array(observed_clock, observed_fetched_at)) from jsonb_each(filled)
    );
  end if;
  if outcome = 'same' and filled <> '{}'
    and exists (select from jsonb_each(filled) as f where present -> f.key is distinct from f.value)
  then
    outcome := 'newer';
  end if;
  merged := merged || jsonb_build_object('column_clocks', clocks);
end $$;

-- Replaces assignees by assigned_users and assigned_others.
create or replace function capture.split_assignees(details jsonb)
returns jsonb language plpgsql stable set search_path = '' as $$
begin
  if not details ? 'assignees' then
    return details;
  end if;
  if details -> 'assignees' = '[]' then
    return details - 'assignees' || jsonb '{"assigned_users": [], "assigned_others": []}';
  end if;
  return details - 'assignees' || (
    select jsonb_build_object(
      'assigned_users', coalesce(jsonb_agg(assigned.id order by assigned.id) filter (where coalesce(a.type, 'User') = 'User'), '[]'),
      'assigned_others', coalesce(jsonb_agg(assigned.id order by assigned.id) filter (where a.type <> 'User'), '[]')
    )
    from (select value::bigint as id from jsonb_array_elements_text(details -> 'assignees')) as assigned
    left join github.accounts a on a.id = assigned.id
  );
end $$;

-- Joins the two columns of capture.split_assignees again.
create or replace function capture.join_assignees(details jsonb)
returns jsonb language plpgsql immutable set search_path = '' as $$
declare
  assignees jsonb := (details -> 'assigned_users') || (details -> 'assigned_others');
begin
  if assignees <> '[]' then
    assignees := (
      select jsonb_agg(assigned.id order by assigned.id)
      from (select value::bigint as id from jsonb_array_elements_text(assignees)) as assigned
    );
  end if;
  return details - array['assigned_users', 'assigned_others'] || jsonb_build_object('assignees', coalesce(assignees, '[]'));
end $$;

-- Records whether a partial observation, which is newer than the details, contradicts them: then a capture of the details was lost.
create or replace function capture.record_contradiction(pull_request github.pull_requests, partial jsonb)
returns void language plpgsql set search_path = '' as $$
declare
  observed jsonb;
  contradicts boolean := false;
begin
  -- Where no column differs, nothing contradicts.
  if pull_request.details_clock is not null and jsonb_populate_record(
    pull_request, partial - array['updated_at', 'requested_reviewers', 'requested_teams']
  ) is distinct from pull_request then
    observed := capture.announced_details(partial);
    contradicts := not capture.announced_details(to_jsonb(pull_request)) @> observed;
  end if;
  update capture.coverage c set
    contradiction = case when contradicts then observed end,
    contradicted_at = case when contradicts then (partial ->> 'updated_at')::timestamptz end
  where c.repository_id = pull_request.repository_id and c.number = pull_request.number
    and (contradicts or c.contradiction is not null);
end $$;

-- Sets what capture.coverage counts of a pull request's lists: from all its items, or with `added` from new ones only.
--
-- GitHub's count includes an item of the same second. An inferred deletion dates from the beginning of the listing that lacked the item, so
-- that listing's count does not include it.
create or replace function capture.set_counts(repo_id bigint, pull_request_number integer, items capture.list_items[], added boolean)
returns void language plpgsql set search_path = '' as $$
declare
  kept constant integer := case when added then 1 else 0 end;
begin
  update capture.coverage c set (
    reviews, reviews_counted, reviews_before,
    issue_comments, issue_comments_counted, issue_comments_before,
    review_comments, review_comments_counted, review_comments_before
  ) = (
    select
      count(*) filter (where i.list = 'reviews' and i.present) + c.reviews * kept,
      count(*) filter (where i.list = 'reviews' and i.counted) + c.reviews_counted * kept,
      count(*) filter (where i.list = 'reviews' and i.before) + c.reviews_before * kept,
      count(*) filter (where i.list = 'issue_comments' and i.present) + c.issue_comments * kept,
      count(*) filter (where i.list = 'issue_comments' and i.counted) + c.issue_comments_counted * kept,
      count(*) filter (where i.list = 'issue_comments' and i.before) + c.issue_comments_before * kept,
      count(*) filter (where i.list = 'review_comments' and i.present) + c.review_comments * kept,
      count(*) filter (where i.list = 'review_comments' and i.counted) + c.review_comments_counted * kept,
      count(*) filter (where i.list = 'review_comments' and i.before) + c.review_comments_before * kept
    from (
      select
        item.list,
        item.deleted_at is null as present,
        (item.created_at <= github.counted_at or item.listed_at >= github.counted_at) and (
          item.deleted_at is null or github.counted_at is null or item.deleted_at > github.counted_at
          or (item.deleted_at = github.counted_at and not item.deletion_inferred)
        ) as counted,
        item.deleted_at is null and item.created_at < date_trunc('second', github.counted_at) as before
      from unnest(items) as item
      cross join lateral (
        select case item.list
          when 'reviews' then c.reviews_counted_at
          when 'issue_comments' then c.issue_comments_counted_at
          else c.review_comments_counted_at
        end as counted_at
      ) as github
    ) as i
  )
  where c.repository_id = repo_id and c.number = pull_request_number;
end $$;
drop function capture.count_items(capture.list_items[], capture.coverage);

-- Returns the known columns of an observation, with values as Postgres formats them. `record` is the item as a row of its table. A key that the
-- item lacks is an unknown column; a key with null is a value.
create or replace function capture.known_columns(record jsonb, item jsonb)
returns jsonb language plpgsql immutable set search_path = '' as $$
begin
  return record - array(select jsonb_object_keys(record - array(select jsonb_object_keys(item))));
end $$;

-- Merges one review into its row. Returns the outcome.
create or replace function capture.merge_review(repo_id bigint, pull_request_number integer, item jsonb, fetched_at timestamptz)
returns text language plpgsql set search_path = '' as $$
declare
  columns constant text[] := capture.review_columns();
  observed constant github.reviews := jsonb_populate_record(null::github.reviews, item);
  known constant jsonb := capture.known_columns(to_jsonb(observed), item);
  present github.reviews;
  decided text;
  result record;
begin
  if not exists (select from github.reviews r where r.id = observed.id) then
    result := capture.merge_known(columns, '{"column_clocks": {}}', null, null, known, observed.clock, fetched_at, null);
    insert into github.reviews
    select * from jsonb_populate_record(null::github.reviews, result.merged || jsonb_build_object(
      'id', observed.id, 'repository_id', repo_id, 'pull_request_number', pull_request_number,
      'clock', observed.clock, 'fetched_at', fetched_at, 'listed_at', fetched_at
    ))
    on conflict do nothing;
    if found then
      return 'newer';
    end if;
  end if;
  select * into strict present from github.reviews r where r.id = observed.id for update;

  decided := case
    when present.state = 'DISMISSED' and observed.state <> 'DISMISSED' then 'older'
    when present.deleted_at is not null then
      case when coalesce(fetched_at, observed.clock) > present.deleted_at then 'newer' else 'older' end
    when present.state <> 'DISMISSED' and observed.state = 'DISMISSED' then 'newer'
  end;
  result := capture.merge_known(
    columns, to_jsonb(present), present.clock, present.fetched_at, known, observed.clock, fetched_at, decided
  );
  if result.outcome = 'ambiguous' then
    return result.outcome;
  end if;
  if result.outcome = 'newer' or fetched_at is not null or present.column_clocks <> result.merged -> 'column_clocks' then
    perform capture.replace_review(result.merged || jsonb_build_object(
      'deleted_at', case when decided is distinct from 'newer' then present.deleted_at end,
      'clock', result.clock,
      'fetched_at', result.fetched_at,
      'listed_at', greatest(present.listed_at, merge_review.fetched_at)
    ));
  end if;
  return case
    when result.outcome = 'newer' and present.deleted_at is null
      and result.merged - array['author_association', 'column_clocks'] = to_jsonb(present) - array['author_association', 'column_clocks']
    then 'same' else result.outcome
  end;
end $$;

-- Creates the triggers of a table with provenance for its present columns. The condition is part of a function, because Postgres reads that of a
-- trigger from its text again for each statement.
create or replace function capture.create_provenance_trigger(target regclass)
returns void language plpgsql set search_path = '' as $$
declare
  -- Clocks and bookkeeping, and what GitHub computes for each answer or merges fill in.
  columns constant text[] := array(
    select c from unnest(capture.columns_of(target, array[
      'repository_id', 'number', 'pull_request_number', 'kind', 'clock', 'fetched_at', 'listed_at', 'column_clocks', 'details_requested_by',
      'author_association', 'label_ids', 'deletion_inferred', 'comments', 'review_comments', 'reviews',
      'files_head_sha', 'files_base_ref', 'files_truncated'
    ])) as c
    where c !~ '_(clock|fetched_at|counted_at)$'
  );
  name constant text := 'set_provenance_of_' || (select c.relname from pg_catalog.pg_class c where c.oid = target);
begin
  execute format('create or replace trigger set_provenance_of_new before insert on %s for each row execute function capture.set_provenance()', target);
  execute format(
    $definition$
      create or replace function capture.%1$I()
      returns trigger language plpgsql set search_path = '' as $body$
      begin
        if (%2$s) is distinct from (%3$s) then
          new.captured_at := now();
          new.captured_by := nullif(current_setting('capture.reason', true), '');
        end if;
        return new;
      end $body$
    $definition$,
    name,
    (select string_agg(format('old.%I', c), ', ') from unnest(columns) as c),
    (select string_agg(format('new.%I', c), ', ') from unnest(columns) as c)
  );
  execute format('create or replace trigger set_provenance before update on %s for each row execute function capture.%I()', target, name);
end $$;
select capture.create_provenance_trigger(target)
from unnest(array['github.pull_requests', 'github.reviews', 'github.comments']::regclass[]) as target;

select capture.restrict_access();
