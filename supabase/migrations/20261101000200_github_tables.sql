-- Schema github: pull requests and what belongs to them.
--
-- Columns have the names of GitHub's REST API. Keys are GitHub's numeric ids; names and logins are attributes that can change. The columns
-- after "clocks" in each table order observations:
--
--   observation    what a webhook payload or an API answer says about one object
--   clock          GitHub's time of an observation, in whole seconds
--   fetched_at     the `date` header of the answer that an observation was read from; null for a payload
--   column_clocks  { column: [clock, fetched_at] } for the columns that the newest observation left out: the clocks of their values
--
-- Foreign keys let PostgREST embed related rows. Some references have none:
--
--   comments.pull_request_review_id, comments.in_reply_to_id  a comment can arrive before its review or the comment that it replies to
--   pull_requests.head_repository_id                          forks are not captured
--   assignees, requested_reviewers                            Postgres has no foreign keys for arrays

create table github.installations (
  id bigint primary key,
  account_id bigint,
  repository_selection text,
  created_at timestamptz,
  updated_at timestamptz,
  suspended_at timestamptz,
  deleted_at timestamptz,
  -- clocks
  column_clocks jsonb not null default '{}'
);
alter table github.installations enable row level security;
comment on column github.installations.account_id is 'Null until an installation webhook or API answer has arrived: other payloads contain only the installation''s id.';
comment on column github.installations.deleted_at is 'When the webhook of the uninstallation was processed; its payload has no time. Final: a reinstallation has a new id.';

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
  column_clocks jsonb not null default '{}',
  installed_clock timestamptz,
  installed_fetched_at timestamptz,
  pull_requests_counted_at timestamptz,
  synced_at timestamptz,
  sync_requested_at timestamptz,
  history_since timestamptz,
  inventoried_at timestamptz
);
create index repositories_installation_id_idx on github.repositories (installation_id);
create index repositories_full_name_idx on github.repositories (lower(owner), lower(name));
alter table github.repositories enable row level security;
comment on column github.repositories.name is 'Null when another repository has taken the name and the new name is not known yet.';
comment on column github.repositories.installation_id is 'Null for a public repository that is read without an installation.';
comment on column github.repositories.private is 'From the installation''s list of repositories until a repository payload arrives.';
comment on column github.repositories.removed_at is 'When the repository was removed from installation_id. Null: it is still part of the installation.';
comment on column github.repositories.deleted_at is 'When the webhook of the deletion was processed. Final.';
comment on column github.repositories.pull_requests is 'GitHub''s number of pull requests at pull_requests_counted_at. Null: never counted.';
comment on column github.repositories.seen_at is 'GitHub''s time of the observation that owner and name come from.';
comment on column github.repositories.updated_at is 'The clock of private, archived and default_branch. Null: no repository payload has arrived.';
comment on column github.repositories.installed_clock is 'updated_at of the installation whose payload last added or removed the repository. Null: no such payload; installation_id comes from a capture.';
comment on column github.repositories.synced_at is 'When the last successful sync began. All earlier changes are captured.';
comment on column github.repositories.sync_requested_at is 'When a sync of the repository''s history was last requested. A sync that does not begin is requested again.';
comment on column github.repositories.history_since is 'History is captured for pull requests that were updated since then. -infinity: all of them. Null: none.';
comment on column github.repositories.inventoried_at is 'When the last complete inventory of pull requests began. Null: gaps are unknown.';

create table github.accounts (
  id bigint primary key,
  login text,
  type text,
  -- clocks
  seen_at timestamptz not null
);
create index accounts_login_idx on github.accounts (lower(login));
alter table github.accounts enable row level security;
comment on table github.accounts is 'Users, bots, organizations and mannequins that captured rows refer to.';
comment on column github.accounts.login is 'The last known login. Not unique: two bots can share a login, and a login can move to another account.';
comment on column github.accounts.seen_at is 'GitHub''s time of the observation that login comes from. -infinity: the login is derived from GraphQL, where bots have other names.';

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
  author_id bigint references github.accounts,
  author_association text,
  head_ref text,
  head_sha text,
  head_repository_id bigint,
  base_ref text,
  base_sha text,
  labels text[] not null default '{}',
  label_ids text[],
  assignees bigint[] not null default '{}',
  requested_reviewers bigint[] not null default '{}',
  requested_teams text[] not null default '{}',
  milestone_number integer,
  milestone_title text,
  auto_merge_method text,
  merged boolean,
  merged_by_id bigint references github.accounts,
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
  column_clocks jsonb not null default '{}',
  reviewers_clock timestamptz,
  reviewers_fetched_at timestamptz,
  comments_counted_at timestamptz,
  review_comments_counted_at timestamptz,
  reviews_counted_at timestamptz,
  primary key (repository_id, number)
);
create index pull_requests_id_idx on github.pull_requests (id);
create index pull_requests_author_id_idx on github.pull_requests (author_id);
create index pull_requests_merged_by_id_idx on github.pull_requests (merged_by_id);
alter table github.pull_requests enable row level security;
comment on table github.pull_requests is 'A row without details_clock is a stub: a review or comment arrived before the details of its pull request.';
comment on column github.pull_requests.author_id is 'Null: the account was deleted.';
comment on column github.pull_requests.head_repository_id is 'Null: the fork was deleted, or is not known yet.';
comment on column github.pull_requests.labels is 'Names, sorted.';
comment on column github.pull_requests.label_ids is 'GraphQL node ids in the order of labels. A renamed label keeps its id. A null element, or null for all: not known.';
comment on column github.pull_requests.assignees is 'Account ids, sorted.';
comment on column github.pull_requests.requested_reviewers is 'Account ids, sorted.';
comment on column github.pull_requests.requested_teams is 'Slugs, sorted.';
comment on column github.pull_requests.merge_commit_sha is 'Null until merged. Before that, GitHub shows a test merge that changes without a webhook.';
comment on column github.pull_requests.comments is 'GitHub''s number of issue comments at comments_counted_at. The comments are in github.comments.';
comment on column github.pull_requests.review_comments is 'GitHub''s number of review comments at review_comments_counted_at.';
comment on column github.pull_requests.reviews is 'GitHub''s number of submitted reviews at reviews_counted_at. Null: never listed.';
comment on column github.pull_requests.updated_at is 'The newest of all observations, including payloads of reviews and comments.';
comment on column github.pull_requests.files_head_sha is 'The head that the rows of github.pull_request_files belong to. Together with files_base_ref it shows whether they are current.';
comment on column github.pull_requests.files_truncated is 'True when the pull request has more than the 3,000 files that GitHub lists.';
comment on column github.pull_requests.details_clock is 'updated_at of the newest full observation. Partial observations do not change it.';
comment on column github.pull_requests.details_requested_by is 'The event that created the stub. A run of this event requests the details.';
comment on column github.pull_requests.reviewers_clock is 'updated_at of the newest observation of requested_reviewers and requested_teams. Partial observations change it too: a submitted review removes its author, and only the review''s payload shows that.';

create table github.pull_request_files (
  repository_id bigint not null,
  pull_request_number integer not null,
  filename text not null,
  status text,
  additions integer,
  deletions integer,
  changes integer,
  previous_filename text,
  -- Git allows paths of 4,096 bytes, an index row about 2,704 (https://www.postgresql.org/docs/current/btree.html). So the key contains a
  -- hash, and one without known collisions. The doubled backslashes make `decode` read the path literally.
  filename_sha256 bytea not null generated always as (sha256(decode(replace(filename, '\', '\\'), 'escape'))) stored,
  primary key (repository_id, pull_request_number, filename_sha256),
  foreign key (repository_id, pull_request_number) references github.pull_requests on delete cascade
);
alter table github.pull_request_files enable row level security;
comment on column github.pull_request_files.filename_sha256 is 'Keeps filename unique: a path can be too long for an index.';

create table github.reviews (
  id bigint primary key,
  repository_id bigint not null,
  pull_request_number integer not null,
  author_id bigint references github.accounts,
  author_association text,
  state text,
  body text,
  commit_id text,
  submitted_at timestamptz not null,
  deleted_at timestamptz,
  -- clocks
  clock timestamptz not null,
  fetched_at timestamptz,
  column_clocks jsonb not null default '{}',
  listed_at timestamptz,
  foreign key (repository_id, pull_request_number) references github.pull_requests on delete cascade
);
create index reviews_pull_request_idx on github.reviews (repository_id, pull_request_number);
create index reviews_author_id_idx on github.reviews (author_id);
alter table github.reviews enable row level security;
comment on column github.reviews.state is 'APPROVED, CHANGES_REQUESTED, COMMENTED or DISMISSED. Pending reviews are visible only to their authors and are not captured.';
comment on column github.reviews.deleted_at is 'When the listing without the review began. The row stays, so that a late delivery cannot restore it.';
comment on column github.reviews.listed_at is 'When GitHub last listed the review.';

create table github.comments (
  kind text not null check (kind in ('issue', 'review')),
  id bigint not null,
  repository_id bigint not null,
  pull_request_number integer not null,
  author_id bigint references github.accounts,
  author_association text,
  body text not null default '',
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
  column_clocks jsonb not null default '{}',
  listed_at timestamptz,
  deletion_inferred boolean not null default false,
  resolved_clock timestamptz,
  resolved_fetched_at timestamptz,
  primary key (kind, id),
  foreign key (repository_id, pull_request_number) references github.pull_requests on delete cascade
);
create index comments_pull_request_idx on github.comments (repository_id, pull_request_number);
create index comments_author_id_idx on github.comments (author_id);
alter table github.comments enable row level security;
comment on table github.comments is 'Issue comments (kind issue) and review comments (kind review). Only review comments have the columns from pull_request_review_id to resolved.';
comment on column github.comments.resolved is 'On the first comment of a review thread: whether the thread is resolved. Null on other comments and while unknown.';
comment on column github.comments.deleted_at is 'When the webhook of the deletion was received, or the listing without the comment began. The row stays, so that a late delivery cannot restore it.';
comment on column github.comments.listed_at is 'When GitHub last listed the comment. A comment that a complete listing lacks was deleted.';
comment on column github.comments.deletion_inferred is 'True when a complete listing lacked the comment and no deletion was delivered. Only then can a newer observation restore it.';

select capture.restrict_access();
