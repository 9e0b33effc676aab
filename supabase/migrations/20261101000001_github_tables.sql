-- Schema github: GitHub's pull requests, as GitHub has them.
--
-- Columns bear the names of GitHub's REST API and are keyed by GitHub's numeric ids; names and logins are attributes
-- that may change. Below the line in each table stand the clocks: what tells a newer observation from an older one.
--
--   observation  what a webhook payload or an answer of the API says of one object
--   clock        GitHub's own time of an observation, in whole seconds
--   fetched_at   the `date` header of the answer an observation was read from; null when it came from a payload

create schema github;

create table github.installations (
  id bigint primary key,
  account_id bigint,
  repository_selection text,
  created_at timestamptz,
  updated_at timestamptz,
  suspended_at timestamptz,
  deleted_at timestamptz
);
comment on column github.installations.account_id is 'Null until GitHub has described the installation; a capture knows only its id.';
comment on column github.installations.deleted_at is 'When GitHub told that the App was uninstalled: it names no time of it. Final, since installing again makes another installation.';

create table github.repositories (
  id bigint primary key,
  owner text,
  name text,
  full_name text generated always as (owner || '/' || name) stored,
  installation_id bigint references github.installations,
  private boolean,
  archived boolean,
  default_branch text,
  removed_at timestamptz,
  deleted_at timestamptz,
  pull_requests integer,
  -- clocks
  seen_at timestamptz not null,
  updated_at timestamptz,
  fetched_at timestamptz,
  installed_clock timestamptz,
  installed_fetched_at timestamptz,
  pull_requests_counted_at timestamptz,
  synced_at timestamptz
);
comment on column github.repositories.pull_requests is 'How many pull requests GitHub counted at pull_requests_counted_at; null: never counted.';
comment on column github.repositories.synced_at is 'When the last sync that ended well began: what changed before is captured.';
comment on column github.repositories.name is 'Null when another repository has taken the name and this one''s new name has not been seen yet.';
comment on column github.repositories.installation_id is 'Null for a public repository that is read without an installation.';
comment on column github.repositories.private is 'From an installation''s list until a repository payload has told it, with archived and default_branch.';
comment on column github.repositories.removed_at is 'When GitHub told that the repository is no longer in installation_id. Null: it is.';
comment on column github.repositories.deleted_at is 'When GitHub told that the repository was deleted. Final.';
comment on column github.repositories.updated_at is 'Of the newest repository payload: the clock of private, archived and default_branch. Null: none has come.';
comment on column github.repositories.installed_clock is 'updated_at of the installation that last told whether the repository is in it. Null: it was only seen through installation_id.';
create index on github.repositories (installation_id);
create index on github.repositories (lower(owner), lower(name));

create table github.accounts (
  id bigint primary key,
  login text,
  type text not null,
  -- clocks
  seen_at timestamptz not null
);
comment on table github.accounts is 'Users, bots, organizations and mannequins that opened, reviewed, commented, merged or were asked to.';
comment on column github.accounts.login is 'Null when another account has taken the login and this one''s new login has not been seen yet.';
create index on github.accounts (lower(login));

create table github.pull_requests (
  repository_id bigint not null references github.repositories on delete cascade,
  number integer not null,
  id bigint,
  title text,
  body text,
  state text,
  draft boolean,
  locked boolean,
  active_lock_reason text,
  author_id bigint,
  author_association text,
  head_ref text,
  head_sha text,
  head_repository_id bigint,
  base_ref text,
  base_sha text,
  labels text[] not null default '{}',
  assignees bigint[] not null default '{}',
  requested_reviewers bigint[] not null default '{}',
  requested_teams text[] not null default '{}',
  milestone_number integer,
  milestone_title text,
  auto_merge_method text,
  merged boolean,
  merged_by_id bigint,
  merge_commit_sha text,
  additions integer,
  deletions integer,
  changed_files integer,
  commits integer,
  comments integer,
  review_comments integer,
  reviews integer,
  created_at timestamptz,
  updated_at timestamptz,
  closed_at timestamptz,
  merged_at timestamptz,
  files_head_sha text,
  files_base_ref text,
  files_truncated boolean not null default false,
  -- clocks
  details_clock timestamptz,
  details_fetched_at timestamptz,
  details_requested_by text,
  reviewers_clock timestamptz,
  reviewers_fetched_at timestamptz,
  comments_counted_at timestamptz,
  review_comments_counted_at timestamptz,
  reviews_counted_at timestamptz,
  primary key (repository_id, number)
);
create index on github.pull_requests (id);
create index on github.pull_requests (repository_id, updated_at);
create index on github.pull_requests (author_id);
comment on table github.pull_requests is 'A row without details_clock is a stub: a review or comment told of the pull request before its details came.';
comment on column github.pull_requests.author_id is 'Null: the account was deleted.';
comment on column github.pull_requests.head_repository_id is 'Null: the fork was deleted.';
comment on column github.pull_requests.labels is 'Names, sorted.';
comment on column github.pull_requests.assignees is 'Account ids, sorted.';
comment on column github.pull_requests.requested_reviewers is 'Account ids, sorted.';
comment on column github.pull_requests.requested_teams is 'Slugs, sorted.';
comment on column github.pull_requests.merge_commit_sha is 'Null until merged: before that GitHub shows a test merge that changes unannounced.';
comment on column github.pull_requests.reviewers_clock is 'updated_at of the newest observation of requested_reviewers and requested_teams. Partial ones move it: a review takes its author out of them, and no pull_request webhook tells so.';
comment on column github.pull_requests.comments is 'How many issue comments GitHub counted at comments_counted_at; the comments themselves are in github.comments.';
comment on column github.pull_requests.review_comments is 'How many review comments GitHub counted at review_comments_counted_at.';
comment on column github.pull_requests.reviews is 'How many submitted reviews GitHub listed at reviews_counted_at; null: never listed.';
comment on column github.pull_requests.updated_at is 'The newest that any observation showed: a review or comment moves it too.';
comment on column github.pull_requests.files_head_sha is 'The head whose files are in github.pull_request_files; with files_base_ref, tells whether they are those of the present head and base.';
comment on column github.pull_requests.files_truncated is 'True where there are more files than the 3,000 that GitHub lists.';
comment on column github.pull_requests.details_requested_by is 'The event that made the stub, and so asks for the details, again if it is run again.';
comment on column github.pull_requests.details_clock is 'updated_at of the newest full observation. Partial ones never move it.';

create table github.pull_request_files (
  repository_id bigint not null,
  pull_request_number integer not null,
  filename text not null,
  status text not null,
  additions integer not null,
  deletions integer not null,
  changes integer not null,
  previous_filename text,
  primary key (repository_id, pull_request_number, filename),
  foreign key (repository_id, pull_request_number) references github.pull_requests on delete cascade
);

create table github.reviews (
  id bigint primary key,
  repository_id bigint not null,
  pull_request_number integer not null,
  author_id bigint,
  author_association text,
  state text not null,
  body text,
  commit_id text,
  submitted_at timestamptz not null,
  deleted_at timestamptz,
  -- clocks
  clock timestamptz not null,
  fetched_at timestamptz,
  listed_at timestamptz,
  foreign key (repository_id, pull_request_number) references github.pull_requests on delete cascade
);
create index on github.reviews (repository_id, pull_request_number);
create index on github.reviews (author_id);
comment on column github.reviews.state is 'APPROVED, CHANGES_REQUESTED, COMMENTED or DISMISSED. Pending reviews are nobody''s but their author''s, and not here.';

create table github.comments (
  kind text not null check (kind in ('issue', 'review')),
  id bigint not null,
  repository_id bigint not null,
  pull_request_number integer not null,
  author_id bigint,
  author_association text,
  body text not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  pull_request_review_id bigint,
  in_reply_to_id bigint,
  path text,
  diff_hunk text,
  original_commit_id text,
  original_position integer,
  original_line integer,
  original_start_line integer,
  side text,
  start_side text,
  subject_type text,
  resolved boolean,
  deleted_at timestamptz,
  -- clocks
  fetched_at timestamptz,
  listed_at timestamptz,
  deletion_inferred boolean not null default false,
  resolved_clock timestamptz,
  resolved_fetched_at timestamptz,
  primary key (kind, id),
  foreign key (repository_id, pull_request_number) references github.pull_requests on delete cascade
);
create index on github.comments (repository_id, pull_request_number);
create index on github.comments (author_id);
comment on table github.comments is 'Kind issue: the conversation. Kind review: comments on the diff; the columns from pull_request_review_id to resolved are theirs alone.';
comment on column github.comments.listed_at is 'When a listing of GitHub''s last had it. What a complete listing did not have is gone.';
comment on column github.comments.resolved is 'On the first comment of a review thread: whether the thread is resolved. Null elsewhere and where not yet known.';
comment on column github.comments.deleted_at is 'A tombstone: the comment is gone from GitHub. The row stays, so that a late delivery cannot bring it back.';
comment on column github.comments.deletion_inferred is 'True when no deletion was delivered but a complete listing lacked it. Only such a tombstone yields to a newer sight of the comment.';
