-- An inventory no longer deadlocks with the captures of pull requests that appear while it is recorded.

-- Records a page of an inventory: [{ number, node_id, created_at, updated_at, reviews, issue_comments, review_comments }]. Unknown counts are
-- null. Marks pull requests that were updated without a webhook as stale.
create or replace function public.capture_record_inventory(context jsonb, items jsonb)
returns void language plpgsql security definer set search_path = '' as $$
declare
  repo_id constant bigint := capture.begin_write(context);
  listed_at constant timestamptz := (context ->> 'fetched_at')::timestamptz;
  numbers constant integer[] := array(select (item ->> 'number')::integer from jsonb_array_elements(items) as item);
  present integer[];
begin
  loop
    begin
      present := array(select p.number from github.pull_requests p where p.repository_id = repo_id and p.number = any (numbers));
      perform capture.lock_pull_requests(repo_id, present);
      insert into capture.coverage as c (
        repository_id, number, node_id, created_at, github_updated_at, inventoried_at, reviews_inventoried, issue_comments_inventoried,
        review_comments_inventoried
      )
      select
        repo_id, item.number, item.node_id, item.created_at, item.updated_at, listed_at, item.reviews, item.issue_comments,
        item.review_comments
      from jsonb_to_recordset(items) as item (
        number integer, node_id text, created_at timestamptz, updated_at timestamptz, reviews integer, issue_comments integer,
        review_comments integer
      )
      order by item.number
      on conflict (repository_id, number) do update set
        node_id = excluded.node_id,
        created_at = excluded.created_at,
        github_updated_at = greatest(c.github_updated_at, excluded.github_updated_at),
        inventoried_at = greatest(c.inventoried_at, excluded.inventoried_at);
      exit when not exists (
        select from github.pull_requests p where p.repository_id = repo_id and p.number = any (numbers) and p.number <> all (present)
      );
      raise exception using errcode = 'PC002';
    exception when sqlstate 'PC002' then
      -- A webhook stored a pull request after the others were locked. Leaving the block releases all locks: a pull request is locked before its
      -- row of capture.coverage.
      null;
    end;
  end loop;

  perform capture.record_inventory_counts(repo_id, (item ->> 'number')::integer, item, listed_at)
  from jsonb_array_elements(items) as item
  where (item ->> 'number')::integer = any (present)
  order by (item ->> 'number')::integer;

  perform capture.mark_stale(
    repo_id,
    array(
      select p.number from github.pull_requests p
      join jsonb_to_recordset(items) as item (number integer, updated_at timestamptz) on item.number = p.number
      where p.repository_id = repo_id and p.number = any (present)
        and p.updated_at < item.updated_at and item.updated_at < listed_at - capture.webhook_delay()
    ),
    array['details', 'reviews', 'issue_comments', 'review_comments'], listed_at
  );
  perform capture.record_step(context, 0, false);
end $$;

select capture.restrict_access();
