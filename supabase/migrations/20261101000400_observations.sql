-- Merging observations: which of two is newer, and what a row contains after both. docs/merging.md explains the rules.

-- Compares two observations of one object.
--
--   newer      the new observation replaces the present one
--   older, same  it changes nothing
--   ambiguous  both have the same second and differ; only GitHub can resolve them
--
-- A fetch in a later second than the clock is right about the clock's second. Within one second the object may have changed after GitHub's
-- answer, so a payload of that second is not simply older.
create function capture.compare_observations(
  present_clock timestamptz, present_fetched_at timestamptz,
  observed_clock timestamptz, observed_fetched_at timestamptz,
  same_content boolean
)
returns text language sql immutable set search_path = '' as $$
  select case
    when present_clock is null or observed_clock > present_clock then 'newer'
    when observed_clock < present_clock then 'older'
    when same_content then 'same'
    when observed_fetched_at is not null and (present_fetched_at is null or observed_fetched_at > present_fetched_at) then 'newer'
    when observed_fetched_at < present_fetched_at then 'older'
    when observed_fetched_at is null and date_trunc('second', present_fetched_at) > present_clock then 'older'
    else 'ambiguous'
  end
$$;

-- Returns the known columns of an observation, with values as Postgres formats them. `record` is the item as a row of its table. A key that the
-- item lacks is an unknown column; a key with null is a value.
create function capture.known_columns(record jsonb, item jsonb)
returns jsonb language sql immutable set search_path = '' as $$
  select coalesce(jsonb_object_agg(key, value), '{}') from jsonb_each(record) where item ? key
$$;

-- Merges one observation into a row, column by column. Unknown columns keep their values.
--
--   columns   the columns that the clock orders
--   present   the row; present_clock and present_fetched_at are its clocks, null before its first observation
--   observed  the known columns of the observation, from capture.known_columns
--   decided   the outcome when a rule other than the clocks decides it; else null
--
-- An observation that leaves a column out makes the row's clock newer than that column's value. The column then has a clock of its own in
-- `column_clocks`: { column: [clock, fetched_at] }. So an older observation can still fill in a column that only it knows, and a newer one does
-- not replace a column that has a later clock.
--
-- Returns the outcome, the merged row and its clocks. author_association does not make two observations different: GitHub computes it for each
-- answer.
create function capture.merge_known(
  columns text[], present jsonb, present_clock timestamptz, present_fetched_at timestamptz,
  observed jsonb, observed_clock timestamptz, observed_fetched_at timestamptz, decided text,
  out outcome text, out merged jsonb, out clock timestamptz, out fetched_at timestamptz
)
language plpgsql immutable set search_path = '' as $$
declare
  clocks jsonb := present -> 'column_clocks';
  filled jsonb := jsonb '{}'; -- columns with a clock of their own that this observation is newer than
  entry record;
begin
  select coalesce(jsonb_object_agg(key, value), '{}') into observed from jsonb_each(observed) where key = any (columns);
  outcome := coalesce(decided, capture.compare_observations(
    present_clock, present_fetched_at, observed_clock, observed_fetched_at,
    not exists (
      select from jsonb_each(observed) as o
      where o.key <> 'author_association' and not clocks ? o.key and present -> o.key is distinct from o.value
    )
  ));
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
    clocks := (
      select coalesce(jsonb_object_agg(c, coalesce(clocks -> c, jsonb_build_array(present_clock, present_fetched_at))), '{}')
      from unnest(columns) as c where not observed ? c
    ) || (clocks - columns);
  else
    clocks := clocks || (
      select coalesce(jsonb_object_agg(key, jsonb_build_array(observed_clock, observed_fetched_at)), '{}') from jsonb_each(filled)
    );
  end if;
  if outcome = 'same' and exists (select from jsonb_each(filled) as f where present -> f.key is distinct from f.value) then
    outcome := 'newer';
  end if;
  merged := merged || jsonb_build_object('column_clocks', clocks);
end $$;

-- Lists the columns of a table without generated columns and the `excluded` ones. Merges use it, so that a new column is merged without
-- further changes.
create function capture.columns_of(target regclass, excluded text[])
returns text[] language plpgsql stable set search_path = '' as $$
begin
  return array(
    select a.attname::text from pg_catalog.pg_attribute a
    where a.attrelid = target and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' and a.attname::text <> all (excluded)
    order by a.attnum
  );
end $$;

-- Creates a function that replaces one row of a table by a merged row, found by its primary key. It is created from the table's columns and not
-- written by hand, so that no merge lists them. A migration that adds a column to a table calls this for the table again.
create function capture.create_replace_function(name text, target regclass, key text[])
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
end $$;

select capture.create_replace_function('replace_installation', 'github.installations', array['id']);
select capture.create_replace_function('replace_repository', 'github.repositories', array['id']);
select capture.create_replace_function('replace_pull_request', 'github.pull_requests', array['repository_id', 'number']);
select capture.create_replace_function('replace_review', 'github.reviews', array['id']);
select capture.create_replace_function('replace_comment', 'github.comments', array['kind', 'id']);

select capture.restrict_access();
