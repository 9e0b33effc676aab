import { afterAll, beforeAll, expect, test } from "vitest";
import type { StoreFunctions } from "../../../src/lib/store/sql-functions.ts";
import { call, StoreError } from "../../../src/lib/store/store.ts";
import { openPostgres } from "../../../src/lib/embedded/open-postgres.ts";
import { connectStore, openStore, type TestStore } from "./open-store.ts";

/** Every function of `StoreFunctions` with its arguments. The type keeps the list complete. */
const known: {
  [Name in keyof StoreFunctions]: {
    args: Record<keyof StoreFunctions[Name]["Args"], string>;
    returns: "void" | "jsonb" | "boolean" | "integer" | "bigint" | "text";
  };
} = {
  capture_merge_pull_request: { args: { context: "jsonb", pull_request: "jsonb" }, returns: "jsonb" },
  capture_begin_job: { args: { context: "jsonb", unless_known: "boolean" }, returns: "text" },
  capture_replace_files: { args: { context: "jsonb", number: "integer", list: "jsonb" }, returns: "boolean" },
  capture_merge_reviews: {
    args: {
      context: "jsonb",
      number: "integer",
      pull_request: "jsonb",
      reviews: "jsonb",
      finished: "boolean",
    },
    returns: "jsonb",
  },
  capture_merge_comments: {
    args: {
      context: "jsonb",
      number: "integer",
      pull_request: "jsonb",
      comments: "jsonb",
      finished: "boolean",
    },
    returns: "jsonb",
  },
  capture_merge_titles: { args: { context: "jsonb", titles: "jsonb", asked: "boolean" }, returns: "jsonb" },
  capture_query: { args: { query: "text", max_rows: "integer" }, returns: "jsonb" },
  capture_list_pull_requests: {
    args: { repository_id: "bigint", search: "text", max_items: "integer" },
    returns: "jsonb",
  },
  capture_view_pull_request: {
    args: { owner: "text", name: "text", number: "integer", max_files: "integer", max_items: "integer" },
    returns: "jsonb",
  },
  capture_read_rows: { args: { repository_id: "bigint", number: "integer" }, returns: "jsonb" },
  capture_describe_tables: { args: {}, returns: "jsonb" },
  capture_compare_titles: { args: { states: "jsonb" }, returns: "jsonb" },
  capture_rename_account: { args: { context: "jsonb", former: "text" }, returns: "void" },
  capture_knows_account: { args: { account: "jsonb" }, returns: "boolean" },
  capture_merge_threads: { args: { context: "jsonb", threads: "jsonb" }, returns: "void" },
  capture_finish_listing: {
    args: {
      context: "jsonb",
      number: "integer",
      kinds: "text[]",
      counted: "text[]",
      began_at: "timestamp with time zone",
      gone: "jsonb",
      finished: "boolean",
    },
    returns: "jsonb",
  },
  capture_merge_sync: {
    args: {
      context: "jsonb",
      items: "jsonb",
      done: "integer",
      total: "integer",
    },
    returns: "jsonb",
  },
  capture_begin_sync: {
    args: { context: "jsonb", since: "timestamp with time zone", extends: "boolean" },
    returns: "jsonb",
  },
  capture_record_inventory: { args: { context: "jsonb", items: "jsonb" }, returns: "void" },
  capture_next_to_read: {
    args: {
      repository_id: "bigint",
      sync: "text",
      since: "timestamp with time zone",
      unless_current: "boolean",
      gaps: "boolean",
      began_at: "timestamp with time zone",
      max_items: "integer",
      numbers: "integer[]",
      retry_left: "boolean",
    },
    returns: "jsonb",
  },
  capture_leave_unread: {
    args: { context: "jsonb", numbers: "integer[]", parts: "text[]", began_at: "timestamp with time zone" },
    returns: "void",
  },
  capture_absent_review_comments: {
    args: { repository_id: "bigint", began_at: "timestamp with time zone" },
    returns: "jsonb",
  },
  capture_finish_sync: {
    args: {
      context: "jsonb",
      began_at: "timestamp with time zone",
      since: "timestamp with time zone",
      has_all_review_comments: "boolean",
      is_inventoried: "boolean",
      synced: "boolean",
      pull_requests: "integer",
      counted_at: "timestamp with time zone",
    },
    returns: "void",
  },
  capture_fail_job: { args: { context: "jsonb", error: "jsonb", event: "jsonb" }, returns: "void" },
  capture_record_attempt: {
    args: { context: "jsonb", error: "jsonb", next_attempt_at: "timestamp with time zone", final: "boolean" },
    returns: "bigint",
  },
  capture_record_recovery: { args: { event_id: "text" }, returns: "void" },
  capture_journal_events: { args: { events: "json" }, returns: "void" },
  capture_check_journal: { args: { max_events: "integer" }, returns: "jsonb" },
  capture_record_resent: { args: { event_ids: "text[]" }, returns: "void" },
  capture_journal_stats: { args: {}, returns: "jsonb" },
  capture_prune_journal: { args: { accepted_before: "timestamp with time zone" }, returns: "integer" },
  capture_merge_installation: {
    args: {
      context: "jsonb",
      installation: "jsonb",
      added: "jsonb",
      removed: "jsonb",
      deleted: "boolean",
      everything: "boolean",
      purge: "boolean",
    },
    returns: "jsonb",
  },
  capture_resolve_installed: {
    args: { context: "jsonb", answer: "jsonb", finished: "boolean" },
    returns: "boolean",
  },
  capture_merge_repository: {
    args: { context: "jsonb", repository: "jsonb", deleted: "boolean", asked: "boolean", purge: "boolean" },
    returns: "text",
  },
  capture_analyze: {
    args: { repository_id: "bigint", kinds: "text[]", max_gaps: "integer" },
    returns: "jsonb",
  },
  capture_ensure_repository: { args: { context: "jsonb", repository: "jsonb" }, returns: "jsonb" },
  capture_find_sync: {
    args: { event_name: "text", repository_id: "bigint", since: "timestamp with time zone" },
    returns: "jsonb",
  },
  capture_find_repository: { args: { repository: "text" }, returns: "jsonb" },
  capture_queue_jobs: { args: { jobs: "jsonb" }, returns: "jsonb" },
  capture_record_sent: { args: { event_ids: "text[]" }, returns: "void" },
  capture_unqueue_jobs: { args: { event_ids: "text[]" }, returns: "void" },
  capture_cancel_pending_jobs: { args: {}, returns: "integer" },
  capture_cancel_job: { args: { job_id: "bigint" }, returns: "boolean" },
  capture_list_jobs: { args: { filter: "jsonb", before: "bigint", max_jobs: "integer" }, returns: "jsonb" },
  capture_count_jobs: { args: { filter: "jsonb" }, returns: "jsonb" },
  capture_find_failed: { args: { filter: "jsonb", before: "bigint", max_jobs: "integer" }, returns: "jsonb" },
  capture_replay_jobs: { args: { jobs: "jsonb" }, returns: "jsonb" },
  capture_list_failures: { args: { max_failures: "integer" }, returns: "jsonb" },
  capture_get_jobs: { args: { ids: "bigint[]" }, returns: "jsonb" },
  capture_changed_jobs: {
    args: { since: "timestamp with time zone", max_jobs: "integer" },
    returns: "jsonb",
  },
  capture_record_activity: {
    args: { process: "uuid", deliveries: "jsonb", budgets: "jsonb", totals: "jsonb" },
    returns: "void",
  },
  capture_metrics: { args: { window_seconds: "integer", max_budgets: "integer" }, returns: "jsonb" },
  capture_list_budgets: { args: {}, returns: "jsonb" },
  capture_activity: {
    args: { since: "timestamp with time zone", bucket_seconds: "integer" },
    returns: "jsonb",
  },
  capture_describe_repositories: { args: { ids: "bigint[]" }, returns: "jsonb" },
  capture_get_job: { args: { job_id: "bigint" }, returns: "jsonb" },
  capture_queue_stats: { args: {}, returns: "jsonb" },
  capture_fail_lost_runs: { args: { idle_since: "timestamp with time zone" }, returns: "integer" },
  capture_prune_jobs: { args: { finished_before: "timestamp with time zone" }, returns: "integer" },
  capture_store_events: { args: { events: "jsonb", error: "text" }, returns: "void" },
  capture_due_events: { args: { max_events: "integer" }, returns: "jsonb" },
  capture_delete_events: { args: { ids: "bigint[]" }, returns: "void" },
  capture_postpone_events: { args: { ids: "bigint[]", error: "text" }, returns: "void" },
  capture_outbox_stats: { args: {}, returns: "jsonb" },
  capture_record_reconciling: { args: { context: "jsonb" }, returns: "void" },
  capture_finish_reconciling: {
    args: {
      context: "jsonb",
      checkpoint: "text",
      processed_until: "timestamp with time zone",
      asked_for: "integer",
    },
    returns: "void",
  },
  capture_get_checkpoint: { args: { name: "text" }, returns: "jsonb" },
  capture_list_checkpoints: { args: {}, returns: "jsonb" },
  capture_find_jobs: { args: { event_ids: "text[]" }, returns: "jsonb" },
  capture_compare_repositories: { args: { states: "jsonb", inventory: "boolean" }, returns: "jsonb" },
  capture_compare_installation: { args: { installation: "jsonb" }, returns: "jsonb" },
  capture_list_installations: { args: {}, returns: "jsonb" },
  capture_summarize_failures: {
    args: {
      name: "text",
      without: "timestamp with time zone",
      until: "timestamp with time zone",
      max_reasons: "integer",
    },
    returns: "jsonb",
  },
  capture_claim_look: { args: { name: "text", due_at: "timestamp with time zone" }, returns: "boolean" },
  capture_move_checkpoint: {
    args: { name: "text", processed_until: "timestamp with time zone" },
    returns: "void",
  },
  capture_list_public_repositories: { args: {}, returns: "jsonb" },
  capture_forget_inventories: { args: { repository_ids: "bigint[]" }, returns: "void" },
};

let db: TestStore;

beforeAll(async () => {
  db = await openStore();
});
afterAll(() => db.close());

test("StoreFunctions lists exactly the functions of the migrations", async () => {
  const functions = await db.database.query<{
    name: string;
    args: Record<string, string>;
    returns: string;
  }>(`
    select p.proname as name, format_type(p.prorettype, null) as returns,
      (select coalesce(jsonb_object_agg(a.name, format_type(a.type, null)), '{}')
       from unnest(p.proargnames, p.proargtypes::oid[]) as a (name, type)) as args
    from pg_proc p
    where p.pronamespace = 'public'::regnamespace and p.proname like 'capture\\_%'
  `);
  const found = Object.fromEntries(functions.map(({ name, ...signature }) => [name, signature]));
  expect(functions).toHaveLength(Object.keys(found).length); // none is overloaded
  expect(found).toEqual(known);
});

test("every public function runs as its owner, and every function but the one for queries has an empty search_path", async () => {
  const careless = await db.database.query(`
    select p.oid::regprocedure::text as function from pg_proc p
    where (p.pronamespace = 'public'::regnamespace and p.proname like 'capture\\_%'
        and not (p.prosecdef and coalesce(p.proconfig, '{}') @> array['search_path=""']))
      or (p.pronamespace = 'capture'::regnamespace and not coalesce(p.proconfig, '{}') @> array['search_path=""'])
  `);
  expect(careless).toEqual([{ function: "capture.run_query(text,integer)" }]); // its owner may create nothing in these schemas
});

test("functions whose work grows with a repository may take longer than the 8 seconds of Supabase's role", async () => {
  const limited = await db.database.query(`
    select p.proname as name, setting from pg_proc p cross join unnest(p.proconfig) as setting
    where setting like 'statement\\_timeout=%' order by p.proname
  `);
  expect(
    limited.map((each) => Object.values(Object(each)).join(" ").replace("statement_timeout=", "")),
  ).toEqual([
    "capture_analyze 15min",
    "capture_compare_repositories 15min",
    "capture_compare_titles 15min",
    "capture_merge_installation 15min",
    "capture_merge_titles 15min",
    "capture_prune_jobs 15min",
    "capture_prune_journal 15min",
    "capture_query 5s",
  ]);
});

test("an error of the database is thrown with its SQLSTATE", async () => {
  const refused = call(db.store, "capture_prune_jobs", { finished_before: "the day before yesterday" });
  await expect(refused).rejects.toThrow(StoreError);
  await expect(refused).rejects.toMatchObject({
    code: "22007",
    message: expect.stringContaining("capture_prune_jobs: invalid input syntax"),
  });
});

test("a connection that fails is thrown as a StoreError", async () => {
  const nowhere = openPostgres("postgres://user@127.0.0.1:1/nowhere");
  const refused = call(connectStore(nowhere), "capture_queue_stats", {});
  await expect(refused).rejects.toThrow(StoreError);
  await nowhere.close();
});
