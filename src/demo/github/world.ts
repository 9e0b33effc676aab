import { createHash, randomUUID } from "node:crypto";
import type { Delivery } from "./delivery.ts";
import { createState } from "./state.ts";
import type { State } from "./state.ts";

export interface WorldOptions {
  /** The stand-in's clock: every timestamp, `date` header, token and rate limit goes by it. */
  now?: () => Date;
  appId?: number;
  appSlug?: string;
  /** What urls inside payloads begin with. Links and redirects go by the request instead, as they must be followed. */
  apiUrl?: string;
  htmlUrl?: string;
  /**
   * "2019" leaves out what GitHub added to its payloads since the published examples: a review's and a thread's
   * `updated_at`, `user_view_type`, `subject_type`.
   */
  payloads?: "current" | "2019";
  /**
   * How REST and webhooks name the author of an issue, a pull request or an issue comment whose account is gone. "ghost" is
   * the account 10137 that github.com puts in its place; reviews, review comments and GraphQL say null in any case.
   */
  deletedAccounts?: "null" | "ghost";
  /** The same seed gives the same hashes and guids. Without one, no two stand-ins share a guid. */
  seed?: number;
}

/** What the mutations and the views share. */
export interface World {
  state: State;
  now: () => Date;
  app: { id: number; slug: string; clientId: string; createdAt: string };
  apiUrl: string;
  htmlUrl: string;
  payloads: "current" | "2019";
  deletedAccounts: "null" | "ghost";
  deliveries: Delivery[];
  /** False while seeding: changes then cause no webhooks. */
  delivering: boolean;
  nextIds: Record<IdKind, number>;
  salt: string;
  hashes: number;
}

type IdKind =
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
    app: {
      id: appId,
      slug: options.appSlug ?? "pr-capture",
      clientId: `Iv23li${String(appId).padStart(14, "0")}`,
      createdAt: stamp(now()),
    },
    apiUrl: options.apiUrl ?? "https://api.github.com",
    htmlUrl: options.htmlUrl ?? "https://github.com",
    payloads: options.payloads ?? "current",
    deletedAccounts: options.deletedAccounts ?? "null",
    deliveries: [],
    delivering: true,
    salt: options.seed === undefined ? randomUUID() : String(options.seed),
    hashes: 0,
    // GitHub's own are long past 32 bits where it counts reviews and comments; ids of different kinds are told apart at sight.
    nextIds: {
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

export function nextId(world: World, kind: IdKind): number {
  return world.nextIds[kind]++;
}

/** Whole seconds: GitHub shows no more. */
export function stamp(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`;
}

export function timestamp(world: World): string {
  return stamp(world.now());
}

/** A new commit's hash. */
export function newSha(world: World): string {
  return shaOf(`${world.salt}:${world.hashes++}`);
}

/** The same text gives the same hash. */
export function shaOf(text: string): string {
  return createHash("sha1").update(text).digest("hex");
}

/** In the form of a random UUID. */
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
