import { createPrivateKey } from "node:crypto";
import { getPrivateKey } from "@probot/get-private-key";
import { z } from "zod";

/** Everything the environment says, checked. Secrets are in here: never log it. */
export interface Config {
  host: string;
  port: number;
  logLevel: "trace" | "debug" | "info" | "warn" | "error" | "fatal" | "silent";
  app: { id: number; privateKey: string };
  webhookSecret: string;
  /** A smee.io channel that forwards webhooks to a machine without a public address. */
  webhookProxyUrl: string | null;
  githubApiUrl: string;
  githubToken: string | null;
  inngest: InngestConfig;
  database: DatabaseConfig;
  /** Where PGlite keeps the rows, or the embedded engine its queue when the rows are in Supabase. */
  dataDir: string;
  /** The share of an installation's GitHub budget that syncs leave to live captures, 0 to 1. */
  budgetReserve: number;
  jobRetentionDays: number;
  /** How much history an installed repository starts with. */
  backfillDays: number;
  /** Whether uninstalling the App deletes what was captured through it. */
  purgeOnUninstall: boolean;
  /** Told of captures that failed, in Slack's format. Null: nobody is. */
  alertWebhookUrl: string | null;
  /** Opens the queue's HTTP API. Null: it stays closed. */
  adminToken: string | null;
}

export type InngestConfig =
  | { kind: "inngest"; eventKey: string; signingKey: string; baseUrl: string | null }
  | { kind: "dev-server"; baseUrl: string | null }
  | { kind: "embedded" };

export type DatabaseConfig =
  | { kind: "supabase"; url: string; serviceRoleKey: string }
  | { kind: "postgres"; url: string }
  | { kind: "pglite" };

/** The environment cannot be started with. The message names every fault, and no value. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";

  constructor(faults: readonly string[]) {
    super(
      [
        "The environment is not complete:",
        ...faults.map((fault) => `  - ${fault}`),
        "See .env.example.",
      ].join("\n"),
    );
  }
}

export type Environment = Readonly<Record<string, string | undefined>>;

const url = z.url({ protocol: /^https?$/, error: "must be an http or https URL" });
const number = (least: number, most: number) =>
  z.coerce.number({ error: "must be a number" }).int("must be a whole number").min(least).max(most);

const variables = z.object({
  HOST: z.string().default("localhost"),
  PORT: number(0, 65_535).default(3000),
  LOG_LEVEL: z.enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"]).default("info"),
  APP_ID: number(1, Number.MAX_SAFE_INTEGER).optional(),
  PRIVATE_KEY: z.string().optional(),
  PRIVATE_KEY_PATH: z.string().optional(),
  WEBHOOK_SECRET: z.string().optional(),
  WEBHOOK_PROXY_URL: url.optional(),
  GITHUB_TOKEN: z.string().optional(),
  GITHUB_API_URL: url.default("https://api.github.com"),
  INNGEST_DEV: z
    .union([z.enum(["0", "1", "true", "false"]), url], { error: "must be 1, 0 or a URL" })
    .optional(),
  INNGEST_EVENT_KEY: z.string().optional(),
  INNGEST_SIGNING_KEY: z.string().optional(),
  INNGEST_BASE_URL: url.optional(),
  SUPABASE_URL: url.optional(),
  SUPABASE_SERVICE_ROLE_KEY: z.string().optional(),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/, error: "must be a postgres:// URL" }).optional(),
  DATA_DIR: z.string().default(".data"),
  BUDGET_RESERVE: z.coerce.number({ error: "must be a number" }).min(0).max(1).default(0.25),
  JOB_RETENTION_DAYS: number(1, 3650).default(14),
  BACKFILL_DAYS: number(1, 3650).default(90),
  PURGE_ON_UNINSTALL: z.enum(["true", "false"], { error: "must be true or false" }).default("false"),
  ALERT_WEBHOOK_URL: url.optional(),
  ADMIN_TOKEN: z
    .string()
    .min(16, "must have at least 16 characters")
    .regex(/^[!-~]([ -~]*[!-~])?$/, "must be plain ASCII with no space around it: a header carries no other")
    .optional(),
});

type Variables = z.output<typeof variables>;

/** True on a machine where nothing of the App is configured yet: it has to be registered first. */
export function hasNoCredentials(environment: Environment): boolean {
  return !["APP_ID", "PRIVATE_KEY", "PRIVATE_KEY_PATH", "WEBHOOK_SECRET"].some((name) =>
    environment[name]?.trim(),
  );
}

/** Reads the environment. An empty variable counts as missing. Throws a `ConfigError` that names every fault. */
export function parseConfig(environment: Environment): Config {
  const { env, faults } = readVariables(environment);
  const given = (name: keyof Variables) => Boolean(environment[name]?.trim());
  const require = (name: keyof Variables, why: string) => {
    if (!given(name)) faults.push(`${name} is missing: ${why}`);
  };

  require("APP_ID", "it is on the App's settings page.");
  require("WEBHOOK_SECRET", "without it anyone could send webhooks.");
  if (given("INNGEST_EVENT_KEY"))
    require("INNGEST_SIGNING_KEY", "Inngest needs it beside INNGEST_EVENT_KEY.");
  if (given("INNGEST_SIGNING_KEY"))
    require("INNGEST_EVENT_KEY", "Inngest needs it beside INNGEST_SIGNING_KEY.");
  if (given("SUPABASE_URL")) require("SUPABASE_SERVICE_ROLE_KEY", "Supabase needs it beside SUPABASE_URL.");
  if (given("SUPABASE_SERVICE_ROLE_KEY"))
    require("SUPABASE_URL", "Supabase needs it beside SUPABASE_SERVICE_ROLE_KEY.");
  if (given("SUPABASE_URL") && given("DATABASE_URL")) {
    faults.push("SUPABASE_URL and DATABASE_URL are both set: keep the one to be used.");
  }
  const privateKey = readPrivateKey(env, faults);
  if (faults.length > 0 || !env.APP_ID || !privateKey || !env.WEBHOOK_SECRET) throw new ConfigError(faults);

  return {
    host: env.HOST,
    port: env.PORT,
    logLevel: env.LOG_LEVEL,
    app: { id: env.APP_ID, privateKey },
    webhookSecret: env.WEBHOOK_SECRET,
    webhookProxyUrl: env.WEBHOOK_PROXY_URL ?? null,
    githubApiUrl: env.GITHUB_API_URL.replace(/\/+$/, ""),
    githubToken: env.GITHUB_TOKEN ?? null,
    inngest: toInngestConfig(env),
    database: toDatabaseConfig(env),
    dataDir: env.DATA_DIR,
    budgetReserve: env.BUDGET_RESERVE,
    jobRetentionDays: env.JOB_RETENTION_DAYS,
    backfillDays: env.BACKFILL_DAYS,
    purgeOnUninstall: env.PURGE_ON_UNINSTALL === "true",
    alertWebhookUrl: env.ALERT_WEBHOOK_URL ?? null,
    adminToken: env.ADMIN_TOKEN ?? null,
  };
}

/** Each variable by itself: one that is wrong is a fault, and then as good as missing. */
function readVariables(environment: Environment): { env: Variables; faults: string[] } {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value?.trim()));
  const issues = variables.safeParse(given).error?.issues ?? [];
  for (const { path } of issues) delete given[String(path[0])];
  return {
    env: variables.parse(given),
    faults: issues.map(({ path, message }) => `${path.join(".")} ${message}.`),
  };
}

function readPrivateKey(env: Variables, faults: string[]): string | null {
  const variable = env.PRIVATE_KEY ? "PRIVATE_KEY" : "PRIVATE_KEY_PATH";
  if (!env[variable]) {
    faults.push("PRIVATE_KEY or PRIVATE_KEY_PATH is missing: generate a key on the App's settings page.");
    return null;
  }
  try {
    const privateKey = getPrivateKey({ env: { [variable]: env[variable] } });
    if (privateKey) createPrivateKey(privateKey);
    return privateKey;
  } catch {
    faults.push(
      variable === "PRIVATE_KEY"
        ? "PRIVATE_KEY is not a private key in PEM format."
        : "PRIVATE_KEY_PATH does not name a file with a private key in PEM format.",
    );
    return null;
  }
}

function toInngestConfig(env: Variables): InngestConfig {
  const { INNGEST_EVENT_KEY: eventKey, INNGEST_SIGNING_KEY: signingKey, INNGEST_DEV: dev } = env;
  const baseUrl = env.INNGEST_BASE_URL ?? null;
  if (dev === "1" || dev === "true") return { kind: "dev-server", baseUrl };
  if (dev && dev !== "0" && dev !== "false") return { kind: "dev-server", baseUrl: dev };
  return eventKey && signingKey ? { kind: "inngest", eventKey, signingKey, baseUrl } : { kind: "embedded" };
}

function toDatabaseConfig(env: Variables): DatabaseConfig {
  const {
    SUPABASE_URL: supabaseUrl,
    SUPABASE_SERVICE_ROLE_KEY: serviceRoleKey,
    DATABASE_URL: databaseUrl,
  } = env;
  if (supabaseUrl && serviceRoleKey) return { kind: "supabase", url: supabaseUrl, serviceRoleKey };
  return databaseUrl ? { kind: "postgres", url: databaseUrl } : { kind: "pglite" };
}
