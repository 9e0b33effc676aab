import { afterAll, beforeAll, expect, test } from "vitest";
import type { StoreFunctions } from "../../../src/lib/store/functions.ts";
import { call, StoreError } from "../../../src/lib/store/store.ts";
import { openPostgres } from "../../../src/lib/embedded/open-postgres.ts";
import { connectStore, openStore, type TestStore } from "./open-store.ts";

/** Every function that the program knows, with its arguments. The type makes the list complete, and no longer than that. */
const known: {
  [Name in keyof StoreFunctions]: {
    args: Record<keyof StoreFunctions[Name]["Args"], string>;
    returns: "void" | "jsonb" | "boolean" | "integer" | "text";
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
  capture_merge_threads: { args: { context: "jsonb", threads: "jsonb" }, returns: "void" },
  capture_finish_listing: {
    args: {
      context: "jsonb",
      number: "integer",
      kinds: "text[]",
      began_at: "timestamp with time zone",
    },
    returns: "void",
  },
  capture_merge_sync: {
    args: { context: "jsonb", items: "jsonb", done: "integer", total: "integer" },
    returns: "jsonb",
  },
  capture_finish_sync: {
    args: {
      context: "jsonb",
      began_at: "timestamp with time zone",
      complete: "boolean",
      pull_requests: "integer",
      counted_at: "timestamp with time zone",
    },
    returns: "void",
  },
  capture_fail_job: { args: { context: "jsonb", error: "jsonb", event: "jsonb" }, returns: "void" },
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
  capture_settle_installed: {
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
  capture_meet_repository: { args: { context: "jsonb", repository: "jsonb" }, returns: "jsonb" },
  capture_find_sync: {
    args: { event_name: "text", repository_id: "bigint", since: "timestamp with time zone" },
    returns: "jsonb",
  },
  capture_find_repository: { args: { repository: "text" }, returns: "jsonb" },
  capture_queue_jobs: { args: { jobs: "jsonb" }, returns: "jsonb" },
  capture_note_sent: { args: { event_ids: "text[]" }, returns: "void" },
  capture_unqueue_jobs: { args: { event_ids: "text[]" }, returns: "void" },
  capture_cancel_pending_jobs: { args: {}, returns: "integer" },
  capture_list_jobs: { args: { state: "text", max_jobs: "integer" }, returns: "jsonb" },
  capture_get_job: { args: { job_id: "bigint" }, returns: "jsonb" },
  capture_queue_stats: { args: {}, returns: "jsonb" },
  capture_prune_jobs: { args: { finished_before: "timestamp with time zone" }, returns: "integer" },
  capture_keep_events: { args: { events: "jsonb", error: "text" }, returns: "void" },
  capture_due_events: { args: { max_events: "integer" }, returns: "jsonb" },
  capture_forget_events: { args: { ids: "bigint[]" }, returns: "void" },
  capture_postpone_events: { args: { ids: "bigint[]", error: "text" }, returns: "void" },
  capture_outbox_stats: { args: {}, returns: "jsonb" },
  capture_note_reconciling: { args: { context: "jsonb" }, returns: "void" },
  capture_finish_reconciling: {
    args: {
      context: "jsonb",
      checkpoint: "text",
      settled_until: "timestamp with time zone",
      asked_for: "integer",
    },
    returns: "void",
  },
  capture_get_checkpoint: { args: { name: "text" }, returns: "jsonb" },
  capture_list_checkpoints: { args: {}, returns: "jsonb" },
  capture_find_jobs: { args: { event_ids: "text[]" }, returns: "jsonb" },
  capture_compare_repositories: { args: { states: "jsonb" }, returns: "jsonb" },
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
  capture_move_checkpoint: {
    args: { name: "text", settled_until: "timestamp with time zone" },
    returns: "void",
  },
  capture_list_public_repositories: { args: {}, returns: "jsonb" },
};

let db: TestStore;

beforeAll(async () => {
  db = await openStore();
});
afterAll(() => db.close());

test("the functions that the program knows are those that the migrations made", async () => {
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
  expect(functions).toHaveLength(Object.keys(found).length); // none is there twice, with other arguments
  expect(found).toEqual(known);
});

test("every function runs as its owner, with no schema to be misled by", async () => {
  const careless = await db.database.query(`
    select p.oid::regprocedure::text as function from pg_proc p
    where (p.pronamespace = 'public'::regnamespace and p.proname like 'capture\\_%'
        and not (p.prosecdef and coalesce(p.proconfig, '{}') @> array['search_path=""']))
      or (p.pronamespace = 'capture'::regnamespace and not coalesce(p.proconfig, '{}') @> array['search_path=""'])
  `);
  expect(careless).toEqual([]);
});

test("what the database refuses is thrown, with its SQLSTATE", async () => {
  const refused = call(db.store, "capture_prune_jobs", { finished_before: "the day before yesterday" });
  await expect(refused).rejects.toThrow(StoreError);
  await expect(refused).rejects.toMatchObject({
    code: "22007",
    message: expect.stringContaining("capture_prune_jobs: invalid input syntax"),
  });
});

test("a database that does not answer is thrown", async () => {
  const nowhere = openPostgres("postgres://user@127.0.0.1:1/nowhere");
  const refused = call(connectStore(nowhere), "capture_queue_stats", {});
  await expect(refused).rejects.toThrow(StoreError);
  await nowhere.close();
});
