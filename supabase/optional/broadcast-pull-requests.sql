-- Broadcasts each changed pull request with Supabase Realtime, to people who may read its repository. Run signed-in-readers.sql first; running this
-- again changes nothing.
--
-- A message has the event "pull_request" and the private topic "repository:<id>". It names the row; receivers read it.
--
-- To remove it:
--   drop trigger broadcast_new on github.pull_requests;
--   drop trigger broadcast_changed on github.pull_requests;
--   drop function access.broadcast_pull_request();
--   drop policy pull_requests_of_readable_repositories on realtime.messages;

create or replace function access.broadcast_pull_request()
returns trigger language plpgsql security definer set search_path = '' as $$
begin
  perform realtime.send(
    jsonb_build_object('repository_id', new.repository_id, 'number', new.number, 'state', new.state, 'updated_at', new.updated_at),
    'pull_request',
    'repository:' || new.repository_id,
    true
  );
  return null;
exception
  when others then
    raise warning 'The pull request was stored, but not broadcast: %', sqlerrm;
    return null;
end $$;
revoke all on function access.broadcast_pull_request() from public;

-- captured_at changes with the content of a row, and not with its clocks alone.
create or replace trigger broadcast_new after insert on github.pull_requests
  for each row execute function access.broadcast_pull_request();
create or replace trigger broadcast_changed after update on github.pull_requests
  for each row when (old.captured_at is distinct from new.captured_at or old.files_captured_at is distinct from new.files_captured_at)
  execute function access.broadcast_pull_request();

-- Realtime evaluates this when somebody joins a channel.
drop policy if exists pull_requests_of_readable_repositories on realtime.messages;
create policy pull_requests_of_readable_repositories on realtime.messages for select to authenticated
  using (
    extension = 'broadcast'
    and (select realtime.topic()) in (select 'repository:' || id from access.readable_repositories() as id)
  );
