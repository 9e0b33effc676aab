import type {
  AccountRow,
  CommentRow,
  FileRow,
  InstallationRow,
  PartialPullRequestRow,
  PullRequestRow,
  SyncedPullRequestRow,
  RepositoryRow,
  ReviewRow,
} from "../records/rows.ts";

/** Where an observation comes from, whom it names, and the job that the writing belongs to. */
export interface CaptureContext {
  /** `seen_at` is null where the name is only what the capture was asked with. */
  repository: { id: number; owner: string; name: string; seen_at: string | null };
  installation_id: number | null;
  accounts: AccountRow[];
  /** When GitHub showed these names: the payload's `updated_at`, or the date of the answer. */
  observed_at: string;
  /** The `date` of the answer; null when a payload told. */
  fetched_at: string | null;
  job: JobStep;
}

/** What a job's failure says of itself: of an installation's there is no repository. */
export type JobContext = Pick<CaptureContext, "installation_id" | "job"> &
  Partial<Pick<CaptureContext, "repository">>;

/** Where an observation of an installation comes from. */
export type InstallationContext = Omit<CaptureContext, "repository" | "installation_id"> & {
  installation_id: number;
};

/** One step's part in a job. `requests` and `points` are what this step spent, not what the run has so far. */
export interface JobStep {
  event_id: string;
  event_name: string;
  run_id: string;
  /** From 0. */
  attempt: number;
  number: number | null;
  reason: string;
  priority: string;
  requests: number;
  points: number;
}

/** A complete list of a pull request's files, and the head and base it is of. */
export interface FileList {
  head_sha: string;
  base_ref: string;
  files: FileRow[];
  /** True when GitHub listed only its first 3,000. */
  truncated: boolean;
}

/** `files` is there while the files of the pull request's present head and base are not captured. */
export interface PullRequestOutcome {
  number: number;
  outcome: "newer" | "older" | "same" | "unsettled";
  /** The clock of the details that the row has now. */
  clock: string;
  files?: { head_sha: string; base_ref: string; changed_files: number };
}

/**
 * `unsettled` is the clock of the newest observation that could not be ordered, `reviewers_unsettled` that of a pull request whose requested
 * reviewers could not be; `details_needed` is true once for each stub.
 */
export interface MergeOutcome {
  unsettled?: string;
  details_needed: boolean;
  reviewers_unsettled?: string;
}

/** A page of a list of files that is not its last: the store keeps it until that comes. `first`: how many files are before it. */
export type FilePage = Pick<FileList, "head_sha" | "base_ref" | "files"> & { first: number };

/** Numbers of a page's pull requests whose files are not captured for their present head, and of whose threads the first comment is not. */
export interface SyncLacks {
  files: number[];
  review_comments: number[];
}

/**
 * What a page of a sync has of one pull request. `files` with `first` is the end of a list that was begun by pages. `complete` names the
 * listings that end with it.
 */
export interface SyncItem {
  number: number;
  pull_request?: PullRequestRow | SyncedPullRequestRow;
  file_page?: FilePage;
  files?: FileList & { first?: number };
  reviews?: ReviewRow[];
  comments?: CommentRow[];
  threads?: { comment_id: number; resolved: boolean }[];
  complete?: { kind: ListedKind; began_at: string }[];
}

export interface FoundRepository {
  id: number;
  owner: string;
  name: string;
  /** Null: read without an installation. */
  installation_id: number | null;
  /** What changed before is captured. Null: never synced. */
  synced_at: string | null;
}

/** A repository as an installation's payload lists it. */
export interface InstalledRepository {
  id: number;
  owner: string;
  name: string;
  private: boolean;
}

/** Of `unsettled` repositories only GitHub can tell whether they are in the installation. */
export interface InstallationOutcome {
  syncs: RepositoryName[];
  unsettled: RepositoryName[];
}

export type RepositoryName = Pick<InstalledRepository, "id" | "owner" | "name">;

/** A capture that waits for its run. */
export interface QueuedJob {
  event_id: string;
  event_name: string;
  repository_id: number;
  /** owner/name, for people. */
  repository: string;
  number: number | null;
  /** Of a sync: how far back it goes. Null, or not there: through everything. */
  since?: string | null;
  installation_id: number | null;
  reason: string;
  priority: string;
  /** The event's. */
  data: Record<string, unknown>;
}

/** Of a reconciler's run. */
export interface ReconcilingContext {
  installation_id: number | null;
  job: JobStep;
}

/** How far a reconciler is. */
export interface Checkpoint {
  name: string;
  /** Everything GitHub did before is settled. Null where that is no question. */
  settled_until: string | null;
  succeeded_at: string;
}

/** Jobs that failed, by what they failed of. `total` counts those of all reasons, also of those left out. */
export interface FailureSummary {
  total: number;
  reasons: {
    event_name: string;
    /** With # in the place of each number. */
    message: string;
    count: number;
    /** The newest of them. */
    job_id: number;
    repository: string | null;
    number: number | null;
  }[];
}

/** The job of an event; `id` is the job's. */
export interface EventJob {
  event_id: string;
  id: number;
  state: JobState;
}

/** What GitHub has of a repository, and when it said so. */
export interface RepositoryState {
  id: number;
  counted_at: string;
  total: number;
  newest: { number: number; updated_at: string }[];
}

/** A sync back to `since` finds what is missing; null: through everything. */
export interface DifferentRepository {
  repository: RepositoryName;
  installation_id: number | null;
  since: string | null;
}

export interface InstallationDifferences {
  /** False: its installing was never told. */
  known: boolean;
  suspended: boolean;
  added: InstalledRepository[];
  removed: InstalledRepository[];
  renamed: InstalledRepository[];
}

/** An event in the outbox, as it is sent. `attempts` is how often it was sent in vain. */
export interface DueEvent {
  id: number;
  attempts: number;
  event: { id: string; name: string; data: Record<string, unknown> };
}

export interface OutboxStats {
  waiting: number;
  /** Null: nothing waits. */
  oldest_at: string | null;
}

export type JobState = "pending" | "processing" | "completed" | "failed" | "cancelled";

/** A row of `capture.jobs`, without the event. */
export interface Job {
  id: number;
  event_id: string;
  event_name: string;
  repository: string | null;
  number: number | null;
  reason: string;
  priority: string;
  state: JobState;
  attempts: number;
  error: { name: string; message: string; stack: string | null } | null;
  created_at: string;
  started_at: string | null;
  finished_at: string | null;
  requests: number;
  points: number;
  rows_written: number;
  /** Of a repository's sync that was queued by hand: how far back it goes; null: through everything. */
  since: string | null;
  /** Of a repository's sync: pull requests walked so far, of `total`. */
  done: number | null;
  total: number | null;
}

/** Comments of the two kinds, and submitted reviews. */
export type ListedKind = "issue" | "review" | "submitted";

export type GapKind = "pull_requests" | "details" | "files" | "reviews" | "comments";

/** `percent` is 100 only where nothing is missing. */
export interface Share {
  captured: number;
  /** How many GitHub has, as far as is known. */
  github: number;
  percent: number;
}

/** `gaps`: how many pull requests have one of each kind; of `pull_requests`, how many are missing altogether. */
export type Figures = Record<GapKind, Share> & { gaps: Record<GapKind, number> };

/** What is missing of one pull request. Of those missing altogether only their count is known, and `number` is null. */
export interface Gap {
  kind: GapKind;
  repository_id: number;
  /** owner/name; null while its new name is not known. */
  repository: string | null;
  number: number | null;
  /** Whether its details were never captured, so that what GitHub counts of it is not known either. */
  stub: boolean;
  captured: number;
  github: number;
}

export interface Analysis {
  repositories: (Figures & {
    id: number;
    repository: string | null;
    /** When GitHub last counted its pull requests. Null: never, so that nobody knows what is missing. */
    counted_at: string | null;
    synced_at: string | null;
  })[];
  total: Figures;
  gaps: Gap[];
}

/** How many jobs are in each state. */
export interface QueueStats {
  pending: number;
  processing: number;
  completed: number;
  failed: number;
  cancelled: number;
  total: number;
}

/** The SQL functions, their arguments and what they return. A test holds this against the migrations. */
export interface StoreFunctions {
  capture_merge_pull_request: {
    Args: { context: CaptureContext; pull_request: PullRequestRow };
    Returns: PullRequestOutcome;
  };
  capture_replace_files: {
    Args: { context: CaptureContext; number: number; list: FileList };
    Returns: boolean;
  };
  capture_begin_job: {
    Args: { context: CaptureContext; unless_known: boolean };
    Returns: "begun" | "known" | "cancelled";
  };
  capture_merge_reviews: {
    Args: {
      context: CaptureContext;
      number: number;
      pull_request: PartialPullRequestRow | null;
      reviews: ReviewRow[];
      finished: boolean;
    };
    Returns: MergeOutcome;
  };
  capture_merge_comments: {
    Args: {
      context: CaptureContext;
      number: number;
      pull_request: PartialPullRequestRow | null;
      comments: CommentRow[];
      finished: boolean;
    };
    Returns: MergeOutcome;
  };
  capture_merge_threads: {
    Args: { context: CaptureContext; threads: { comment_id: number; resolved: boolean }[] };
    Returns: null;
  };
  capture_finish_listing: {
    Args: { context: CaptureContext; number: number; kinds: ListedKind[]; began_at: string };
    Returns: null;
  };
  capture_merge_sync: {
    Args: { context: CaptureContext; items: SyncItem[]; done: number | null; total: number | null };
    Returns: SyncLacks;
  };
  capture_finish_sync: {
    Args: {
      context: CaptureContext;
      began_at: string;
      complete: boolean;
      pull_requests: number;
      counted_at: string;
    };
    Returns: null;
  };
  capture_fail_job: {
    Args: {
      context: JobContext;
      error: { name: string; message: string; stack: string | null };
      event: Record<string, unknown>;
    };
    Returns: null;
  };
  capture_merge_installation: {
    Args: {
      context: InstallationContext;
      installation: InstallationRow;
      added: InstalledRepository[];
      removed: InstalledRepository[];
      deleted: boolean;
      everything: boolean;
      purge: boolean;
    };
    Returns: InstallationOutcome;
  };
  capture_settle_installed: {
    Args: {
      context: Pick<CaptureContext, "repository" | "installation_id" | "fetched_at" | "job">;
      answer: { id: number; updated_at: string } | null;
      finished: boolean;
    };
    Returns: boolean;
  };
  capture_merge_repository: {
    Args: {
      context: CaptureContext;
      repository: RepositoryRow;
      deleted: boolean;
      asked: boolean;
      purge: boolean;
    };
    Returns: "newer" | "older" | "same" | "unsettled";
  };
  capture_analyze: {
    Args: { repository_id: number | null; kinds: GapKind[] | null; max_gaps: number | null };
    Returns: Analysis;
  };
  capture_meet_repository: {
    Args: { context: Omit<CaptureContext, "job">; repository: RepositoryRow };
    Returns: FoundRepository | null;
  };
  capture_find_sync: {
    Args: { event_name: string; repository_id: number; since: string | null };
    Returns: Job | null;
  };
  capture_find_repository: { Args: { repository: string }; Returns: FoundRepository | null };
  capture_queue_jobs: { Args: { jobs: QueuedJob[] }; Returns: string[] };
  capture_note_sent: { Args: { event_ids: string[] }; Returns: null };
  capture_unqueue_jobs: { Args: { event_ids: string[] }; Returns: null };
  capture_cancel_pending_jobs: { Args: Record<string, never>; Returns: number };
  capture_list_jobs: { Args: { state: JobState | null; max_jobs: number }; Returns: Job[] };
  capture_get_job: {
    Args: { job_id: number };
    Returns: (Job & { event: Record<string, unknown> | null }) | null;
  };
  capture_queue_stats: { Args: Record<string, never>; Returns: QueueStats };
  capture_prune_jobs: { Args: { finished_before: string }; Returns: number };
  capture_keep_events: { Args: { events: readonly object[]; error: string }; Returns: null };
  capture_due_events: { Args: { max_events: number }; Returns: DueEvent[] };
  capture_forget_events: { Args: { ids: number[] }; Returns: null };
  capture_postpone_events: { Args: { ids: number[]; error: string }; Returns: null };
  capture_outbox_stats: { Args: Record<string, never>; Returns: OutboxStats };
  capture_note_reconciling: { Args: { context: ReconcilingContext }; Returns: null };
  capture_finish_reconciling: {
    Args: {
      context: ReconcilingContext;
      checkpoint: string | null;
      settled_until: string | null;
      asked_for: number;
    };
    Returns: null;
  };
  capture_get_checkpoint: { Args: { name: string }; Returns: Checkpoint | null };
  capture_list_checkpoints: { Args: Record<string, never>; Returns: Checkpoint[] };
  capture_find_jobs: { Args: { event_ids: string[] }; Returns: EventJob[] };
  capture_compare_repositories: { Args: { states: RepositoryState[] }; Returns: DifferentRepository[] };
  capture_compare_installation: {
    Args: { installation: { id: number; repositories: InstalledRepository[] } };
    Returns: InstallationDifferences;
  };
  capture_list_installations: { Args: Record<string, never>; Returns: number[] };
  capture_list_public_repositories: { Args: Record<string, never>; Returns: RepositoryName[] };
  capture_summarize_failures: {
    Args: { name: string; without: string; until: string; max_reasons: number };
    Returns: FailureSummary;
  };
  capture_move_checkpoint: { Args: { name: string; settled_until: string }; Returns: null };
}
