-- Provenance: when the present content of a row was stored, and by the captures of which reason.
--
-- A trigger writes these columns, so that no merge has to. They change when a row's content does. Its clocks alone do not change them: a
-- backfill that confirms what a webhook stored leaves the webhook.

alter table github.pull_requests
  add column captured_at timestamptz,
  add column captured_by text,
  add column files_captured_at timestamptz,
  add column files_captured_by text;
alter table github.reviews add column captured_at timestamptz, add column captured_by text;
alter table github.comments add column captured_at timestamptz, add column captured_by text;
comment on column github.pull_requests.captured_at is 'When the present content of the row was stored, by the database''s clock. Null: before this was recorded.';
comment on column github.pull_requests.captured_by is 'The reason of the capture that stored it: webhook, backfill, gap, reconcile, install or manual.';
comment on column github.pull_requests.files_captured_at is 'When the files of files_head_sha and files_base_ref were first stored.';
comment on column github.pull_requests.files_captured_by is 'The reason of the capture that stored them.';
comment on column github.reviews.captured_at is 'When the present content of the row was stored, by the database''s clock. Null: before this was recorded.';
comment on column github.reviews.captured_by is 'The reason of the capture that stored it: webhook, backfill, gap, reconcile, install or manual.';
comment on column github.comments.captured_at is 'When the present content of the row was stored, by the database''s clock. Null: before this was recorded.';
comment on column github.comments.captured_by is 'The reason of the capture that stored it: webhook, backfill, gap, reconcile, install or manual.';

-- Lists the columns of a table without generated columns, provenance and the `excluded` ones. Merges use it, so that a new column is merged
-- without further changes.
create or replace function capture.columns_of(target regclass, excluded text[])
returns text[] language plpgsql stable set search_path = '' as $$
begin
  return array(
    select a.attname::text from pg_catalog.pg_attribute a
    where a.attrelid = target and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' and a.attname::text <> all (excluded)
      and a.attname !~ '^(files_)?captured_(at|by)$'
    order by a.attnum
  );
end $$;

create function capture.set_provenance()
returns trigger language plpgsql set search_path = '' as $$
begin
  new.captured_at := now();
  new.captured_by := nullif(current_setting('capture.reason', true), '');
  return new;
end $$;

create function capture.set_files_provenance()
returns trigger language plpgsql set search_path = '' as $$
begin
  new.files_captured_at := now();
  new.files_captured_by := nullif(current_setting('capture.reason', true), '');
  return new;
end $$;

-- Creates the trigger of a table with provenance for its present columns. The condition is evaluated before the function is called, so that an
-- update of clocks costs next to nothing.
create function capture.create_provenance_trigger(target regclass)
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
begin
  execute format('create or replace trigger set_provenance_of_new before insert on %s for each row execute function capture.set_provenance()', target);
  execute format(
    'create or replace trigger set_provenance before update on %s for each row
     when ((%s) is distinct from (%s)) execute function capture.set_provenance()',
    target,
    (select string_agg(format('old.%I', c), ', ') from unnest(columns) as c),
    (select string_agg(format('new.%I', c), ', ') from unnest(columns) as c)
  );
end $$;

-- Creates a function that replaces one row of a table by a merged row, found by its primary key. It is created from the table's columns and not
-- written by hand, so that no merge lists them. A migration that adds a column to a table calls this for the table again; it also renews the
-- trigger of a table with provenance.
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
end $$;

select capture.create_replace_function('replace_pull_request', 'github.pull_requests', array['repository_id', 'number']);
select capture.create_replace_function('replace_review', 'github.reviews', array['id']);
select capture.create_replace_function('replace_comment', 'github.comments', array['kind', 'id']);

create trigger set_files_provenance before update on github.pull_requests for each row
when ((old.files_head_sha, old.files_base_ref, old.files_truncated) is distinct from (new.files_head_sha, new.files_base_ref, new.files_truncated))
execute function capture.set_files_provenance();

-- Records the installation, repository and accounts of a context, and its reason for the triggers of this transaction. Returns the repository's
-- id.
--
-- The newest name of each repository and account wins. A full name belongs to the repository that was last seen with it; the other one's name
-- becomes null until it is seen again. `repository.seen_at` is null when the name is only the one that the capture was requested with, which
-- may be old: it names a new repository and never renames a known one.
create or replace function capture.record_context(context jsonb)
returns bigint language plpgsql set search_path = '' as $$
declare
  repo_id constant bigint := (context #>> '{repository,id}')::bigint;
  installation constant bigint := (context ->> 'installation_id')::bigint;
begin
  perform pg_catalog.set_config('capture.reason', coalesce(context #>> '{job,reason}', ''), true);
  perform pg_catalog.pg_advisory_xact_lock_shared(capture.accounts_lock());
  if installation is not null and not exists (select from github.installations where id = installation) then
    insert into github.installations (id) values (installation) on conflict do nothing;
  end if;

  if exists (select from capture.changed_repository(context)) then
    perform capture.lock_repository_names();
    perform capture.record_repository(repo_id, installation, seen.owner, seen.name, seen.seen_at)
    from capture.changed_repository(context) as seen;
  end if;
  perform capture.record_accounts(context);
  return repo_id;
end $$;

select capture.restrict_access();
