-- More pull requests than GitHub counts are a gap too.

-- Compares one repository, or all that are captured (null), with GitHub. Returns { repositories, total, gaps }.
--
--   repositories, total  { captured, github, percent } for pull_requests, details, files, reviews and comments, and the number of pull requests
--                        with a gap of each kind (`gaps`). github and percent are null for a repository without a complete inventory, and for a
--                        total that includes one.
--   gaps                 [{ kind, repository_id, repository, number, stub, stale, captured, github }] of the requested kinds, newest pull request
--                        first, at most max_gaps. A gap without a number belongs to the repository: it has no inventory (github is null), or
--                        GitHub counts more pull requests than it lists, or fewer than there are.
create or replace function public.capture_analyze(repository_id bigint, kinds text[], max_gaps integer)
returns jsonb language sql stable security definer set search_path = '' as $$
  with wanted as materialized (
    select r.id, r.full_name, r.pull_requests, r.pull_requests_counted_at, r.synced_at, r.inventoried_at, r.inventoried_at is not null as is_known
    from github.repositories r
    where case
      when capture_analyze.repository_id is not null then r.id = capture_analyze.repository_id
      else r.name is not null and capture.stop_reason(r.installation_id, r.id) is null
    end
  ), sums as (
    select
      c.repository_id as id, count(*) as listed, count(*) filter (where c.captured) as rows, sum(c.files_captured) as files,
      sum(c.reviews) as reviews, sum(c.issue_comments + c.review_comments) as comments,
      count(*) filter (where c.created_at > w.pull_requests_counted_at) as opened_later,
      -- A replica that counts may lack the newest.
      count(*) filter (where coalesce(c.created_at > w.pull_requests_counted_at - interval '1 minute', true)) as opened_lately
    from capture.coverage c
    join wanted w on w.id = c.repository_id
    where capture_analyze.repository_id is null or c.repository_id = capture_analyze.repository_id
    group by c.repository_id
  ), incomplete as materialized (
    select
      c.*,
      c.captured and (not c.known or c.contradiction is not null or 'details' = any (c.stale)) as lacks_details,
      -- A stale list can differ although the numbers agree. It counts as one missing item.
      greatest(c.reviews_missing, case when c.reviews_excess = 0 and 'reviews' = any (c.stale) then 1 else 0 end) as missing_reviews,
      greatest(c.comments_missing, case when c.comments_excess = 0 and c.stale && '{issue_comments,review_comments}' then 1 else 0 end)
        as missing_comments
    from capture.coverage c
    where c.incomplete and (capture_analyze.repository_id is null or c.repository_id = capture_analyze.repository_id)
  ), missing as (
    select
      c.repository_id as id,
      count(*) filter (where not c.captured) as rows_missing,
      count(*) filter (where c.lacks_details) as details_gaps,
      sum(c.files_missing) as files_missing,
      count(*) filter (where c.files_missing > 0) as files_gaps,
      sum(c.missing_reviews) as reviews_missing,
      sum(c.reviews_excess) as reviews_excess,
      count(*) filter (where c.missing_reviews > 0 or c.reviews_excess > 0) as reviews_gaps,
      sum(c.missing_comments) as comments_missing,
      sum(c.comments_excess) as comments_excess,
      count(*) filter (where c.missing_comments > 0 or c.comments_excess > 0) as comments_gaps
    from incomplete c
    group by c.repository_id
  ), figures as (
    select
      w.id, w.full_name, w.pull_requests_counted_at, w.synced_at, w.inventoried_at, w.is_known,
      coalesce(s.rows, 0) as rows,
      coalesce(s.files, 0) as files,
      coalesce(s.reviews, 0) as reviews,
      coalesce(s.comments, 0) as comments,
      -- How many more pull requests GitHub counts than it lists, without those that were opened after the count.
      greatest(coalesce(w.pull_requests, 0) - coalesce(s.listed, 0) + coalesce(s.opened_later, 0), 0) as unlisted,
      -- How many fewer it counts than there are: it hides those of a flagged account, and deletes some on request.
      greatest(coalesce(s.listed, 0) - coalesce(s.opened_lately, 0) - w.pull_requests, 0) as surplus,
      coalesce(m.rows_missing, 0) as rows_missing,
      coalesce(m.details_gaps, 0) as details_gaps,
      coalesce(m.files_missing, 0) as files_missing, coalesce(m.files_gaps, 0) as files_gaps,
      coalesce(m.reviews_missing, 0) as reviews_missing, coalesce(m.reviews_excess, 0) as reviews_excess,
      coalesce(m.reviews_gaps, 0) as reviews_gaps,
      coalesce(m.comments_missing, 0) as comments_missing, coalesce(m.comments_excess, 0) as comments_excess,
      coalesce(m.comments_gaps, 0) as comments_gaps
    from wanted w
    left join sums s on s.id = w.id
    left join missing m on m.id = w.id
  ), totals as (
    select
      coalesce(bool_and(f.is_known), true) as is_known,
      coalesce(sum(f.rows), 0)::bigint as rows, coalesce(sum(f.rows_missing + f.unlisted), 0)::bigint as rows_missing,
      coalesce(sum(f.surplus), 0)::bigint as surplus,
      coalesce(sum(f.details_gaps), 0)::bigint as details_gaps,
      coalesce(sum(f.files), 0)::bigint as files, coalesce(sum(f.files_missing), 0)::bigint as files_missing,
      coalesce(sum(f.files_gaps), 0)::bigint as files_gaps,
      coalesce(sum(f.reviews), 0)::bigint as reviews, coalesce(sum(f.reviews_missing), 0)::bigint as reviews_missing,
      coalesce(sum(f.reviews_excess), 0)::bigint as reviews_excess, coalesce(sum(f.reviews_gaps), 0)::bigint as reviews_gaps,
      coalesce(sum(f.comments), 0)::bigint as comments, coalesce(sum(f.comments_missing), 0)::bigint as comments_missing,
      coalesce(sum(f.comments_excess), 0)::bigint as comments_excess, coalesce(sum(f.comments_gaps), 0)::bigint as comments_gaps
    from figures f
  ), gaps as (
    select
      0 as rank, 'pull_requests' as kind, f.id, f.full_name, null::integer as number, false as stub, false as stale, f.rows as captured,
      case when f.is_known then f.rows + f.rows_missing + f.unlisted - f.surplus end as github
    from figures f where f.unlisted > 0 or f.surplus > 0 or not f.is_known
    union all
    select k.rank, k.kind, c.repository_id, w.full_name, c.number, not c.known, k.stale, k.captured, k.captured + k.missing - k.excess
    from incomplete c
    join wanted w on w.id = c.repository_id
    cross join lateral (values
      (0, 'pull_requests', false, 0, case when c.captured then 0 else 1 end, 0),
      (1, 'details', 'details' = any (c.stale), 0, case when c.lacks_details then 1 else 0 end, 0),
      (2, 'files', false, c.files_captured, c.files_missing, 0),
      (3, 'reviews', 'reviews' = any (c.stale), c.reviews, c.missing_reviews, c.reviews_excess),
      (4, 'comments', c.stale && '{issue_comments,review_comments}', c.issue_comments + c.review_comments, c.missing_comments, c.comments_excess)
    ) as k (rank, kind, stale, captured, missing, excess)
    where (k.missing > 0 or k.excess > 0) and (c.captured or k.rank = 0)
  )
  select jsonb_build_object(
    'repositories', (
      select coalesce(jsonb_agg(
        jsonb_build_object(
          'id', f.id, 'repository', f.full_name, 'counted_at', f.pull_requests_counted_at, 'synced_at', f.synced_at,
          'inventoried_at', f.inventoried_at,
          'pull_requests', capture.share(f.rows, f.rows_missing + f.unlisted, f.surplus, f.is_known),
          'details', capture.share(f.rows - f.details_gaps, f.details_gaps, 0, f.is_known),
          'files', capture.share(f.files, f.files_missing, 0, f.is_known),
          'reviews', capture.share(f.reviews, f.reviews_missing, f.reviews_excess, f.is_known),
          'comments', capture.share(f.comments, f.comments_missing, f.comments_excess, f.is_known),
          'gaps', jsonb_build_object(
            'pull_requests', f.rows_missing + f.unlisted + f.surplus, 'details', f.details_gaps, 'files', f.files_gaps, 'reviews', f.reviews_gaps,
            'comments', f.comments_gaps
          )
        ) order by f.full_name, f.id
      ), '[]') from figures f
    ),
    'total', (
      select jsonb_build_object(
        'pull_requests', capture.share(t.rows, t.rows_missing, t.surplus, t.is_known),
        'details', capture.share(t.rows - t.details_gaps, t.details_gaps, 0, t.is_known),
        'files', capture.share(t.files, t.files_missing, 0, t.is_known),
        'reviews', capture.share(t.reviews, t.reviews_missing, t.reviews_excess, t.is_known),
        'comments', capture.share(t.comments, t.comments_missing, t.comments_excess, t.is_known),
        'gaps', jsonb_build_object(
          'pull_requests', t.rows_missing + t.surplus, 'details', t.details_gaps, 'files', t.files_gaps, 'reviews', t.reviews_gaps,
          'comments', t.comments_gaps
        )
      ) from totals t
    ),
    'gaps', (
      select coalesce(jsonb_agg(
        jsonb_build_object(
          'kind', g.kind, 'repository_id', g.id, 'repository', g.full_name, 'number', g.number, 'stub', g.stub, 'stale', g.stale,
          'captured', g.captured, 'github', g.github
        ) order by g.id, g.number desc nulls first, g.rank
      ), '[]')
      from (
        select * from gaps
        where kinds is null or gaps.kind = any (kinds)
        order by gaps.id, gaps.number desc nulls first, gaps.rank
        limit max_gaps
      ) as g
    )
  )
$$;

select capture.restrict_access();
