-- Listings: complete lists of a pull request's issue_comments, review_comments or reviews, as GitHub pages them. Rows that a complete listing
-- lacks were deleted.

-- Returns the rows that existed before a listing began and that it lacked. This does not prove a deletion: pages shift when an item is removed
-- between two of them, and replicas lag.
create function capture.absent_from_listing(repo_id bigint, pull_request_number integer, list text, began_at timestamptz)
returns setof capture.list_items language sql stable set search_path = '' as $$
  select * from capture.list_items i
  where i.list = absent_from_listing.list
    and i.repository_id = repo_id and i.pull_request_number = absent_from_listing.pull_request_number
    and i.deleted_at is null and greatest(i.created_at, i.updated_at) < began_at and coalesce(i.listed_at, '-infinity') < began_at
$$;

-- Counts the rows in a listing that began at began_at.
create function capture.count_listed(repo_id bigint, pull_request_number integer, list text, began_at timestamptz)
returns integer language sql stable set search_path = '' as $$
  select count(*) from capture.list_items i
  where i.list = count_listed.list and i.repository_id = repo_id and i.pull_request_number = count_listed.pull_request_number
    and i.listed_at >= began_at and i.deleted_at is null
$$;

-- Marks rows as deleted that the listing lacked, unless they were observed since. Returns their number.
create function capture.mark_deleted(repo_id bigint, pull_request_number integer, list text, began_at timestamptz, deleted bigint[])
returns integer language plpgsql set search_path = '' as $$
declare
  marked integer;
begin
  if list = 'reviews' then
    update github.reviews r set deleted_at = began_at
    where r.id = any (deleted)
      and r.id in (select absent.id from capture.absent_from_listing(repo_id, mark_deleted.pull_request_number, list, began_at) as absent);
  else
    update github.comments c set deleted_at = began_at, deletion_inferred = true
    where c.kind = case list when 'issue_comments' then 'issue' else 'review' end and c.id = any (deleted)
      and c.id in (select absent.id from capture.absent_from_listing(repo_id, mark_deleted.pull_request_number, list, began_at) as absent);
  end if;
  get diagnostics marked = row_count;
  return marked;
end $$;

-- Records the length of a complete listing as GitHub's count.
create function capture.count_listing(repo_id bigint, pull_request_number integer, list text, began_at timestamptz)
returns void language plpgsql set search_path = '' as $$
declare
  listed constant integer := capture.count_listed(repo_id, pull_request_number, list, began_at);
begin
  perform capture.record_count(repo_id, pull_request_number, list, listed, began_at);
  perform capture.record_unlisted_items(repo_id, pull_request_number, list, listed);
  perform capture.clear_stale(repo_id, pull_request_number, list, began_at);
end $$;

-- Ends a complete listing from a single answer: all rows that it lacks were deleted, except those created in the minute before it, which a
-- lagging replica may lack. Returns the number of deleted rows.
create function capture.finish_listing(repo_id bigint, pull_request_number integer, list text, began_at timestamptz)
returns integer language plpgsql set search_path = '' as $$
declare
  marked constant integer := capture.mark_deleted(repo_id, pull_request_number, list, began_at, (
    select array_agg(absent.id) from capture.absent_from_listing(repo_id, pull_request_number, list, began_at) as absent
    where absent.created_at < began_at - interval '1 minute'
  ));
begin
  perform capture.count_listing(repo_id, pull_request_number, list, began_at);
  return marked;
end $$;

-- Ends listings of one pull request, and completes the job if `finished`. `counted` names the lists whose listing is complete.
--
-- Called with gone null, it returns the rows that the listings lacked, [{ kind, id, created_at }], where kind is the list; if there are any, it
-- changes nothing. The caller then requests each of them and calls again with those that GitHub no longer has.
create function public.capture_finish_listing(
  context jsonb, number integer, kinds text[], counted text[], began_at timestamptz, gone jsonb, finished boolean
)
returns jsonb language plpgsql security definer set search_path = '' as $$
declare
  repo_id constant bigint := capture.begin_write(context);
  absent jsonb;
  marked integer;
begin
  perform capture.ensure_pull_request(repo_id, number, null, context #>> '{job,event_id}');
  if jsonb_typeof(gone) is distinct from 'array' then
    select coalesce(jsonb_agg(jsonb_build_object('kind', kind, 'id', row.id, 'created_at', row.created_at) order by kind, row.id), '[]') into absent
    from unnest(kinds) as kind, capture.absent_from_listing(repo_id, number, kind, began_at) as row;
    if absent <> '[]' then
      perform capture.record_step(context, 0, false);
      return absent;
    end if;
  end if;
  select sum(capture.mark_deleted(repo_id, number, kind, began_at, (
    select array_agg(item.id) from jsonb_to_recordset(gone) as item (kind text, id bigint) where item.kind = listed.kind
  ))) into marked
  from unnest(kinds) as listed (kind) where jsonb_typeof(gone) = 'array';
  perform capture.count_listing(repo_id, number, kind, began_at) from unnest(counted) as kind;
  perform capture.record_step(context, coalesce(marked, 0), finished);
  return jsonb '[]';
end $$;

select capture.restrict_access();
