import type { CommentRow } from "../records/comment.ts";
import type { InstallationRow } from "../records/installation.ts";
import type { InventoryItem, RepositoryState } from "../records/inventory.ts";
import type { PartialPullRequestRow, PullRequestRow } from "../records/pull-request.ts";
import type { RepositoryRow } from "../records/repository.ts";
import type { ReviewRow } from "../records/review.ts";
import type { CaptureContext, InstallationContext, JobContext, ReconcilingContext } from "./context-types.ts";
import type { DueEvent, JournalEntry, JournalStats, LostEvent, OutboxStats } from "./event-types.ts";
import type { Analysis, GapKind, Job, JobError, JobState, QueueStats } from "../../api/contract.ts";
import type {
  FailureGroup,
  JobFilter,
  Overview,
  PullRequestSummary,
  SqlSchema,
} from "../../api/console-contract.ts";
import type {
  ActivityBucket,
  DeliveryTotal,
  MetricsSnapshot,
  MinuteOfDeliveries,
  RecordedBudget,
  RepositoryDescription,
} from "./activity-types.ts";
import type {
  ChangedJobs,
  Checkpoint,
  EventJob,
  FailedJob,
  FailureSummary,
  QueuedJob,
  ReplayedEvent,
  StoredJob,
} from "./job-types.ts";
import type { AbsentItem, FileList, ListedKind, MergeOutcome, PullRequestOutcome } from "./merge-types.ts";
import type {
  DifferentRepository,
  DifferentTitles,
  FoundRepository,
  InstallationDifferences,
  InstallationOutcome,
  InstalledRepository,
  ListedTitles,
  PublicRepository,
  Title,
} from "./repository-types.ts";
import type { StoredPullRequest, StoredView } from "./view-types.ts";
import type { SyncItem, SyncLacks } from "./sync-types.ts";

/** The SQL functions with their arguments and results. A test compares them with the migrations. */
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
    Args: {
      context: CaptureContext;
      number: number;
      kinds: ListedKind[];
      counted: ListedKind[];
      began_at: string;
      gone: AbsentItem[] | null;
      finished: boolean;
    };
    Returns: AbsentItem[];
  };
  capture_begin_sync: {
    Args: { context: CaptureContext; since: string | null; extends: boolean };
    Returns: { state: "begun" | "cancelled"; inventoried_at: string | null; began_at: string };
  };
  capture_record_inventory: { Args: { context: CaptureContext; items: InventoryItem[] }; Returns: null };
  capture_next_to_read: {
    Args: {
      repository_id: number;
      /** The event id of the sync's job. */
      sync: string;
      since: string | null;
      unless_current: boolean;
      gaps: boolean;
      began_at: string;
      max_items: number;
      numbers: number[] | null;
      retry_left: boolean;
    };
    Returns: { items: { number: number; node_id: string }[]; remaining: number };
  };
  capture_merge_sync: {
    Args: {
      context: CaptureContext;
      items: SyncItem[];
      done: number | null;
      total: number | null;
    };
    Returns: SyncLacks;
  };
  capture_leave_unread: {
    Args: { context: CaptureContext; numbers: number[]; parts: string[]; began_at: string };
    Returns: null;
  };
  capture_absent_review_comments: {
    Args: { repository_id: number; began_at: string };
    Returns: number[];
  };
  capture_finish_sync: {
    Args: {
      context: CaptureContext;
      began_at: string;
      since: string | null;
      has_all_review_comments: boolean;
      is_inventoried: boolean;
      synced: boolean;
      pull_requests: number | null;
      counted_at: string | null;
    };
    Returns: null;
  };
  capture_fail_job: {
    Args: {
      context: JobContext;
      error: JobError;
      event: Record<string, unknown>;
    };
    Returns: null;
  };
  capture_record_attempt: {
    Args: { context: JobContext; error: JobError; next_attempt_at: string | null; final: boolean };
    Returns: number;
  };
  capture_record_recovery: { Args: { event_id: string }; Returns: null };
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
  capture_resolve_installed: {
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
    Returns: "newer" | "older" | "same" | "ambiguous";
  };
  capture_merge_titles: {
    Args: { context: CaptureContext; titles: Title[]; asked: boolean };
    Returns: string[];
  };
  capture_compare_titles: { Args: { states: ListedTitles[] }; Returns: DifferentTitles[] };
  capture_rename_account: { Args: { context: InstallationContext; former: string | null }; Returns: null };
  capture_knows_account: { Args: { account: { id: number; login: string } }; Returns: boolean };
  capture_analyze: {
    Args: { repository_id: number | null; kinds: GapKind[] | null; max_gaps: number | null };
    Returns: Analysis;
  };
  capture_ensure_repository: {
    Args: { context: Omit<CaptureContext, "job">; repository: RepositoryRow };
    Returns: FoundRepository | null;
  };
  capture_find_sync: {
    Args: { event_name: string; repository_id: number; since: string | null };
    Returns: Job | null;
  };
  capture_find_repository: { Args: { repository: string }; Returns: FoundRepository | null };
  capture_queue_jobs: { Args: { jobs: QueuedJob[] }; Returns: string[] };
  capture_record_sent: { Args: { event_ids: string[] }; Returns: null };
  capture_unqueue_jobs: { Args: { event_ids: string[] }; Returns: null };
  capture_cancel_pending_jobs: { Args: Record<string, never>; Returns: number };
  capture_cancel_job: { Args: { job_id: number }; Returns: boolean };
  capture_list_jobs: { Args: { filter: JobFilter; before: number | null; max_jobs: number }; Returns: Job[] };
  capture_count_jobs: { Args: { filter: JobFilter }; Returns: Partial<Record<JobState, number>> };
  capture_find_failed: {
    Args: { filter: JobFilter; before: number | null; max_jobs: number };
    Returns: FailedJob[];
  };
  capture_replay_jobs: { Args: { jobs: { id: number; event_id: string }[] }; Returns: ReplayedEvent[] };
  capture_list_failures: { Args: { max_failures: number }; Returns: FailureGroup[] };
  capture_get_job: { Args: { job_id: number }; Returns: StoredJob | null };
  capture_get_jobs: { Args: { ids: number[] }; Returns: Job[] };
  capture_changed_jobs: { Args: { since: string; max_jobs: number }; Returns: ChangedJobs };
  capture_record_activity: {
    Args: {
      process: string;
      deliveries: MinuteOfDeliveries[];
      budgets: RecordedBudget[];
      totals: DeliveryTotal[];
    };
    Returns: null;
  };
  capture_metrics: { Args: { window_seconds: number; max_budgets: number }; Returns: MetricsSnapshot };
  capture_list_budgets: { Args: Record<string, never>; Returns: Overview["budgets"] };
  capture_activity: {
    Args: { since: string; bucket_seconds: number };
    Returns: { now: string; buckets: ActivityBucket[] };
  };
  capture_describe_repositories: { Args: { ids: number[] }; Returns: RepositoryDescription[] };
  capture_queue_stats: { Args: Record<string, never>; Returns: QueueStats };
  capture_fail_lost_runs: { Args: { idle_since: string }; Returns: number };
  capture_prune_jobs: { Args: { finished_before: string }; Returns: number };
  capture_store_events: { Args: { events: readonly object[]; error: string }; Returns: null };
  capture_due_events: { Args: { max_events: number }; Returns: DueEvent[] };
  capture_delete_events: { Args: { ids: number[] }; Returns: null };
  capture_postpone_events: { Args: { ids: number[]; error: string }; Returns: null };
  capture_outbox_stats: { Args: Record<string, never>; Returns: OutboxStats };
  capture_journal_events: { Args: { events: readonly JournalEntry[] }; Returns: null };
  capture_check_journal: { Args: { max_events: number }; Returns: LostEvent[] };
  capture_record_resent: { Args: { event_ids: string[] }; Returns: null };
  capture_journal_stats: { Args: Record<string, never>; Returns: JournalStats };
  capture_prune_journal: { Args: { accepted_before: string }; Returns: number };
  capture_record_reconciling: { Args: { context: ReconcilingContext }; Returns: null };
  capture_finish_reconciling: {
    Args: {
      context: ReconcilingContext;
      checkpoint: string | null;
      processed_until: string | null;
      asked_for: number;
    };
    Returns: null;
  };
  capture_get_checkpoint: { Args: { name: string }; Returns: Checkpoint | null };
  capture_list_checkpoints: { Args: Record<string, never>; Returns: Checkpoint[] };
  capture_find_jobs: { Args: { event_ids: string[] }; Returns: EventJob[] };
  capture_compare_repositories: {
    Args: { states: RepositoryState[]; inventory: boolean };
    Returns: DifferentRepository[];
  };
  capture_compare_installation: {
    Args: { installation: { id: number; repositories: InstalledRepository[] } };
    Returns: InstallationDifferences;
  };
  capture_list_installations: { Args: Record<string, never>; Returns: number[] };
  capture_list_public_repositories: { Args: Record<string, never>; Returns: PublicRepository[] };
  capture_forget_inventories: { Args: { repository_ids: number[] }; Returns: null };
  capture_summarize_failures: {
    Args: { name: string; without: string; until: string; max_reasons: number };
    Returns: FailureSummary;
  };
  capture_claim_look: { Args: { name: string; due_at: string }; Returns: boolean };
  capture_query: {
    Args: { query: string; max_rows: number };
    Returns: {
      names: string[];
      types: string[];
      /** The text of a composite value each. */
      rows: string[];
      truncated: boolean;
      duration_ms: number;
    };
  };
  capture_list_pull_requests: {
    Args: { repository_id: number | null; search: string | null; max_items: number };
    Returns: PullRequestSummary[];
  };
  capture_view_pull_request: {
    Args: { owner: string; name: string; number: number; max_files: number; max_items: number };
    Returns: StoredView | null;
  };
  capture_read_rows: {
    Args: { repository_id: number; number: number };
    Returns: StoredPullRequest | null;
  };
  capture_describe_tables: { Args: Record<string, never>; Returns: SqlSchema["tables"] };
  capture_move_checkpoint: { Args: { name: string; processed_until: string }; Returns: null };
}
