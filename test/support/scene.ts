import { afterAll, afterEach, beforeAll, beforeEach, expect } from "vitest";
import type {
  Account,
  FakeGitHubOptions,
  Installation,
  Repository,
  WebhookDelivery,
} from "../../src/fake-github/index.ts";
import type { SqlDatabase } from "../../src/lib/embedded/sql-database.ts";
import { repositoriesReconcile } from "../../src/lib/inngest/events.ts";
import type { Logger } from "../../src/logger.ts";
import type { Analysis } from "../../src/api/contract.ts";
import { compareRows, type Difference } from "../../src/testing/compare-rows.ts";
import { toTruth } from "../../src/testing/truth.ts";
import { openTestDatabase, resetDatabase } from "./database.ts";
import { openGitHub, type TestGitHub } from "./open-github.ts";
import { startApp, type AppOptions, type TestApp } from "./start-app.ts";

type Environment = Record<string, string>;
type Row = Record<string, unknown>;

export interface SceneOptions extends Omit<FakeGitHubOptions, "now"> {
  /** Added to the app's environment. A function is called before each test. */
  environment?: Environment | ((database: SqlDatabase) => Promise<Environment>);
  requestTimeoutMs?: number;
  log?: Logger;
  /** "exists": the app has not seen its webhook. The default. */
  installation?: "none" | "exists" | "delivered";
}

/**
 * The app, a database and a fake GitHub. On GitHub, ann is a member of the organization acme, which owns the repository web and has installed
 * the App. Each test has another app and another GitHub, so read the fields within a test. The functions stay the same.
 */
export interface Scene {
  readonly database: SqlDatabase;
  readonly github: TestGitHub;
  readonly app: TestApp;
  readonly ann: Account;
  readonly acme: Account;
  readonly web: Repository;
  readonly installation: Installation;
  /** Replaces GitHub and the app. */
  reopen: (options: SceneOptions) => Promise<void>;
  /** Replaces the app. The database keeps its rows and the queue its runs. */
  restart: (environment?: Environment) => Promise<void>;
  /** Lets time pass for GitHub. Its timestamps are whole seconds, so nothing within one second can be ordered. */
  pass: (seconds: number) => void;
  /** The deliveries since the last call. They count as sent. */
  takeDeliveries: () => WebhookDelivery[];
  /** Sends deliveries, the new ones by default, and waits until the app is idle. */
  deliver: (deliveries?: readonly WebhookDelivery[]) => Promise<void>;
  /** Waits until no run is due within ten seconds. Time passes at once, for GitHub too. */
  idle: () => Promise<void>;
  /** Runs the retries of failed attempts at once, until no run is left. */
  skipRetries: () => Promise<void>;
  /** Backfills all of acme/web. */
  backfill: () => Promise<void>;
  /** Reconciles as `POST /api/queue/reconcile` does, and sends the redeliveries that the app requests. Returns how many deliveries these are. */
  reconcile: () => Promise<number>;
  /** Compares GitHub's newest updates, as the hourly reconciler does. */
  reconcileUpdates: () => Promise<void>;
  /** How the rows differ from what GitHub has. */
  differences: () => Promise<Difference[]>;
  rows: (table: string) => Promise<Row[]>;
  jobs: (where?: string) => Promise<Row[]>;
  /** The jobs that have not completed. */
  openJobs: () => Promise<Row[]>;
  analyze: () => Promise<Analysis>;
  /** Every gap as `kind number captured/github`. */
  gaps: () => Promise<string[]>;
}

type Field = "database" | "github" | "app" | "ann" | "acme" | "web" | "installation";

export const adminToken = "a token of the administrators";

export function useScene(options: SceneOptions = {}): Scene {
  const scene = {} as { -readonly [Name in keyof Scene]: Scene[Name] };
  let environment: Environment;
  let appOptions: AppOptions;
  let githubAheadMs: number;

  async function open(more: SceneOptions = {}): Promise<void> {
    const {
      environment: own = {},
      requestTimeoutMs,
      log,
      installation = "exists",
      ...githubOptions
    } = { ...options, ...more };
    githubAheadMs = 0;
    scene.github = await openGitHub({
      ...githubOptions,
      now: () => new Date(Date.now() + githubAheadMs),
    });
    environment = {
      GITHUB_API_URL: scene.github.url,
      ADMIN_TOKEN: adminToken,
      ...(typeof own === "function" ? await own(scene.database) : own),
    };
    appOptions = { log, requestTimeoutMs };
    scene.app = await startApp(scene.database, environment, appOptions);
    scene.github.after(-60, () => setStage(installation !== "none"));
    if (installation === "delivered") await deliver();
    else takeDeliveries();
  }

  function setStage(isInstalled: boolean): void {
    const { github } = scene;
    scene.ann = github.createAccount({ login: "ann" });
    scene.acme = github.createOrganization({ login: "acme", members: [scene.ann] });
    scene.web = github.createRepository({ owner: scene.acme, name: "web" });
    if (isInstalled) scene.installation = github.install({ account: scene.acme });
  }

  async function close(): Promise<void> {
    await scene.app.close();
    await scene.github.close();
  }

  beforeAll(async () => {
    scene.database = await openTestDatabase();
  });
  beforeEach(() => open());
  afterEach(async () => {
    await close();
    await resetDatabase(scene.database);
  });
  afterAll(() => scene.database.close());

  const takeDeliveries = () => scene.github.deliveries.splice(0);
  const idle = () => scene.app.skipPauses(10_000, (skippedMs) => void (githubAheadMs += skippedMs));
  const rows = (table: string) => scene.app.rows(table);
  const jobs = (where = "true") => rows(`capture.jobs where ${where}`);
  const analyze = () => scene.app.services.queue.analyze();

  async function deliver(deliveries: readonly WebhookDelivery[] = takeDeliveries()): Promise<void> {
    for (const delivery of deliveries)
      expect(await scene.github.send(`${scene.app.url}/api/github/webhooks`, delivery)).toBe(200);
    await idle();
  }

  return Object.assign(scene, {
    reopen: async (more) => {
      await close();
      await open(more);
    },
    restart: async (more = {}) => {
      await scene.app.close();
      scene.app = await startApp(scene.database, { ...environment, ...more }, appOptions);
    },
    pass: (seconds) => void (githubAheadMs += seconds * 1000),
    takeDeliveries,
    deliver,
    idle,
    skipRetries: () => scene.app.skipPauses(Infinity), // not for GitHub, which would refuse the app's token hours later
    backfill: async () => {
      await scene.app.services.queue.queueBackfill("acme/web", { all: true });
      await idle();
    },
    reconcile: async () => {
      await scene.app.services.queue.reconcile();
      await idle();
      const redeliveries = scene.github.takeRedeliveries();
      await deliver(redeliveries);
      return new Set(redeliveries.map(({ id }) => id)).size;
    },
    reconcileUpdates: async () => {
      const { inngest } = scene.app.services;
      await inngest.send(repositoriesReconcile.create({ reason: "reconcile", priority: "low" }));
      await idle();
    },
    differences: () => compareRows(toTruth(scene.github), (table) => rows(`github.${table}`)),
    rows,
    jobs,
    openJobs: () => jobs("state <> 'completed'"),
    analyze,
    gaps: async () => {
      const { gaps } = await analyze();
      return gaps.map((gap) => `${gap.kind} ${gap.number} ${gap.captured}/${gap.github}`);
    },
  } satisfies Omit<Scene, Field>);
}
