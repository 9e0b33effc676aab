import { createHash, randomUUID } from "node:crypto";
import type { WebhookDelivery } from "./webhook-delivery.ts";
import { createItemFaults } from "./poison.ts";
import type { ItemFaults } from "./poison.ts";
import { createState } from "./state.ts";
import type { Account, GitHubApp, PendingApp, State } from "./state.ts";

export interface WorldOptions {
  /** The clock of all timestamps, `date` headers, tokens and rate limits. */
  now?: () => Date;
  /** The clock of `date` headers and of JWT checks, when `now` follows a story. Left out: `now`. */
  answeredAt?: () => Date;
  /** False accepts JWTs of any time, for a client whose clock does not follow the story. */
  checksJwtTime?: boolean;
  appId?: number;
  /** The App's public key in PEM format, which verifies JWTs. Left out: any signature is accepted. */
  appPublicKey?: string;
  appSlug?: string;
  /** The secret with which deliveries are signed, until an App is registered from a manifest. */
  webhookSecret?: string;
  /** `/api/v3` for an Enterprise Server: REST is below it, GraphQL is at `/api/graphql`. Requests are recorded without it. */
  basePath?: string;
  /** The start of URLs in payloads. `Link` headers and redirects use the request's origin instead, so that clients can follow them. */
  apiUrl?: string;
  htmlUrl?: string;
  /**
   * "2019" omits the fields that GitHub added since the published examples: a review's and a thread's
   * `updated_at`, `user_view_type`, `subject_type`.
   */
  payloads?: "current" | "2019";
  /** "quiet": editing a review leaves its pull request's `updated_at` as it was. GitHub does not document whether it does. */
  reviewEdits?: "touch" | "quiet";
  /**
   * How REST and webhooks show the deleted author of an issue, a pull request or an issue comment. "ghost" is github.com's account 10137.
   * Reviews, review comments and GraphQL always show null.
   */
  deletedAccounts?: "null" | "ghost";
  /** False for an older Enterprise Server, whose GraphQL schema has no `assignedActors`. */
  assignedActors?: boolean;
  /**
   * GraphQL fields that the App cannot see, as `Type.field`. Each is null, with a FORBIDDEN error that names its path.
   * https://github.com/orgs/community/discussions/24382
   */
  hiddenFields?: string[];
  /** The same seed creates the same hashes and GUIDs. Without a seed they are random. */
  seed?: number;
}

/** The state and settings that mutations and answers share. */
export interface World {
  state: State;
  now: () => Date;
  answeredAt: () => Date;
  checksJwtTime: boolean;
  app: GitHubApp;
  /** Codes of Apps that were registered from a manifest and not converted yet. */
  manifestCodes: Map<string, PendingApp>;
  /** Who is signed in on GitHub's pages. */
  visitor: Account | null;
  isEnterprise: boolean;
  apiUrl: string;
  htmlUrl: string;
  payloads: "current" | "2019";
  reviewEdits: "touch" | "quiet";
  deletedAccounts: "null" | "ghost";
  assignedActors: boolean;
  hiddenFields: ReadonlySet<string>;
  deliveries: WebhookDelivery[];
  /** False while changes cause no webhooks, for example while seeding. */
  delivering: boolean;
  itemFaults: ItemFaults;
  nextIds: Record<IdKind, number>;
  salt: string;
  hashes: number;
}

type IdKind =
  | "app"
  | "account"
  | "team"
  | "installation"
  | "repository"
  | "issue"
  | "pull_request"
  | "review"
  | "review_comment"
  | "issue_comment"
  | "thread"
  | "label"
  | "milestone";

export function createWorld(options: WorldOptions): World {
  const now = options.now ?? (() => new Date());
  const appId = options.appId ?? 1;
  return {
    state: createState(),
    now,
    answeredAt: options.answeredAt ?? now,
    checksJwtTime: options.checksJwtTime ?? true,
    app: {
      id: appId,
      slug: options.appSlug ?? "pr-capture",
      name: options.appSlug ?? "pr-capture",
      owner: null,
      clientId: toClientId(appId),
      createdAt: stamp(now()),
      publicKey: options.appPublicKey ?? null,
      webhookSecret: options.webhookSecret ?? "",
      setupUrl: null,
      permissions: { issues: "read", metadata: "read", pull_requests: "read" },
      events: [
        "issue_comment",
        "label",
        "milestone",
        "pull_request",
        "pull_request_review",
        "pull_request_review_comment",
        "pull_request_review_thread",
        "repository",
      ],
      hook: { url: "", hasSecret: true, insecureSsl: false },
    },
    manifestCodes: new Map(),
    visitor: null,
    isEnterprise: Boolean(options.basePath),
    apiUrl: options.apiUrl ?? "https://api.github.com",
    htmlUrl: options.htmlUrl ?? "https://github.com",
    payloads: options.payloads ?? "current",
    reviewEdits: options.reviewEdits ?? "touch",
    deletedAccounts: options.deletedAccounts ?? "null",
    assignedActors: options.assignedActors ?? true,
    hiddenFields: new Set(options.hiddenFields),
    deliveries: [],
    delivering: true,
    itemFaults: createItemFaults(),
    salt: options.seed === undefined ? randomUUID() : String(options.seed),
    hashes: 0,
    // Some of GitHub's ids exceed 32 bits. Each kind has its own range, so that ids are easy to tell apart.
    nextIds: {
      app: 1_410_001,
      account: 210_000_001,
      team: 11_000_001,
      installation: 62_000_001,
      repository: 986_000_001,
      issue: 3_110_000_001,
      pull_request: 2_570_000_001,
      review: 2_890_000_001,
      review_comment: 2_620_000_001,
      issue_comment: 2_940_000_001,
      thread: 51_000_001,
      label: 8_700_000_001,
      milestone: 13_000_001,
    },
  };
}

export function toClientId(appId: number): string {
  return `Iv23li${String(appId).padStart(14, "0")}`;
}

export function nextId(world: World, kind: IdKind): number {
  return world.nextIds[kind]++;
}

/** Formats a time in whole seconds, like GitHub. */
export function stamp(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`;
}

export function currentTimestamp(world: World): string {
  return stamp(world.now());
}

/** Creates the hash of a new commit. */
export function newSha(world: World): string {
  return shaOf(`${world.salt}:${world.hashes++}`);
}

/** The same text gives the same hash. */
export function shaOf(text: string): string {
  return createHash("sha1").update(text).digest("hex");
}

/** Creates a GUID in the format of a random UUID. */
export function newGuid(world: World): string {
  const hash = newSha(world);
  return [
    hash.slice(0, 8),
    hash.slice(8, 12),
    `4${hash.slice(13, 16)}`,
    `a${hash.slice(17, 20)}`,
    hash.slice(20, 32),
  ].join("-");
}
