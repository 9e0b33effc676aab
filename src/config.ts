import { createPrivateKey } from "node:crypto";
import { getPrivateKey } from "@probot/get-private-key";
import { variables, type Variables } from "./config-variables.ts";
import { SetupError } from "./setup-error.ts";

/** The validated environment. It contains secrets: never log it. */
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
  /** The public origin of `/api/inngest`. Null: the origin of each request. */
  inngestServeOrigin: string | null;
  /** How many steps of one installation run at once on Inngest. */
  inngestConcurrency: number;
  /** Null: events are not encrypted. */
  inngestEncryption: { key: string | null; fallback: string | null } | null;
  database: DatabaseConfig;
  /** The folder of PGlite: for the rows, or, if they are in Supabase, for the queue of the embedded engine. */
  dataDir: string;
  /** The share of an installation's GitHub budget that syncs leave to live captures, 0 to 1. */
  budgetReserve: number;
  jobRetentionDays: number;
  /** How many days of history a newly installed repository gets. */
  backfillDays: number;
  /** True: uninstalling the App deletes everything captured through it. */
  purgeOnUninstall: boolean;
  /** A Slack-compatible webhook for failed captures. Null: no alerts. */
  alertWebhookUrl: string | null;
  /** The token of the HTTP API. Null: only the link in the server's log opens it. */
  adminToken: string | null;
  /** A token that only reads the metrics. */
  metricsToken: string | null;
  /** An OTLP collector for traces. */
  otlpEndpoint: string | null;
}

/** The configuration of a server whose App is not registered yet. */
export type ConfigBeforeSetup = Omit<Config, "app" | "webhookSecret">;

export type InngestConfig =
  | {
      kind: "inngest";
      eventKey: string;
      signingKey: string;
      /** The previous signing key, accepted while keys are rotated. */
      signingKeyFallback?: string;
      baseUrl: string | null;
      /** The branch environment to send to. */
      env?: string;
    }
  | { kind: "dev-server"; baseUrl: string | null }
  | { kind: "embedded" };

export type DatabaseConfig =
  | { kind: "supabase"; url: string; serviceRoleKey: string }
  | { kind: "postgres"; url: string }
  | { kind: "pglite" };

/** The environment is invalid. The message lists every fault, and never a value. */
export class ConfigError extends SetupError {
  override readonly name = "ConfigError";
  /** One sentence for each fault. */
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(
      ["Invalid configuration:", ...faults.map((fault) => `  - ${fault}`), "See .env.example."].join("\n"),
    );
    this.faults = faults;
  }
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** Every variable that the server and the CLI read. */
export const variableNames: readonly string[] = [...Object.keys(variables.shape), "PR_CAPTURE_URL"];

/** True if no credential of the App is set. Then the App has to be registered first. */
export function hasNoCredentials(environment: Environment): boolean {
  return !["APP_ID", "PRIVATE_KEY", "PRIVATE_KEY_PATH", "WEBHOOK_SECRET"].some((name) =>
    environment[name]?.trim(),
  );
}

/** Reads the environment. An empty variable is not set. Throws a `ConfigError` that lists every fault. */
export function parseConfig(environment: Environment): Config {
  const { env, faults } = readVariables(environment);
  if (!isGiven(environment, "APP_ID"))
    faults.push("APP_ID is missing: copy it from the App's settings page.");
  if (!isGiven(environment, "WEBHOOK_SECRET"))
    faults.push("WEBHOOK_SECRET is missing: without it, anyone could send webhooks.");
  faults.push(...findMismatches(environment));
  const privateKey = readPrivateKey(env, faults);
  if (faults.length > 0 || !env.APP_ID || !privateKey || !env.WEBHOOK_SECRET) throw new ConfigError(faults);
  return { ...toConfig(env), app: { id: env.APP_ID, privateKey }, webhookSecret: env.WEBHOOK_SECRET };
}

/** Like `parseConfig`, without the App's credentials. */
export function parseConfigBeforeSetup(environment: Environment): ConfigBeforeSetup {
  const { env, faults } = readVariables(environment);
  faults.push(...findMismatches(environment));
  if (faults.length > 0) throw new ConfigError(faults);
  return toConfig(env);
}

function isGiven(environment: Environment, name: keyof Variables): boolean {
  return Boolean(environment[name]?.trim());
}

/** Faults of variables that need or exclude each other. */
function findMismatches(environment: Environment): string[] {
  const given = (name: keyof Variables) => isGiven(environment, name);
  const faults = pairs
    .filter(([one, other]) => given(one) && !given(other))
    .map(([one, other]) => `${other} is missing: it is required with ${one}.`);
  if (given("SUPABASE_URL") && given("DATABASE_URL"))
    faults.push("SUPABASE_URL and DATABASE_URL are both set: remove one of them.");
  return faults;
}

const pairs = [
  ["INNGEST_EVENT_KEY", "INNGEST_SIGNING_KEY"],
  ["INNGEST_SIGNING_KEY", "INNGEST_EVENT_KEY"],
  ["SUPABASE_URL", "SUPABASE_SERVICE_ROLE_KEY"],
  ["SUPABASE_SERVICE_ROLE_KEY", "SUPABASE_URL"],
] as const;

function toConfig(env: Variables): ConfigBeforeSetup {
  return {
    host: env.HOST,
    port: env.PORT,
    logLevel: env.LOG_LEVEL,
    webhookProxyUrl: env.WEBHOOK_PROXY_URL ?? null,
    githubApiUrl: env.GITHUB_API_URL.replace(/\/+$/, ""),
    githubToken: env.GITHUB_TOKEN ?? null,
    inngest: toInngestConfig(env),
    inngestServeOrigin: env.INNGEST_SERVE_ORIGIN?.replace(/\/+$/, "") ?? null,
    inngestConcurrency: env.INNGEST_CONCURRENCY,
    inngestEncryption: toEncryptionConfig(env),
    database: toDatabaseConfig(env),
    dataDir: env.DATA_DIR,
    budgetReserve: env.BUDGET_RESERVE,
    jobRetentionDays: env.JOB_RETENTION_DAYS,
    backfillDays: env.BACKFILL_DAYS,
    purgeOnUninstall: env.PURGE_ON_UNINSTALL === "true",
    alertWebhookUrl: env.ALERT_WEBHOOK_URL ?? null,
    adminToken: env.ADMIN_TOKEN ?? null,
    metricsToken: env.METRICS_TOKEN ?? null,
    otlpEndpoint: env.OTEL_EXPORTER_OTLP_ENDPOINT ?? null,
  };
}

/** Parses each variable by itself, trimmed. An invalid one becomes a fault, and is left out. */
function readVariables(environment: Environment): { env: Variables; faults: string[] } {
  const trimmed = Object.entries(environment).map(([name, value]) => [name, value?.trim()] as const);
  const given = Object.fromEntries(trimmed.filter(([, value]) => value));
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
  const privateKey = loadPrivateKey(env, variable);
  const type = keyTypeOf(privateKey ?? env.PRIVATE_KEY ?? "");
  if (privateKey && type === "rsa") return privateKey;
  if (type && type !== "rsa") {
    faults.push(
      `${variable} contains a key of type ${type}, but GitHub Apps have RSA keys: generate one on the App's settings page.`,
    );
  } else if (isPublicKey(privateKey ?? env.PRIVATE_KEY ?? "")) {
    faults.push(`${variable} contains a public key: generate a private key on the App's settings page.`);
  } else if (variable === "PRIVATE_KEY") faults.push("PRIVATE_KEY is not a private key in PEM format.");
  else faults.push("PRIVATE_KEY_PATH does not name a file with a private key in PEM format.");
  return null;
}

/** Null if the key cannot be read. */
function loadPrivateKey(env: Variables, variable: "PRIVATE_KEY" | "PRIVATE_KEY_PATH"): string | null {
  try {
    return getPrivateKey({ env: { [variable]: env[variable] } });
  } catch {
    return null;
  }
}

/** `rsa`, `ec`, …; null if the text is not a private key in PEM format. */
function keyTypeOf(text: string): string | null {
  try {
    return createPrivateKey(text.replaceAll("\\n", "\n")).asymmetricKeyType ?? null;
  } catch {
    return null;
  }
}

function isPublicKey(text: string): boolean {
  return /^-----BEGIN (RSA )?PUBLIC KEY-----/.test(text);
}

function toInngestConfig(env: Variables): InngestConfig {
  const { INNGEST_EVENT_KEY: eventKey, INNGEST_SIGNING_KEY: signingKey, INNGEST_DEV: dev } = env;
  const baseUrl = env.INNGEST_BASE_URL ?? null;
  if (dev === "1" || dev === "true") return { kind: "dev-server", baseUrl };
  if (dev && dev !== "0" && dev !== "false") return { kind: "dev-server", baseUrl: dev };
  if (!eventKey || !signingKey) return { kind: "embedded" };
  const { INNGEST_SIGNING_KEY_FALLBACK: signingKeyFallback, INNGEST_ENV: environment } = env;
  return {
    kind: "inngest",
    eventKey,
    signingKey,
    baseUrl,
    ...(signingKeyFallback && { signingKeyFallback }),
    ...(environment && { env: environment }),
  };
}

function toEncryptionConfig(env: Variables): Config["inngestEncryption"] {
  const { INNGEST_ENCRYPTION_KEY: key = null, INNGEST_ENCRYPTION_KEY_FALLBACK: fallback = null } = env;
  return key === null && fallback === null ? null : { key, fallback };
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
