-- A list with more items than the last inventory counted is newer than that inventory, and no reason to add items to the next one's count.

-- Records how many items GitHub counts but does not list, after a complete listing of `listed` items.
create or replace function capture.record_unlisted_items(repo_id bigint, pull_request_number integer, list text, listed integer)
returns void language plpgsql set search_path = '' as $$
begin
  update capture.coverage c set
    reviews_unlisted = case
      when list = 'reviews' then greatest(coalesce(c.reviews_inventoried - listed, 0), 0) else c.reviews_unlisted end,
    issue_comments_unlisted = case
      when list = 'issue_comments' then greatest(coalesce(c.issue_comments_inventoried - listed, 0), 0) else c.issue_comments_unlisted end,
    review_comments_unlisted = case
      when list = 'review_comments' then greatest(coalesce(c.review_comments_inventoried - listed, 0), 0) else c.review_comments_unlisted end
  where c.repository_id = repo_id and c.number = pull_request_number;
end $$;

select capture.restrict_access();
